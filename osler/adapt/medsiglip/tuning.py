"""What a person chooses of a training of MedSigLIP."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from osler.adapt.medsiglip.network import Scope
from osler.adapt.medsiglip.parts import Duplicates
from osler.adapt.medsiglip.read import Wanted
from osler.adapt.training.precision import Wanted as WantedPrecision
from osler.errors import OptionError
from osler.tasks.medsiglip import FITS, Resizing
from osler.tasks.study_options import StudyOptions

__all__ = ["ClassifierTuning", "ContrastiveTuning", "Tuning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What both ways share. The usual values are those of MedSigLIP's notebooks (reference/medgemma.md 7d).

    Attributes:
        data: a table or a folder of classes (`osler.adapt.medsiglip.read`).
        model: MedSigLIP's folder.
        out: where the tuned model goes; `training` below it holds checkpoints, losses and the report.
        wanted: how rows are read.
        scope: what of the network is trained.
        learning_rate, warmup: the highest, reached after so many steps; then half a cosine down to 0.
        epochs: how often each picture is looked at.
        batch: pictures of a part.
        parts: of a step; their gradients are added up.
        decay: of matrices.
        held_out: shares of validation and test, where the data do not say.
        evaluations: how often the validation part is looked at, evenly over the training.
        patience: stop after so many of them in a row without a lower loss; 0 for never.
        seed: of all that is drawn.
        device, precision: as `osler.adapt.training.precision` takes them.
        saves_memory: compute layers twice (gradient checkpointing); None for where it would not fit otherwise.
        resizing, pad: as `osler.load_medsiglip` takes them; what the tuned model is asked with should be the same.
        study: what is chosen of volumes, slides and documents; None leaves it to the recipes.
        duplicates: what is done with pictures of different parts that look the same: "refuse", "group" (they are put
            into one part) or "allow".
    """

    data: Path
    model: Path
    out: Path
    wanted: Wanted
    scope: Scope = field(default_factory=Scope)
    learning_rate: float = 1e-4
    warmup: int = 5
    epochs: float = 2.0
    batch: int = 8
    parts: int = 8
    decay: float = 0.01
    held_out: tuple[float, float] = (0.1, 0.1)
    evaluations: int = 10
    patience: int = 0
    seed: int = 7
    device: str | None = None
    precision: WantedPrecision = "auto"
    saves_memory: bool | None = None
    resizing: Resizing = "training"
    pad: bool = True
    study: StudyOptions | None = None
    duplicates: Duplicates = "refuse"

    def __post_init__(self) -> None:
        for name, least in (("batch", 1), ("parts", 1), ("evaluations", 0), ("patience", 0), ("warmup", 0)):
            self._refuse(name, getattr(self, name) < least, f"a whole number from {least}")
        for name in ("learning_rate", "epochs"):
            self._refuse(name, not getattr(self, name) > 0, "a number above 0")
        shares = self.held_out
        self._refuse("held_out", not (min(shares) >= 0 and sum(shares) < 1), "two shares that leave something to learn")
        self._refuse("resizing", self.resizing not in FITS, f"one of {', '.join(FITS)}")

    def _refuse(self, name: str, is_wrong: bool, expected: str) -> None:
        if is_wrong:
            raise OptionError(
                f"cannot tune: {name} is {getattr(self, name)}, expected {expected}", name=name, expected=expected
            )

    def decisive(self) -> dict[str, Any]:
        """What decides the result, besides data and model; plain values."""
        names = ("learning_rate", "warmup", "epochs", "batch", "parts", "decay", "held_out", "evaluations", "patience")
        values = {name: getattr(self, name) for name in (*names, "seed", "resizing", "pad")}
        return {**values, "held_out": list(self.held_out), "scope": asdict(self.scope)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastiveTuning:
    """Both towers on pictures and texts.

    Attributes:
        whole_step: contrast all of a step's pictures and texts, instead of those of one part.
    """

    common: Tuning
    whole_step: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierTuning:
    """The tower of pictures, and a head for labels.

    Attributes:
        weighted: whether rare labels count more.
        head_only: leave the tower as it is.
    """

    common: Tuning
    weighted: bool = True
    head_only: bool = False
