"""Volumes in memory, and the ways in which they may lie in space."""

from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np

from osler.values import Volume

__all__ = ["affine_of", "all_orientations", "make_volume"]

STEPS_MM = (0.8, 0.8, 2.5)


def make_volume(values: np.ndarray, affine_ras: np.ndarray | None = None, **fields: Any) -> Volume:
    """A volume of [Z, Y, X] int32 or float32 in memory; every slice that is read is noted in `volume.read_slice.read`.

    Args:
        values: the slices, ascending along the affine's third axis.
        affine_ras: 0.8 × 0.8 × 2.5 mm, axial, as a scanner lays it (columns to the left, rows to the back), if None.
        fields: further fields of `Volume`.
    """
    affine = affine_of("LPS") if affine_ras is None else affine_ras
    step = float(np.linalg.norm(affine[:3, 2]))
    defaults: dict[str, Any] = {
        "modality": "MR",
        "shape": values.shape,
        "affine_ras": affine,
        "positions_mm": step * np.arange(values.shape[0]),
        "read_slice": Recorded(values),
        "files": (Path("volume.nii"),),
        "label": "volume",
    }
    return Volume(**(defaults | fields))


class Recorded:
    """Slices of an array, and which of them were asked for."""

    def __init__(self, values: np.ndarray) -> None:
        self.read: list[int] = []
        self._values = values.view()
        self._values.flags.writeable = False

    def __call__(self, index: int) -> np.ndarray:
        self.read.append(index)
        return self._values[index]


def affine_of(letters: str, steps_mm: tuple[float, float, float] = STEPS_MM, origin: float = -20.0) -> np.ndarray:
    """The affine of a volume whose columns, rows and slices rise towards, say, "LPS" (left, posterior, superior)."""
    affine = np.eye(4)
    affine[:3, :3] = 0
    for axis, letter in enumerate(letters):
        row, sign = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}[letter]
        affine[row, axis] = sign * steps_mm[axis]
    affine[:3, 3] = (origin, 2 * origin, 3 * origin)
    return affine


def all_orientations() -> list[str]:
    """The 48 ways to lay three axes along a body's: "RAS", "LAS", …"""
    return ["".join(letters) for pairs in permutations(("RL", "AP", "SI")) for letters in product(*pairs)]
