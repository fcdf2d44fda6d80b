"""Which weights a model was made of."""

from dataclasses import dataclass
from pathlib import Path

from osler.tasks.study_options import Recipe

__all__ = ["Identity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which weights a model was made of.

    Attributes:
        path: the file or folder.
        description: what it is, for people.
        weights_id: the checkpoint's digest, with the adapter's behind a plus.
        precision: "bf16" or "f32".
        vision_note: why it cannot read images, or "".
        recipe: the MedGemma generation whose recipes it follows, None where the weights do not tell.
        is_demonstration: whether it is osler-nano, whose answers are of no medical use.
        adapter: the name of the adapter that it answers with, None where it answers without.
    """

    path: Path
    description: str
    weights_id: str
    precision: str
    vision_note: str = ""
    recipe: Recipe | None = None
    is_demonstration: bool = False
    adapter: str | None = None
