"""What a person may ask of the recipes."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Modality", "Plane", "Recipe", "Sampling", "StudyOptions"]

Modality = Literal["CT", "MR"]
Plane = Literal["axial", "coronal", "sagittal"]
Recipe = Literal["1", "1.5"]
Sampling = Literal["official", "equidistant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyOptions:
    """Choices that would otherwise be made by the recipes, each with its reason in the reply.

    Attributes:
        recipe: the MedGemma version whose recipes are followed; None for the loaded model's, else "1.5".
        series: which series, by its number or the first digits of its name in `osler show --list`; several are
            stacked in that order.
        modality: what a volume is that does not say it itself (NIfTI never does).
        plane: slices in this plane; None for the plane in which they were acquired.
        slices: (first, last) of the slices to choose from, counted from 1 along the plane's normal, both included.
        max_slices: at most so many slices of one study.
        sampling: which slices remain where there are more: the official notebook's formula, or evenly from end to end.
        window: (centre, width) for every channel, instead of the recipe's three CT windows or an MR volume's range.
        instruction: opening words instead of the recipe's; "" for none.
        patches: corners (x, y) of patches in full-size pixels of a slide, instead of patches of tissue.
        magnification: of patches.
        max_patches: at most so many patches of a slide.
        seed: which patches remain where there are more.
        pages: (first, last) page of a document, counted from 1.
        dpi: the resolution in which pages are drawn.
        tiles: (columns, rows): each picture is sent whole and again in so many parts.
        fit: send fewer slices, patches or pages where the context is too small, instead of refusing.
        allow_phi: let a prompt hold names, identifiers or dates of birth.
    """

    recipe: Recipe | None = None
    series: tuple[str, ...] = ()
    modality: Modality | None = None
    plane: Plane | None = None
    slices: tuple[int, int] | None = None
    max_slices: int = 85
    sampling: Sampling = "official"
    window: tuple[float, float] | None = None
    instruction: str | None = None
    patches: tuple[tuple[int, int], ...] = ()
    magnification: float = 10.0
    max_patches: int = 125
    seed: int = 0
    pages: tuple[int, int] | None = None
    dpi: float = 150.0
    tiles: tuple[int, int] | None = None
    fit: bool = False
    allow_phi: bool = False
