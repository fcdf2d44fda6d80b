"""Opening whatever a person calls an image."""

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from osler.errors import InputError
from osler.values import Image

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

__all__ = ["open_image"]

ACCEPTED = "a path, a Pillow picture, or an array [Y, X] or [Y, X, 3] of uint8"


def open_image(source: Any) -> Image:
    """Turn a file, a Pillow picture or an array into pixels for the model.

    Args:
        source: the path of a PNG, JPEG, TIFF, WebP, BMP or DICOM file (its first page or frame), whatever
            its name ends with; a `PIL.Image.Image`; an array [Y, X] or [Y, X, 3] of uint8; or an `Image`, which comes
            back as it is.

    Returns:
        The picture, upright, [Y, X, 3] uint8, with the steps that led to it. An array is copied.

    Raises:
        InputError: not there, empty, damaged, too large or of a kind that is not read. Messages hold the path as the
            caller wrote it, tags, sizes and types, and never a patient's value.
    """
    if isinstance(source, Image):
        return source
    if isinstance(source, str | os.PathLike):
        return _from_file(source)
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if hasattr(source, "getexif") and hasattr(source, "convert"):
        return _from_pillow(source)
    raise InputError(f"cannot open an image: expected {ACCEPTED}, got {type(source).__name__}")


def _from_file(source: str | os.PathLike[str]) -> Image:
    from osler.formats.detect import KIND_NAMES, PICTURES, detect
    from osler.formats.files import check_file, record_of

    path = check_file(source)
    kind = detect(path)
    if kind != "dicom" and kind not in PICTURES:
        raise InputError(
            f"cannot open `{path}` as a picture: expected PNG, JPEG, TIFF, WebP, BMP or DICOM, got {KIND_NAMES[kind]}",
            hint="`osler ask` and `model.ask` read it as a file; in a list of messages only pictures can stand",
        )
    if kind == "dicom":
        from osler.formats.dicom import read_dicom
        from osler.tasks.develop import develop

        dicom = read_dicom(path)
        pixels, steps = develop(dicom, path)
        steps = (*dicom.steps, *steps)
    else:
        from osler.formats.raster import read_raster
        from osler.tasks.develop import develop_raster

        developed = develop_raster(read_raster(path, kind), str(path))
        pixels, steps = developed.pixels, developed.steps
    return Image(pixels=_frozen(pixels), file=record_of(path, kind), steps=steps)


def _from_pillow(picture: "PillowImage") -> Image:
    from osler.formats.files import check_size
    from osler.formats.raster import raster_of
    from osler.tasks.develop import develop_raster

    check_size("the picture", *picture.size)
    try:
        raster = raster_of(picture)
    except Exception as error:  # a picture not yet loaded is decoded here, and damaged data raises nearly anything
        raise InputError(f"cannot use the picture: its data cannot be decoded ({type(error).__name__})") from error
    developed = develop_raster(raster, "the picture")
    return Image(pixels=_frozen(developed.pixels), steps=developed.steps)


def _from_array(array: np.ndarray) -> Image:
    from osler.formats.files import check_size

    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise InputError(
            f"cannot use the array: expected the shape [Y, X] or [Y, X, 3], got {list(array.shape)}",
            hint="put rows first, columns second and three colours last; hand over one picture at a time",
        )
    if array.dtype != np.uint8:
        raise InputError(f"cannot use the array: expected uint8, got {array.dtype}", hint=_to_uint8(array.dtype))
    check_size("the array", array.shape[1], array.shape[0])
    if array.ndim == 3:
        return Image(pixels=_frozen(array.copy()))
    return Image(pixels=_frozen(np.repeat(array[:, :, None], 3, axis=2)), steps=("grey repeated in three channels",))


def _to_uint8(kind: np.dtype) -> str:
    if kind.kind == "f":
        return "values from 0 to 1 become (255 * array).round().astype(numpy.uint8); others need a range of your choice"
    return "bring the values to 0..255 yourself: which range matters is not for Osler to guess"


def _frozen(pixels: np.ndarray) -> np.ndarray:
    """The pixels, contiguous and read-only."""
    pixels = np.ascontiguousarray(pixels)
    pixels.flags.writeable = False
    return pixels
