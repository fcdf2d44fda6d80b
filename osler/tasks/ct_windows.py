"""The Hounsfield windows through which each MedGemma version was shown CT."""

from osler.errors import InputError
from osler.tasks.study_options import Recipe

__all__ = ["CT_WINDOWS_HU", "limits_of", "words_of"]

Limits = tuple[float, float]

CT_WINDOWS_HU: dict[Recipe, tuple[Limits, Limits, Limits]] = {
    "1.5": ((-1024, 1024), (-135, 215), (0, 80)),
    "1": ((-1225, 1025), (-135, 215), (0, 80)),
}
"""(low, high) of red, green and blue.

1.5: official notebooks and technical report; the container's green one, 135 to 215, lost a sign (reference/medgemma.md
1a, 1c). 1: width 2250 at -100, 350 at 40, 80 at 40 (technical report of MedGemma 1, 2.1.2; 1b).
"""


def limits_of(window: tuple[float, float]) -> Limits:
    """From (centre, width) to (low, high).

    >>> limits_of((40, 400))
    (-160.0, 240.0)

    Raises:
        InputError: a width below 1.
    """
    centre, width = window
    if not width >= 1:
        raise InputError(f"cannot apply the window {centre:g},{width:g}: expected a width of at least 1")
    return centre - width / 2, centre + width / 2


def words_of(limits: tuple[Limits, ...]) -> str:
    """Windows for people.

    >>> words_of(CT_WINDOWS_HU["1.5"])
    '-1024 to 1024 red, -135 to 215 green, 0 to 80 blue'
    """
    if len(limits) == 1:
        return f"{limits[0][0]:.10g} to {limits[0][1]:.10g}"
    colours = ("red", "green", "blue")
    return ", ".join(f"{low:.10g} to {high:.10g} {colour}" for (low, high), colour in zip(limits, colours, strict=True))
