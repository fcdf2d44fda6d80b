"""Whether numbers of unknown origin are Hounsfield units."""

import numpy as np

__all__ = ["looks_like_hounsfield"]

AIR_HU = (-1100, -900)
WATER_HU = (-150, 150)
SHARE = 0.05


def looks_like_hounsfield(values: np.ndarray) -> bool:
    """Whether there is both air and soft tissue where CT has them: a twentieth of the values around each.

    MR and label maps have no values near -1000. Phase images that span -4096 to 4095 do, but spread evenly over twenty
    times the width of either range. A CT cut closely to an organ has no air, and is not recognised.

    Args:
        values: a sample of a volume, any shape, int32 or float32.
    """
    return all(((low <= values) & (values <= high)).mean() >= SHARE for low, high in (AIR_HU, WATER_HU))
