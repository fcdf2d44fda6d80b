"""NIfTI-1 and NIfTI-2 volumes (.nii, .nii.gz, .hdr with .img): nibabel reads the header, values come from the file.

A file that is not compressed is read slice by slice. A compressed one can only be read from its beginning: its first
volume is unpacked into memory when its first slice is asked for, never more of it than the header says.
"""

import gzip
import json
import zlib
from collections.abc import Callable
from functools import cached_property, partial
from math import prod
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from osler.errors import InputError
from osler.formats.files import check_file
from osler.formats.grid import Grid, to_values
from osler.formats.nifti_header import NiftiHead, is_compressed, read_head
from osler.values import Volume

__all__ = ["open_nifti"]

MAX_SIDECAR_BYTES = 2**20
MODALITIES = ("CT", "MR", "PT", "NM")
CHUNK_BYTES = 2**20


def open_nifti(path: Path) -> Volume:
    """Open a NIfTI file; of several volumes, the first.

    The modality is what a JSON file of the same name beside it says (as dcm2niix writes it), because NIfTI has no
    place for it; else "".

    Raises:
        InputError: not there, no NIfTI, damaged, too large, or of complex numbers. Reading a slice raises it where the
            values are damaged or cut off.
    """
    path = check_file(path)
    head = read_head(path)
    modality, told = _modality(path)
    grid = Grid.ascending(head.shape, head.affine_ras)
    convert = to_values(head.kind, head.slope, head.intercept)
    stored = _stored(path, head)
    return Volume(
        modality=modality,
        shape=grid.shape,
        affine_ras=grid.affine_ras,
        positions_mm=grid.positions_mm,
        read_slice=lambda index: convert(stored(grid.in_file(index))),
        files=(path,),
        other_files=() if head.values == path else (head.values,),
        file_kind="nifti",
        acquired=head.acquired or grid.shape[0] == 1,
        unit="HU" if modality == "CT" else "",
        label=path.name,
        steps=_steps(head),
        notes=(*told, *head.notes),
    )


def _steps(head: NiftiHead) -> tuple[str, ...]:
    slices, rows, columns = head.shape
    colours = head.kind.names is not None
    kind = "colours" if colours else head.kind.name
    scaled = () if (head.slope, head.intercept) == (1.0, 0.0) else (f"× {head.slope:.10g} + {head.intercept:.10g}",)
    brightness = ("colours turned into brightness",) if colours else ()
    return (f"read NIfTI: {columns} × {rows} × {slices} values, {kind}", *scaled, *brightness)


def _stored(path: Path, head: NiftiHead) -> Callable[[int], np.ndarray]:
    """Gives a slice's stored values [Y, X] by its index in the file."""
    if is_compressed(head.values):
        return _Unpacked(path, head).slice
    return partial(_read, path, head)


def _read(path: Path, head: NiftiHead, index: int) -> np.ndarray:
    num_bytes = head.shape[1] * head.shape[2] * head.kind.itemsize
    try:
        with head.values.open("rb") as stream:
            stream.seek(head.offset + index * num_bytes)
            data = stream.read(num_bytes)
    except OSError as error:
        raise InputError(f"cannot read `{path}`: {error.strerror or type(error).__name__}") from None
    if len(data) < num_bytes:
        raise InputError(f"cannot read `{path}`: it has become shorter since it was opened")
    return np.frombuffer(data, head.kind).reshape(head.shape[1:])


class _Unpacked:
    """A compressed file's first volume, in memory from the first slice on."""

    def __init__(self, path: Path, head: NiftiHead) -> None:
        self._path = path
        self._head = head
        self._lock = Lock()

    def slice(self, index: int) -> np.ndarray:
        with self._lock:
            return self._values[index]

    @cached_property
    def _values(self) -> np.ndarray:
        """[Z, Y, X]."""
        head = self._head
        data = np.empty(prod(head.shape) * head.kind.itemsize, np.uint8)
        try:
            with gzip.open(head.values) as stream:
                _skip(stream, head.offset)
                _fill(stream, data.data)
                stream.read(1)  # at the end of the file, its checksum is looked at
        except MemoryError:
            raise InputError(f"cannot read `{self._path}`: not enough memory to unpack it") from None
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(
                f"cannot read `{self._path}`: its compressed data is damaged or cut off ({type(error).__name__})",
                hint="copy or download it again",
            ) from None
        return data.view(head.kind).reshape(head.shape)


def _skip(stream: Any, num_bytes: int) -> None:
    while num_bytes > 0:
        data = stream.read(min(num_bytes, CHUNK_BYTES))
        if not data:
            raise EOFError
        num_bytes -= len(data)


def _fill(stream: Any, into: memoryview) -> None:
    done = 0
    while done < len(into):
        num_bytes = stream.readinto(into[done : done + CHUNK_BYTES])
        if not num_bytes:
            raise EOFError
        done += num_bytes


def _modality(path: Path) -> tuple[str, tuple[str, ...]]:
    """What a JSON file beside it says, as dcm2niix and BIDS write it; nothing else of it is read."""
    stem = path.name.removesuffix(".gz")
    beside = path.with_name(stem.removesuffix(".nii").removesuffix(".hdr") + ".json")
    try:
        if beside == path or beside.stat().st_size > MAX_SIDECAR_BYTES:
            return "", ()
        said = json.loads(beside.read_bytes())
    except (OSError, ValueError, RecursionError):
        return "", ()
    modality = said.get("Modality") if isinstance(said, dict) else None
    return (modality, (f"modality {modality} from the JSON file beside it",)) if modality in MODALITIES else ("", ())
