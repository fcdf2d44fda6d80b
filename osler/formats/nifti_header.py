"""What a NIfTI header says, read by nibabel and checked before memory is taken."""

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header

from osler.errors import InputError
from osler.formats.files import check_file
from osler.formats.grid import MAX_VOLUME_BYTES, NOT_PLACED, check_grid, is_placed, readable
from osler.formats.quiet import silenced

__all__ = ["NiftiHead", "is_compressed", "read_head"]

GZIP = b"\x1f\x8b"
HEADERS: dict[int, tuple[type[Nifti1Header], int]] = {348: (Nifti1Header, 352), 540: (Nifti2Header, 544)}
"""By the size that a header states first: its class, and where the values of a single file begin at the earliest."""
MAX_OFFSET = 2**26


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NiftiHead:
    """What a header says, checked.

    Attributes:
        shape: (Z, Y, X).
        num_volumes: how many volumes follow one another (over time, directions, echoes, components).
        values: the file with the values, from `offset` on.
    """

    shape: tuple[int, int, int]
    num_volumes: int
    kind: np.dtype
    slope: float
    intercept: float
    affine_ras: np.ndarray
    acquired: bool
    values: Path
    offset: int
    notes: tuple[str, ...]


def read_head(path: Path) -> NiftiHead:
    """The checked header.

    Raises:
        InputError: no NIfTI header, or one that is damaged or not read.
    """
    start, compressed = _start(path)
    sizes = (int.from_bytes(start[:4], "little"), int.from_bytes(start[:4], "big"))
    size = next((size for size in sizes if size in HEADERS), 0)
    if not size or len(start) < size:
        raise InputError(f"cannot read `{path}`: expected a NIfTI header of 348 or 540 bytes, got none that is whole")
    with silenced("nibabel.global"), np.errstate(all="ignore"):
        try:
            return _checked(path, HEADERS[size][0](start[:size]), HEADERS[size][1], compressed)
        except InputError:
            raise
        except Exception as error:  # nibabel meets damaged headers with nearly anything
            raise InputError(
                f"cannot read `{path}`: its NIfTI header is damaged or of a variant that is not read "
                f"({type(error).__name__})",
                hint="copy or convert it again",
            ) from None


def _start(path: Path) -> tuple[bytes, bool]:
    """The first bytes of what the file holds, and whether they were compressed."""
    try:
        with path.open("rb") as stream:
            if stream.read(2) != GZIP:
                stream.seek(0)
                return stream.read(544), False
            stream.seek(0)
            with gzip.GzipFile(fileobj=stream) as unpacked:
                return unpacked.read(544), True
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"cannot read `{path}`: its compressed data is damaged or cut off ({type(error).__name__})",
            hint="copy or download it again",
        ) from None


def _checked(path: Path, header: Nifti1Header, earliest: int, compressed: bool) -> NiftiHead:
    whole = tuple(int(side) for side in header.get_data_shape())
    columns, rows, slices, *others = (*whole, 1, 1, 1)[: max(3, len(whole))]
    shape = (slices, rows, columns)
    check_grid(str(path), shape)
    kind = header.get_data_dtype()
    readable(str(path), kind)
    slope, intercept = header.get_slope_inter()
    values, offset = _place_of_values(path, header, earliest)
    _check_values(path, values, offset, prod(shape) * kind.itemsize, compressed or is_compressed(values))
    affine, notes = _affine(header)
    num_volumes = prod(others)
    if num_volumes < 1:
        raise InputError(f"cannot read `{path}`: expected at least 1 value along each axis, got {whole}")
    return NiftiHead(
        shape=shape,
        num_volumes=num_volumes,
        kind=kind,
        slope=1.0 if slope is None else slope,
        intercept=intercept or 0.0,
        affine_ras=affine,
        acquired=header.get_dim_info()[2] == 2,
        values=values,
        offset=offset,
        notes=(*_of_several(num_volumes), *notes),
    )


def _of_several(num_volumes: int) -> tuple[str, ...]:
    return (f"the file holds {num_volumes} volumes: the first is taken",) if num_volumes > 1 else ()


def _place_of_values(path: Path, header: Nifti1Header, earliest: int) -> tuple[Path, int]:
    """The file with the values, and where in it they begin.

    Raises:
        InputError: the header belongs to a file of values that is not there, or begins them at an impossible place.
    """
    offset = int(header["vox_offset"].item())
    if not 0 <= offset <= MAX_OFFSET:
        raise InputError(f"cannot read `{path}`: expected its values to begin within {MAX_OFFSET:,} bytes")
    if header["magic"].item().rstrip(b"\0").startswith((b"n+1", b"n+2")):
        return path, max(offset, earliest)
    names = [path.name.removesuffix(".gz").removesuffix(".hdr") + end for end in (".img", ".img.gz")]
    for name in names:
        beside = path.with_name(name)
        if beside.is_file() and beside != path:
            return check_file(beside), offset
    raise InputError(
        f"cannot read `{path}`: it is a NIfTI header, whose values belong in `{names[0]}` beside it",
        hint="copy both files into one folder",
    )


def is_compressed(path: Path) -> bool:
    """Whether a file begins as gzip does."""
    with path.open("rb") as stream:
        return stream.read(2) == GZIP


def _check_values(path: Path, values: Path, offset: int, num_bytes: int, compressed: bool) -> None:
    """Whether the file can hold the first volume; of a compressed one, whether memory may."""
    if compressed and num_bytes > MAX_VOLUME_BYTES:
        raise InputError(
            f"cannot read `{path}`: its values take {num_bytes:,} bytes, expected at most {MAX_VOLUME_BYTES:,} in a "
            "compressed file",
            hint="unpack it: a .nii file is read slice by slice",
        )
    held = values.stat().st_size
    if not compressed and held < offset + num_bytes:
        raise InputError(
            f"cannot read `{path}`: it is cut off: expected {offset + num_bytes:,} bytes, got {held:,}",
            hint="copy or download it again",
        )


def _affine(header: Nifti1Header) -> tuple[np.ndarray, tuple[str, ...]]:
    """The best of the header's three ways to say where it lies; those that cannot be are passed over.

    Source: nifti1.h, methods 3 (sform), 2 (qform) and 1; nibabel's get_best_affine.
    """
    ways: list[Callable[[], np.ndarray]] = []
    if header["sform_code"] != 0:
        ways.append(header.get_sform)
    if header["qform_code"] != 0:
        ways.append(header.get_qform)
    for passed_over, way in enumerate(ways):
        affine = _attempt(way)
        if affine is not None:
            return affine, ("its sform cannot be: its qform is used",) if passed_over else ()
    assumed = _attempt(header.get_base_affine)
    return (np.diag([-1.0, 1.0, 1.0, 1.0]) if assumed is None else assumed), (NOT_PLACED,)


def _attempt(way: Callable[[], np.ndarray]) -> np.ndarray | None:
    try:
        affine = np.asarray(way(), dtype=np.float64)
    except Exception:  # a damaged quaternion raises nearly anything; there are other ways
        return None
    return affine if is_placed(affine) else None
