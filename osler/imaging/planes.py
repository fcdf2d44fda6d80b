"""Slices of a volume in an anatomical plane, the way up in which radiologists look at them.

=========  ======================  ==============================================
plane      slices run              each picture
=========  ======================  ==============================================
axial      from feet to head       patient's right on its left, front up
coronal    from back to front      patient's right on its left, head up
sagittal   from right to left      front on its left, head up
=========  ======================  ==============================================

Nothing is interpolated: a volume's own axes are put into another order and turned round. Where they are oblique, each
counts as the anatomical axis that it is nearest to, all three taken together.
"""

from dataclasses import dataclass, replace
from itertools import permutations
from threading import Lock
from typing import Literal, NamedTuple

import numpy as np

from osler.errors import InputError
from osler.values import Volume

__all__ = ["WAYS_UP", "Layout", "Plane", "coarsest_axis", "in_plane", "layout_of", "plane_of", "tilt_degrees"]

Plane = Literal["axial", "coronal", "sagittal"]


class Direction(NamedTuple):
    """Along one of RAS's axes (0 right, 1 front, 2 head), rising or falling."""

    axis: int
    sign: int


RIGHT_TO_LEFT, BACK_TO_FRONT, FEET_TO_HEAD = Direction(0, -1), Direction(1, 1), Direction(2, 1)
FRONT_TO_BACK, HEAD_TO_FEET = Direction(1, -1), Direction(2, -1)

# Where the slices, the rows of a picture (downwards) and its columns (rightwards) run.
DIRECTIONS: dict[Plane, tuple[Direction, Direction, Direction]] = {
    "axial": (FEET_TO_HEAD, FRONT_TO_BACK, RIGHT_TO_LEFT),
    "coronal": (BACK_TO_FRONT, HEAD_TO_FEET, RIGHT_TO_LEFT),
    "sagittal": (RIGHT_TO_LEFT, HEAD_TO_FEET, FRONT_TO_BACK),
}
WAYS_UP: dict[Plane, str] = {
    "axial": "patient's right on the image's left, front up",
    "coronal": "patient's right on the image's left, head up",
    "sagittal": "front on the image's left, head up",
}
PLANE_OF_NORMAL: dict[int, Plane] = {0: "sagittal", 1: "coronal", 2: "axial"}
THICKER = 1.1
"""Slices count as the file's own where they are this much farther apart than pixels; else a volume is isotropic."""
MAX_CUBE_BYTES = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a volume's array axes (0 slices, 1 rows, 2 columns) become those of a plane.

    Attributes:
        plane: the plane.
        axes: the volume's axis for the plane's slices, rows and columns.
        flips: whether each is turned round.
    """

    plane: Plane
    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]


def in_plane(volume: Volume, plane: Plane | None = None) -> Volume:
    """A volume with its slices in a plane, in the order and the way up of the table above.

    Args:
        volume: any volume.
        plane: which; None for that of acquisition. Where the file does not say which that is, the plane of the axis
            along which it is coarsest; axial, where it is about as fine along all (`THICKER`).

    Returns:
        The same numbers. Slices that lie as in the file are read one by one; in another plane the first one asked
        for reads the whole volume into memory.

    Raises:
        InputError: when the first slice of another plane is read, where the volume is too large for that.
    """
    layout = layout_of(volume, plane or plane_of(volume))
    if layout.axes == (0, 1, 2) and not any(layout.flips):
        return volume
    affine = _affine(volume, layout)
    slices, rows, columns = layout.axes
    return replace(
        volume,
        shape=(volume.shape[slices], volume.shape[rows], volume.shape[columns]),
        affine_ras=affine,
        positions_mm=_positions(volume, layout, affine),
        read_slice=_Turned(volume, layout).read if layout.axes[0] == 0 else _Cut(volume, layout).read,
        **_files(volume, layout),
    )


def plane_of(volume: Volume) -> Plane:
    """The plane in which a volume was acquired, or in which to look at one that does not say."""
    axis = 0 if volume.acquired else coarsest_axis(volume)
    return "axial" if axis is None else PLANE_OF_NORMAL[_anatomical(volume.affine_ras)[axis]]


def coarsest_axis(volume: Volume) -> int | None:
    """The array axis (0 slices, 1 rows, 2 columns) with the largest steps; None where it does not stand out."""
    steps = _steps(volume.affine_ras)
    axis = int(steps.argmax())
    return axis if steps[axis] >= THICKER * max(np.delete(steps, axis)) else None


def layout_of(volume: Volume, plane: Plane) -> Layout:
    """Which of a volume's axes run along a plane's slices, rows and columns."""
    anatomical = _anatomical(volume.affine_ras)
    directions = _directions(volume.affine_ras)
    axes = tuple(anatomical.index(wanted.axis) for wanted in DIRECTIONS[plane])
    flips = tuple(
        bool(directions[wanted.axis, axis] * wanted.sign < 0)
        for wanted, axis in zip(DIRECTIONS[plane], axes, strict=True)
    )
    return Layout(plane=plane, axes=(axes[0], axes[1], axes[2]), flips=(flips[0], flips[1], flips[2]))


def tilt_degrees(volume: Volume) -> float:
    """The angle between a volume's slices and the nearest anatomical plane."""
    normal = np.cross(volume.affine_ras[:3, 0], volume.affine_ras[:3, 1])
    return float(np.degrees(np.arccos(min(1.0, np.abs(normal / np.linalg.norm(normal)).max()))))


class _Turned:
    """Slices as they lie in the file, their pictures turned."""

    def __init__(self, volume: Volume, layout: Layout) -> None:
        self._volume = volume
        self._layout = layout

    def read(self, index: int) -> np.ndarray:
        last = self._volume.shape[0] - 1
        picture = self._volume.read_slice(last - index if self._layout.flips[0] else index)
        if self._layout.axes[1] == 2:
            picture = picture.T
        return _finished(picture, self._layout)


class _Cut:
    """Slices across those of the file, cut from the whole volume in memory."""

    def __init__(self, volume: Volume, layout: Layout) -> None:
        self._volume = volume
        self._layout = layout
        self._lock = Lock()
        self._cube: np.ndarray | None = None
        self._kind: np.dtype | None = None

    def read(self, index: int) -> np.ndarray:
        with self._lock:
            if self._cube is None:
                self._cube, self._kind = _whole(self._volume)
        turned = self._cube.transpose(self._layout.axes)
        picture = turned[turned.shape[0] - 1 - index if self._layout.flips[0] else index]
        return _finished(picture.astype(self._kind), self._layout)


def _finished(picture: np.ndarray, layout: Layout) -> np.ndarray:
    """Rows and columns turned round where need be; contiguous and read-only."""
    down, right = (slice(None, None, -1 if flip else 1) for flip in layout.flips[1:])
    finished = np.ascontiguousarray(picture[down, right])
    finished.flags.writeable = False
    return finished


def _whole(volume: Volume) -> tuple[np.ndarray, np.dtype]:
    """All slices, [Z, Y, X] int16 where the numbers fit, int32 or float32; and the slices' own type."""
    first = volume.read_slice(0)
    _check_memory(volume, 4 if first.dtype.kind == "f" else 2)
    cube = np.empty(volume.shape, np.int16 if first.dtype.kind == "i" else first.dtype)
    for index in range(volume.shape[0]):
        picture = volume.read_slice(index)
        if cube.dtype == np.int16 and not _fits_int16(picture):
            _check_memory(volume, 4 + 2)
            cube = cube.astype(np.int32)
        cube[index] = picture
    return cube, first.dtype


def _fits_int16(picture: np.ndarray) -> bool:
    return bool(picture.min() >= -(2**15) and picture.max() < 2**15)


def _check_memory(volume: Volume, bytes_each: int) -> None:
    slices, rows, columns = volume.shape
    needed = slices * rows * columns * bytes_each
    if needed > MAX_CUBE_BYTES:
        raise InputError(
            f"cannot cut `{volume.label}` in another plane: {slices} × {rows} × {columns} values take "
            f"{needed / 2**20:,.0f} MiB, expected at most {MAX_CUBE_BYTES / 2**20:,.0f}",
            hint="leave out --plane, or make the volume smaller",
        )


def _steps(affine_ras: np.ndarray) -> np.ndarray:
    """[3] millimetres between slices, rows and columns."""
    return np.linalg.norm(affine_ras[:3, 2::-1], axis=0)


def _directions(affine_ras: np.ndarray) -> np.ndarray:
    """[3 RAS, 3] the unit direction of each array axis: slices, rows, columns."""
    return affine_ras[:3, 2::-1] / _steps(affine_ras)


def _anatomical(affine_ras: np.ndarray) -> tuple[int, ...]:
    """RAS's axis for each of the array's: of the six ways to pair them, the one with the largest cosines."""
    cosines = np.abs(_directions(affine_ras))
    return max(permutations(range(3)), key=lambda ways: sum(cosines[way, axis] for axis, way in enumerate(ways)))


def _affine(volume: Volume, layout: Layout) -> np.ndarray:
    """Takes (column, row, slice, 1) of the plane's pictures to RAS."""
    affine = np.eye(4)
    affine[:3, 3] = volume.affine_ras[:3, 3]
    for new, (old, flip) in enumerate(zip(layout.axes, layout.flips, strict=True)):
        step = volume.affine_ras[:3, 2 - old]
        affine[:3, 2 - new] = -step if flip else step
        if flip:
            affine[:3, 3] += step * (volume.shape[old] - 1)
    return affine


def _positions(volume: Volume, layout: Layout, affine: np.ndarray) -> np.ndarray:
    """[Z] millimetres along the plane's normal; the volume's own places where its slices stay slices."""
    if layout.axes[0] == 0:
        return -volume.positions_mm[::-1] if layout.flips[0] else volume.positions_mm
    normal = np.cross(affine[:3, 0], affine[:3, 1])
    normal *= np.sign(normal @ affine[:3, 2]) / np.linalg.norm(normal)
    first, step = normal @ affine[:3, 3], normal @ affine[:3, 2]
    return first + step * np.arange(volume.shape[layout.axes[0]])


def _files(volume: Volume, layout: Layout) -> dict:
    """A file a slice only while slices stay slices; across them, each needs all files."""
    if len(volume.files) <= 1:
        return {}
    if layout.axes[0] != 0:
        return {"files": (), "other_files": (*volume.files, *volume.other_files)}
    return {"files": volume.files[::-1]} if layout.flips[0] else {}
