"""What all readers of slides do about missing packages, damaged files and regions beyond an edge."""

import importlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from osler.errors import InputError, MissingExtraError, OslerError
from osler.formats.files import check_size
from osler.formats.quiet import silenced
from osler.values import Level

__all__ = ["MAX_TILE_PIXELS", "check_levels", "frozen", "need", "positive", "read_clipped", "reading"]

MAX_TILE_PIXELS = 2**26  # 0.25 GiB as RGBA; the largest tiles in use are 4,096 on a side
MAX_LEVELS = 64
MAX_LEVEL_SIDE_PX = 2**31 - 1


def need(module: str, shown: str) -> Any:
    """Import a package of the extra `slides`.

    Raises:
        MissingExtraError: it, or a library that it loads, is not installed.
    """
    try:
        return importlib.import_module(module)
    except (ImportError, OSError):
        raise MissingExtraError(
            f"cannot read `{shown}`: it is a whole slide, and the package {module} is not installed",
            hint='install the extra for slides: pip install "osler[slides]"',
        ) from None


@contextmanager
def reading(shown: str) -> Iterator[None]:
    """Turn whatever a decoder raises into one error, and keep its warnings and log records, which name UIDs, quiet."""
    root = logging.getLogger()
    handler = logging.NullHandler()  # without any handler, logging.warning() would install one that prints
    root.addHandler(handler)
    try:
        with silenced("root"), silenced("pydicom"), silenced("tifffile"):
            yield
    except OslerError:
        raise
    except MemoryError:
        raise InputError(f"cannot read `{shown}`: not enough memory to decode it") from None
    except Exception as error:  # decoders fed with damaged bytes may raise nearly anything
        raise InputError(
            f"cannot read `{shown}`: the slide is damaged, cut off or of a variant that is not read "
            f"({type(error).__name__})",
            hint="copy it again with all its files, or export it as a pyramidal TIFF",
        ) from None
    finally:
        root.removeHandler(handler)


def check_levels(shown: str, levels: tuple[Level, ...]) -> None:
    """Refuse pyramids that cannot be.

    Raises:
        InputError: no level, too many, or one without pixels or with a downsampling that is no number above 0.
    """
    if not 0 < len(levels) <= MAX_LEVELS:
        raise InputError(f"cannot read `{shown}`: expected 1 to {MAX_LEVELS} resolutions, got {len(levels)}")
    for level in levels:
        sides = (level.width_px, level.height_px)
        if not all(0 < side <= MAX_LEVEL_SIDE_PX for side in sides) or not 0 < level.downsample < float("inf"):
            raise InputError(f"cannot read `{shown}`: a resolution of {sides[0]:,} × {sides[1]:,} pixels cannot be")


def positive(text: object) -> float | None:
    """A finite number above 0, or None."""
    try:
        number = float(str(text))
    except ValueError:
        return None
    return number if 0 < number < float("inf") else None


def frozen(pixels: np.ndarray) -> np.ndarray:
    """The pixels, contiguous and read-only."""
    pixels = np.ascontiguousarray(pixels)
    pixels.flags.writeable = False
    return pixels


def read_clipped(
    shown: str,
    level: Level,
    corner_px: tuple[int, int],
    size_px: tuple[int, int],
    read: Callable[[int, int, int, int], np.ndarray],
) -> np.ndarray:
    """A region of a level, white where it lies beyond the level's edges.

    Args:
        shown: the file's name, for messages.
        level: the level.
        corner_px: (x, y) in full-size pixels; brought to the nearest pixel of the level.
        size_px: (width, height) in the level's pixels.
        read: gives [height, width, 3] uint8 for (x, y, width, height) in the level's pixels, wholly inside it.

    Returns:
        [height, width, 3] uint8, read-only.
    """
    width, height = size_px
    check_size(shown, width, height)
    left, top = (round(place / level.downsample) for place in corner_px)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + width, level.width_px), min(top + height, level.height_px)
    canvas = np.full((height, width, 3), 255, np.uint8)
    if x0 < x1 and y0 < y1:
        canvas[y0 - top : y1 - top, x0 - left : x1 - left] = read(x0, y0, x1 - x0, y1 - y0)
    return frozen(canvas)
