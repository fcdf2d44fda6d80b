"""Synthetic NRRD and MetaImage files, written without ITK."""

import gzip
import zlib
from pathlib import Path

import numpy as np

__all__ = ["make_metaimage", "make_nrrd"]

NRRD_TYPES = {"uint8": "uchar", "int16": "short", "uint16": "ushort", "int32": "int", "float32": "float"}
MET_TYPES = {"uint8": "UCHAR", "int16": "SHORT", "uint16": "USHORT", "int32": "INT", "float32": "FLOAT"}
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def make_nrrd(
    path: Path,
    values: np.ndarray,
    affine_ras: np.ndarray | None,
    *,
    compressed: bool = False,
    beside: str = "",
) -> Path:
    """Write an NRRD file.

    Args:
        path: where to write it, whatever its name.
        values: [Z, Y, X].
        affine_ras: from (column, row, slice, 1) to millimetres; None to leave it unsaid.
        compressed: with gzip.
        beside: the name of a file of its own for the values.
    """
    lines = ["NRRD0005", f"type: {NRRD_TYPES[values.dtype.name]}", "dimension: 3"]
    if affine_ras is not None:
        lps = RAS_TO_LPS @ affine_ras
        lines.append("space: left-posterior-superior")
        lines.append("space directions: " + " ".join(_vector(lps[:3, axis]) for axis in range(3)))
        lines.append(f"space origin: {_vector(lps[:3, 3])}")
    lines.append(f"sizes: {_spaced(values.shape[::-1])}")
    lines += ["endian: little", f"encoding: {'gzip' if compressed else 'raw'}"]
    lines += [f"data file: {beside}"] if beside else []
    data = _little(values)
    return _written(path, "\n".join(lines) + "\n\n", gzip.compress(data, 1, mtime=0) if compressed else data, beside)


def make_metaimage(
    path: Path,
    values: np.ndarray,
    affine_ras: np.ndarray | None,
    *,
    compressed: bool = False,
    beside: str = "",
    modality: str = "",
) -> Path:
    """Write a MetaImage file; arguments as for `make_nrrd`, modality such as "MET_MOD_CT"; axes are perpendicular."""
    data = zlib.compress(_little(values), 1) if compressed else _little(values)
    lines = ["ObjectType = Image", "NDims = 3", "BinaryData = True", "BinaryDataByteOrderMSB = False"]
    lines.append(f"CompressedData = {compressed}")
    lines += [f"CompressedDataSize = {len(data)}"] if compressed else []
    if affine_ras is not None:
        lps = RAS_TO_LPS @ affine_ras
        steps = np.linalg.norm(lps[:3, :3], axis=0)
        lines.append(f"TransformMatrix = {_spaced((lps[:3, :3] / steps).T.ravel())}")
        lines += [f"Offset = {_spaced(lps[:3, 3])}", "CenterOfRotation = 0 0 0", f"ElementSpacing = {_spaced(steps)}"]
    lines.append(f"DimSize = {_spaced(values.shape[::-1])}")
    lines += [f"Modality = {modality}"] if modality else []
    lines += [f"ElementType = MET_{MET_TYPES[values.dtype.name]}", f"ElementDataFile = {beside or 'LOCAL'}"]
    return _written(path, "\n".join(lines) + "\n", data, beside)


def _written(path: Path, text: str, data: bytes, beside: str) -> Path:
    path.write_bytes(text.encode() + (b"" if beside else data))
    if beside:
        path.with_name(beside).write_bytes(data)
    return path


def _little(values: np.ndarray) -> bytes:
    return values.astype(values.dtype.newbyteorder("<")).tobytes()


def _vector(numbers: np.ndarray) -> str:
    return "(" + ",".join(repr(float(number)) for number in numbers) + ")"


def _spaced(numbers: object) -> str:
    return " ".join(f"{number:.15g}" for number in np.asarray(numbers))
