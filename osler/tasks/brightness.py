"""Which numbers of a volume are shown dark and which bright: the choice for each modality.

=====================================  ==================================================================
CT                                     three windows as red, green and blue, by MedGemma's version
MR, PET and any other                  lowest to highest value of the whole volume over 0..255
no modality told, like Hounsfield      as CT, and said so
no modality told, else                 as MR, and said so
`--window`                             that window over 0..255, for every modality
=====================================  ==================================================================

Sources: the official notebooks and technical report for CT and MR; the report of MedGemma 1 for its red window;
reference/medgemma.md 1a, 1b, 14.
"""

import math
from dataclasses import dataclass

import numpy as np

from osler.errors import InputError
from osler.imaging.hounsfield import looks_like_hounsfield
from osler.imaging.levels import colours
from osler.imaging.rescale import stretch_slice
from osler.imaging.sample import equidistant
from osler.tasks.ct_windows import CT_WINDOWS_HU, limits_of, words_of
from osler.tasks.study_options import Recipe, StudyOptions
from osler.values import Volume

__all__ = ["Brightness", "brightness_of"]

Range = tuple[float, float]

LOOKED_AT_SLICES = 16
LOOKED_AT_STEP = 4
LOOKS_LIKE_CT = "the file does not say its modality: its values look like Hounsfield units, so CT windows are used"
LOOKS_LIKE_NONE = "the file does not say its modality: lowest to highest value is shown, as for MR"
SAY_OTHERWISE = " (--modality says otherwise)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brightness:
    """How a volume's values become levels.

    Attributes:
        modality: what the volume was taken for, "" where it was taken for nothing.
        windows: (low, high): one for grey, or three for red, green and blue.
        whole_volume: whether every slice was read to choose them.
        step: what is done, in words.
        notes: what a person should know.
    """

    modality: str
    windows: tuple[Range, ...]
    whole_volume: bool = False
    step: str
    notes: tuple[str, ...] = ()

    def develop(self, values: np.ndarray) -> np.ndarray:
        """[Y, X] int32 or float32 -> [Y, X, 3] uint8."""
        if not self.whole_volume:
            return colours(values, self.windows)
        low, high = self.windows[0]
        finite = values if values.dtype.kind == "i" else np.nan_to_num(values, nan=low, posinf=high, neginf=low)
        return np.repeat(stretch_slice(finite, low, high)[:, :, None], 3, axis=2)


def brightness_of(volume: Volume, options: StudyOptions, recipe: Recipe) -> Brightness:
    """Choose for a volume; reads slices where the choice rests on values.

    Raises:
        InputError: a slice cannot be read, or none holds a finite value.
    """
    modality: str = options.modality or volume.modality
    notes: tuple[str, ...] = ()
    if options.window is not None:
        return _asked_for(options.window, modality)
    if not modality:
        modality = "CT" if looks_like_hounsfield(_sample(volume)) else ""
        notes = ((LOOKS_LIKE_CT if modality else LOOKS_LIKE_NONE) + SAY_OTHERWISE,)
    if modality == "CT":
        windows = CT_WINDOWS_HU[recipe]
        return Brightness(
            modality=modality, windows=windows, step=f"CT windows in HU: {words_of(windows)}", notes=notes
        )
    return _whole_range(volume, modality, notes)


def _asked_for(window: tuple[float, float], modality: str) -> Brightness:
    windows = (limits_of(window),)
    step = f"window {words_of(windows)} over 0 to 255, as asked for"
    return Brightness(modality=modality, windows=windows, step=step)


def _whole_range(volume: Volume, modality: str, notes: tuple[str, ...]) -> Brightness:
    low, high, num_missing = _extent(volume)
    if low > high:
        raise InputError(f"cannot show `{volume.label}`: none of its values is a finite number")
    missing = (f"{num_missing:,} values that are not finite numbers are shown black",) if num_missing else ()
    name = f"{modality}: " if modality else ""
    return Brightness(
        modality=modality,
        windows=((low, high),),
        whole_volume=True,
        step=f"{name}lowest {low:.10g} to highest {high:.10g} of the whole volume over 0 to 255",
        notes=(*notes, *missing),
    )


def _extent(volume: Volume) -> tuple[float, float, int]:
    """Lowest and highest finite value, and how many are not finite; lowest above highest where all are not."""
    low, high, num_missing = math.inf, -math.inf, 0
    for index in range(volume.shape[0]):
        values = volume.read_slice(index)
        if values.dtype.kind == "f":
            finite = values[np.isfinite(values)]
            num_missing += values.size - finite.size
            values = finite
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    return low, high, num_missing


def _sample(volume: Volume) -> np.ndarray:
    """Some values from all over a volume."""
    looked_at = equidistant(volume.shape[0], LOOKED_AT_SLICES)
    return np.stack([volume.read_slice(index)[::LOOKED_AT_STEP, ::LOOKED_AT_STEP] for index in looked_at])
