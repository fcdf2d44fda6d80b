"""What readers of volumes have in common: limits, numbers, and slices in ascending order."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from osler.errors import InputError
from osler.formats.files import check_size

__all__ = ["MAX_VOLUME_BYTES", "NOT_PLACED", "Grid", "check_grid", "is_placed", "readable", "to_values"]

MAX_VOLUME_BYTES = 3 * 2**29
"""The most that is taken for a volume that cannot be read slice by slice."""
MAX_SLICES = 65_535
NOT_PLACED = "the file does not say how it lies in the patient: left and right are assumed"
MAX_MM = 1e6
INT32 = np.iinfo(np.int32)
BRIGHTNESS = (("R", 299), ("G", 587), ("B", 114))  # thousandths, ITU-R BT.601


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Where a volume's slices lie, ascending: from feet to head, back to front or right to left.

    Attributes:
        shape: (Z, Y, X).
        affine_ras: [4, 4], as in `Volume`.
        positions_mm: [Z], as in `Volume`.
        is_reversed: whether the file has the slices the other way round.
    """

    shape: tuple[int, int, int]
    affine_ras: np.ndarray
    positions_mm: np.ndarray
    is_reversed: bool

    @classmethod
    def ascending(cls, shape: tuple[int, int, int], affine_ras: np.ndarray) -> "Grid":
        """Put the slices of a file's grid into ascending order."""
        affine = np.array(affine_ras, dtype=np.float64)
        normal = np.cross(affine[:3, 0], affine[:3, 1])
        normal /= np.linalg.norm(normal)
        nearest = int(np.abs(normal).argmax())
        if (normal[nearest] > 0) == (nearest == 0):  # slices go to the patient's left, and RAS rises to the right
            normal = -normal
        is_reversed = bool(affine[:3, 2] @ normal < 0)
        if is_reversed:
            affine[:3, 3] += affine[:3, 2] * (shape[0] - 1)
            affine[:3, 2] *= -1
        positions = normal @ affine[:3, 3] + normal @ affine[:3, 2] * np.arange(shape[0])
        return cls(shape=shape, affine_ras=affine, positions_mm=positions, is_reversed=is_reversed)

    def in_file(self, index: int) -> int:
        """The file's own index of a slice.

        Raises:
            IndexError: there is no such slice.
        """
        if not 0 <= index < self.shape[0]:
            raise IndexError(f"slice {index} of {self.shape[0]}")
        return self.shape[0] - 1 - index if self.is_reversed else index


def check_grid(shown: str, shape: tuple[int, int, int]) -> None:
    """Refuse sizes from the header alone, before memory is taken.

    Raises:
        InputError: no slice, too many, or slices too large.
    """
    check_size(shown, shape[2], shape[1])
    if not 1 <= shape[0] <= MAX_SLICES:
        raise InputError(f"cannot read `{shown}`: expected 1 to {MAX_SLICES:,} slices, got {shape[0]:,}")


def is_placed(affine: np.ndarray) -> bool:
    """Whether an affine takes a grid to places in a body: finite, and with three axes of their own."""
    steps = affine[:3, :3]
    if not np.isfinite(affine).all() or np.abs(affine).max() > MAX_MM:
        return False
    lengths = np.linalg.norm(steps, axis=0)
    return bool((lengths > 1e-6).all() and abs(np.linalg.det(steps / lengths)) > 1e-3)


def readable(shown: str, kind: np.dtype) -> None:
    """Refuse kinds of numbers that have no single value a pixel.

    Raises:
        InputError: complex numbers, bits, or unknown ones.
    """
    if kind.kind in "iuf" or (kind.names is not None and {"R", "G", "B"} <= set(kind.names)):
        return
    name = "complex numbers" if kind.kind == "c" else kind.name
    raise InputError(
        f"cannot read `{shown}`: expected whole numbers, real numbers or colours, got {name}",
        hint="save the magnitude as a volume of its own" if kind.kind == "c" else None,
    )


def to_values(kind: np.dtype, slope: float = 1.0, intercept: float = 0.0) -> Callable[[np.ndarray], np.ndarray]:
    """What turns stored numbers into values: × slope + intercept; of colours, their brightness.

    Args:
        kind: the stored type, accepted by `readable`.

    Returns:
        A function of stored [Y, X] that gives a read-only copy: int32 where every result is a whole number that fits,
        else float32.
    """
    if kind.names is not None:
        return lambda stored: _frozen(np.rint(sum(stored[name] * (part / 1000) for name, part in BRIGHTNESS)), np.int32)
    result = np.int32 if _stays_whole(kind, slope, intercept) else np.float32
    if (slope, intercept) == (1.0, 0.0):
        return lambda stored: _frozen(stored, result)
    return lambda stored: _frozen(stored.astype(np.float64) * slope + intercept, result)


def _stays_whole(kind: np.dtype, slope: float, intercept: float) -> bool:
    if kind.kind not in "iu" or not (slope.is_integer() and intercept.is_integer()):
        return False
    limits = np.iinfo(kind)
    ends = [int(limit) * int(slope) + int(intercept) for limit in (limits.min, limits.max)]
    return INT32.min <= min(ends) and max(ends) <= INT32.max


def _frozen(values: np.ndarray, kind: type) -> np.ndarray:
    with np.errstate(all="ignore"):  # what is too large for float32 becomes infinite, and is told where it matters
        copy: np.ndarray = np.array(values, dtype=kind, order="C")
    copy.flags.writeable = False
    return copy
