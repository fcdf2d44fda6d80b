"""NRRD and MetaImage volumes, through SimpleITK (the extra `osler[itk]`).

ITK reads such a file whole: that happens when the first slice is asked for.
"""

from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from osler.errors import InputError, MissingExtraError
from osler.formats.files import check_file
from osler.formats.grid import MAX_VOLUME_BYTES, NOT_PLACED, Grid, check_grid, is_placed, to_values
from osler.formats.itk_header import ItkHead, read_text_head
from osler.formats.packed import check_packed
from osler.values import Volume

__all__ = ["open_itk"]

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
READERS = {"NRRD": "NrrdImageIO", "MetaImage": "MetaImageIO"}
KINDS = ("UInt8", "Int8", "UInt16", "Int16", "UInt32", "Int32", "UInt64", "Int64", "Float32", "Float64")
COLOURS = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])


def open_itk(path: Path) -> Volume:
    """Open an NRRD or MetaImage file; of several volumes or several values at a place, the first.

    Raises:
        MissingExtraError: SimpleITK is not installed.
        InputError: not there, of another kind, damaged, too large, or of complex numbers. Reading a slice raises it
            where the values are damaged or cut off.
    """
    path = check_file(path)
    head = read_text_head(path)
    image = _Image(path, head)
    affine = image.affine_ras()
    told = () if head.is_placed and affine is not None else (NOT_PLACED,)
    grid = Grid.ascending(image.shape, LPS_TO_RAS if affine is None else affine)
    convert = to_values(COLOURS if image.is_colour else image.kind)
    return Volume(
        modality=head.modality,
        shape=grid.shape,
        affine_ras=grid.affine_ras,
        positions_mm=grid.positions_mm,
        read_slice=lambda index: convert(image.slice(grid.in_file(index))),
        files=(path,),
        other_files=() if head.values == path else (head.values,),
        file_kind=head.name.lower(),
        acquired=grid.shape[0] == 1,
        unit="HU" if head.modality == "CT" else "",
        label=path.name,
        steps=_steps(head, image),
        notes=(*image.notes, *told),
    )


def _steps(head: ItkHead, image: "_Image") -> tuple[str, ...]:
    slices, rows, columns = image.shape
    brightness = ("colours turned into brightness",) if image.is_colour else ()
    return (f"read {head.name}: {columns} × {rows} × {slices} values, {image.kind.name}", *brightness)


class _Image:
    """A file in ITK's hands: its header from the beginning, its values from the first slice on.

    Attributes:
        shape: (Z, Y, X).
        kind: the type of a stored number.
        is_colour: whether three or four bytes at each place are red, green and blue.
        notes: what was left out.
    """

    def __init__(self, path: Path, head: ItkHead) -> None:
        self._path = path
        self._head = head
        self._lock = Lock()
        self._reader = _reader(path, head)
        sizes = tuple(int(size) for size in self._reader.GetSize())
        self.shape = ((*sizes, 1)[2], sizes[1], sizes[0])
        check_grid(str(path), self.shape)
        self.kind = _kind(path, self._reader)
        self._num_values = int(self._reader.GetNumberOfComponents())
        self.is_colour = self.kind == np.uint8 and self._num_values in (3, 4)
        num_volumes = int(np.prod(sizes[3:], dtype=object))
        self._num_bytes = int(np.prod(sizes, dtype=object)) * self._num_values * self.kind.itemsize
        _check_bytes(path, head, self._num_bytes)
        self.notes = _left_out(num_volumes, 1 if self.is_colour else self._num_values)

    def affine_ras(self) -> np.ndarray | None:
        """[4, 4], or None where the file has numbers that cannot be one."""
        num_axes = len(self._reader.GetSize())
        used = min(num_axes, 3)
        affine = np.eye(4)
        directions = np.reshape(self._reader.GetDirection(), (num_axes, num_axes))[:used, :used]
        affine[:used, :used] = directions * np.asarray(self._reader.GetSpacing())[:used]
        affine[:used, 3] = self._reader.GetOrigin()[:used]
        return LPS_TO_RAS @ affine if is_placed(affine) else None

    def slice(self, index: int) -> np.ndarray:
        """Stored values [Y, X], by the index in the file."""
        with self._lock:
            values = self._values[index]
        if self.is_colour:
            return np.ascontiguousarray(values[..., :3]).view(COLOURS)[..., 0]
        return values[..., 0]

    @cached_property
    def _values(self) -> np.ndarray:
        """[Z, Y, X, values at a place]."""
        import SimpleITK

        if self._head.written == "packed":
            check_packed(self._path, self._head.values, self._head.offset, self._num_bytes)
        if len(self._reader.GetSize()) > 3:
            self._reader.SetExtractSize([*self.shape[::-1], *[0] * (len(self._reader.GetSize()) - 3)])
        self._image = _guarded(self._path, self._reader.Execute)  # kept: the array looks into it
        return SimpleITK.GetArrayViewFromImage(self._image).reshape(*self.shape, self._num_values)


def _left_out(num_volumes: int, num_values: int) -> tuple[str, ...]:
    volumes = (f"the file holds {num_volumes} volumes: the first is taken",) if num_volumes > 1 else ()
    values = (f"the file holds {num_values} values at each place: the first is taken",) if num_values > 1 else ()
    return (*volumes, *values)


def _reader(path: Path, head: ItkHead) -> Any:
    """ITK's reader with the header read."""
    try:
        import SimpleITK
    except ImportError:
        raise MissingExtraError(
            f"cannot read `{path}`: {head.name} files need SimpleITK, which is not installed",
            hint="pip install 'osler[itk]'",
        ) from None
    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO(READERS[head.name])
    reader.SetFileName(str(path))
    _guarded(path, reader.ReadImageInformation)
    return reader


def _guarded(path: Path, step: Any) -> Any:
    """What ITK gives; whatever it raises becomes one error, without its own words, which hold whole paths."""
    from SimpleITK import ProcessObject

    talks = ProcessObject.GetGlobalWarningDisplay()
    ProcessObject.SetGlobalWarningDisplay(False)
    try:
        return step()
    except MemoryError:
        raise InputError(f"cannot read `{path}`: not enough memory to read it") from None
    except Exception as error:  # ITK raises RuntimeError for everything
        raise InputError(
            f"cannot read `{path}`: its data is damaged, cut off or of a variant that is not read "
            f"({type(error).__name__})",
            hint="copy or convert it again",
        ) from None
    finally:
        ProcessObject.SetGlobalWarningDisplay(talks)


def _kind(path: Path, reader: Any) -> np.dtype:
    import SimpleITK

    for name in KINDS:
        if reader.GetPixelID() in (getattr(SimpleITK, f"sitk{name}"), getattr(SimpleITK, f"sitkVector{name}")):
            return np.dtype(name.lower())
    raise InputError(f"cannot read `{path}`: expected whole or real numbers, got values of another kind")


def _check_bytes(path: Path, head: ItkHead, num_bytes: int) -> None:
    """Whether memory may hold the values, and whether the file does."""
    if num_bytes > MAX_VOLUME_BYTES:
        raise InputError(
            f"cannot read `{path}`: its values take {num_bytes:,} bytes, expected at most {MAX_VOLUME_BYTES:,}",
            hint="save it as an uncompressed .nii file, which is read slice by slice",
        )
    held = head.values.stat().st_size - head.offset
    if head.written == "raw" and held < num_bytes:
        raise InputError(
            f"cannot read `{path}`: it is cut off: expected {num_bytes:,} bytes of values, got {held:,}",
            hint="copy or download it again",
        )
