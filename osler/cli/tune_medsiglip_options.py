"""The options of `osler tune-medsiglip`, and what the library is given of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from osler.cli.classify import read_texts
from osler.cli.options import option
from osler.cli.study import StudyChoices

if TYPE_CHECKING:
    from osler.adapt.medsiglip.network import Scope
    from osler.adapt.medsiglip.read import Wanted
    from osler.adapt.medsiglip.tuning import Tuning

__all__ = [
    "DATA",
    "TRAINING",
    "WHAT",
    "BaseOptions",
    "CurveChoices",
    "DataPath",
    "Json",
    "Out",
    "RowOptions",
    "Several",
    "TextOptions",
    "TrainingOptions",
    "scope_of",
    "tuning_of",
    "wanted_of",
    "whole_numbers",
]

DATA, TRAINING, WHAT, MACHINE, MODEL = "Data", "Training", "What is trained", "Machine", "MedSigLIP"


DataPath = Annotated[
    Path,
    typer.Argument(
        metavar="DATA", help="A table of files (.csv, .jsonl, …), or a folder with a folder of files for each label."
    ),
]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where everything goes; a run goes on there.")]
Several = Annotated[
    bool, option("Several labels may hold of one picture, or none: `Effusion|Mass` in a table.", DATA, "--several")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOptions:
    """How rows are read."""

    patients: Annotated[
        str | None,
        option(
            "Whose a file is, where no column says it: folder, file, a regular expression for the path with one group, "
            "or a .csv with file and patient.",
            DATA,
            metavar="HOW",
        ),
    ] = None
    test: Annotated[float, option("Share of patients kept for the end.", DATA, min=0.0, max=0.9)] = 0.1
    group_duplicates: Annotated[
        bool,
        option("Put pictures that look the same into one part, instead of refusing them.", DATA, "--group-duplicates"),
    ] = False
    allow_duplicates: Annotated[
        bool, option("Do not look for pictures that look the same.", DATA, "--allow-duplicates")
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOptions:
    """Texts for labels."""

    texts: Annotated[
        Path | None, option('JSON: {"label": ["text", …]}, for labels without texts.', DATA, metavar="FILE")
    ] = None
    template: Annotated[
        list[str] | None,
        option("A text in which {} is the label (may be repeated).", DATA, metavar="'a photo of {}'"),
    ] = None

    def texts_by_label(self) -> dict[str, Any] | None:
        """Texts, where a file with them was named."""
        return read_texts(self.texts) if self.texts else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """The numbers of a training, and where it computes."""

    validation: Annotated[float, option("Share of patients watched meanwhile.", DATA, min=0.0, max=0.9)] = 0.1
    check: Annotated[bool, option("Look at all of the data, and train nothing.", DATA, "--check")] = False
    epochs: Annotated[
        float | None, option("How often each picture is looked at (2; classifier 3).", TRAINING, min=0.001)
    ] = None
    learning_rate: Annotated[float | None, option("The highest (1e-4; classifier 5e-5).", TRAINING)] = None
    batch: Annotated[int, option("Pictures at once (8).", TRAINING, min=1)] = 8
    accumulate: Annotated[int, option("Batches a step (8).", TRAINING, min=1)] = 8
    weight_decay: Annotated[float, option("Of matrices (0.01).", TRAINING, min=0.0)] = 0.01
    warmup: Annotated[int, option("Steps until the highest learning rate (5).", TRAINING, min=0)] = 5
    evaluations: Annotated[int, option("Looks at the validation part (10).", TRAINING, min=0)] = 10
    patience: Annotated[int, option("Stop after so many looks without a lower loss (0: never).", TRAINING, min=0)] = 0
    seed: Annotated[int, option("Of all that is drawn (7).", TRAINING)] = 7
    layers: Annotated[
        int | None, option("Train only so many layers from the end, and what is behind them.", WHAT, min=0)
    ] = None
    lora: Annotated[
        int, option("Train low-rank terms of this rank instead; they are added in at the end.", WHAT, min=0)
    ] = 0
    device: Annotated[str | None, option("cpu or cuda (default: a GPU where there is one).", MACHINE)] = None
    numbers: Annotated[
        Literal["auto", "bf16", "f32"], option("What is multiplied (default: as the machine can).", MACHINE)
    ] = "auto"
    recompute: Annotated[
        bool | None,
        option("Compute layers twice to save memory (default: where need be).", MACHINE, "--recompute/--no-recompute"),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseOptions:
    """Which MedSigLIP, and how pictures reach it."""

    model: Annotated[
        str | None,
        option("Its folder (else as for `osler classify`).", MODEL, "--model", "-m", metavar="PATH"),
    ] = None
    resizing: Annotated[
        Literal["training", "averaging"], option("As for `osler classify`; ask the tuned model alike.", MODEL)
    ] = "training"
    no_pad: Annotated[bool, option("Stretch pictures to a square instead of padding them.", MODEL, "--no-pad")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveChoices:
    """Which points a curve has."""

    test: Annotated[float, option("Share of patients that is only measured on (0.3).", DATA, min=0.01, max=0.99)] = 0.3
    sizes: Annotated[
        str, option("Labelled pictures of each label (default: 1, 2, 4, … all).", TRAINING, metavar="1,10,100")
    ] = ""
    seeds: Annotated[int, option("How many draws of examples (5).", TRAINING, min=1)] = 5
    learner: Annotated[list[str] | None, option("logistic, mlp (default: both; may be repeated).", TRAINING)] = None


def whole_numbers(text: str) -> tuple[int, ...]:
    """Numbers parted by commas; anything else is a wrong use."""
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise typer.BadParameter("expected whole numbers, parted by commas", param_hint="--sizes") from None


def wanted_of(
    rows: RowOptions, texts: TextOptions | None, *, labels: bool = False, are_several: bool = False
) -> "Wanted":
    """How rows are read."""
    from osler.adapt.medsiglip.read import Wanted

    return Wanted(
        patients=rows.patients,
        texts=texts.texts_by_label() if texts else None,
        templates=tuple((texts.template if texts else None) or ("{}",)),
        labels=labels,
        are_several=are_several,
    )


def scope_of(training: TrainingOptions, *, words: bool, scales: bool) -> "Scope":
    """What of the network is trained."""
    from osler.adapt.medsiglip.network import Scope

    return Scope(words=words, layers=training.layers, lora=training.lora, scales=scales)


def tuning_of(
    data: Path,
    out: Path,
    wanted: "Wanted",
    scope: "Scope",
    rows: RowOptions,
    training: TrainingOptions,
    base: BaseOptions,
    study: StudyChoices,
    *,
    epochs: float,
    rate: float,
) -> "Tuning":
    """All that was chosen; epochs and rate stand where the person gave none."""
    from osler.adapt.medsiglip.tuning import Tuning
    from osler.tasks.medsiglip import medsiglip_folder

    return Tuning(
        data=data,
        model=medsiglip_folder(base.model),
        out=out,
        wanted=wanted,
        scope=scope,
        learning_rate=training.learning_rate if training.learning_rate is not None else rate,
        warmup=training.warmup,
        epochs=training.epochs if training.epochs is not None else epochs,
        batch=training.batch,
        parts=training.accumulate,
        decay=training.weight_decay,
        held_out=(training.validation, rows.test),
        evaluations=training.evaluations,
        patience=training.patience,
        seed=training.seed,
        device=training.device,
        precision=training.numbers,
        saves_memory=training.recompute,
        resizing=base.resizing,
        pad=not base.no_pad,
        study=study.options(),
        duplicates="allow" if rows.allow_duplicates else "group" if rows.group_duplicates else "refuse",
    )
