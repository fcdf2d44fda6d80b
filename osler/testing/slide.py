"""Synthetic whole slides: TIFF pyramids of several makers' kinds, and one of gigabytes that takes none."""

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

__all__ = ["GLASS", "make_large_slide", "make_slide", "shrunk", "tissue_slide"]

SlideForm = Literal["aperio", "generic", "ome"]

GLASS = 240
TILE_PX = 256


def tissue_slide(height_px: int, width_px: int, places: Sequence[tuple[int, int, int, int]] = ()) -> np.ndarray:
    """A picture of glass with pink, speckled rectangles of tissue on it.

    Args:
        height_px, width_px: its size.
        places: (x, y, width, height) of each piece of tissue.

    Returns:
        [Y, X, 3] uint8; no two pixels of tissue are alike in a way that would hide a shift.
    """
    pixels = np.full((height_px, width_px, 3), GLASS, np.uint8)
    random = np.random.default_rng(7)
    for x, y, width, height in places:
        part = pixels[y : y + height, x : x + width]
        speckles = random.integers(-30, 31, (*part.shape[:2], 1), dtype=np.int16)
        part[:] = np.array([190, 110, 160], np.int16) + speckles
    return pixels


def shrunk(pixels: np.ndarray, factor: int) -> np.ndarray:
    """[Y, X, 3] to [Y // factor, X // factor, 3]: the mean of each block, rounded."""
    height, width = pixels.shape[0] // factor, pixels.shape[1] // factor
    total = np.full((height, width, 3), factor * factor // 2, np.uint32)
    for row in range(factor):
        for column in range(factor):
            total += pixels[row : height * factor : factor, column : width * factor : factor]
    return (total // (factor * factor)).astype(np.uint8)


def make_slide(
    path: Path,
    pixels: np.ndarray,
    *,
    form: SlideForm = "aperio",
    mpp_um: float | None = 0.25,
    objective: float | None = None,
    factors: Sequence[int] = (4, 16),
    compression: str | None = None,
) -> Path:
    """Write a pyramid of 256-pixel tiles with tifffile.

    Args:
        path: where to write it.
        pixels: [Y, X, 3] uint8, the full size.
        form: whose slide it is like.
        mpp_um: µm a full-size pixel; None says nothing.
        objective: magnification, which only "aperio" and "ome" can say.
        factors: how much smaller each further resolution is.
        compression: as tifffile names it.
    """
    import tifffile

    common: dict[str, Any] = {
        "tile": (TILE_PX, TILE_PX),
        "photometric": "rgb",
        "compression": compression,
        "software": False,
    }
    smaller = [shrunk(pixels, factor) for factor in factors]
    with tifffile.TiffWriter(path, ome=form == "ome") as writer:
        if form == "ome":
            writer.write(pixels, subifds=len(smaller), metadata=_ome_words(mpp_um), **common)
            for level in smaller:
                writer.write(level, subfiletype=1, metadata=None, **common)
            return path
        words = _aperio_words(pixels, mpp_um, objective) if form == "aperio" else None
        if form == "generic" and mpp_um:
            common |= {"resolution": (1e4 / mpp_um, 1e4 / mpp_um), "resolutionunit": "CENTIMETER"}
        for index, level in enumerate([pixels, *smaller]):
            writer.write(level, subfiletype=int(index > 0), description=words, metadata=None, **common)
    return path


def make_large_slide(path: Path, *, side_px: int = 49_152, size_bytes: int = 2**31 + 2**20) -> Path:
    """Write a BigTIFF pyramid of gigabytes in milliseconds: two tiles stand for all, and the file ends in a hole.

    Full size is 0.25 µm a pixel; the further resolutions are 4 and 16 times smaller. The middle third each way is
    tissue, the rest glass.
    """
    glass, tissue = (zlib.compress(bytes([grey]) * (TILE_PX * TILE_PX * 3)) for grey in (GLASS, 150))
    words = _aperio_words(np.empty((side_px, side_px, 0)), 0.25, 40.0).encode() + b"\0"
    start = 16
    block = glass + tissue + words
    places = {"glass": start, "tissue": start + len(glass), "words": start + len(glass) + len(tissue)}
    out = bytearray(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 0) + block)
    pointer_at = 8
    for factor in (1, 4, 16):
        pointer_at = _add_directory(out, pointer_at, side_px // factor, places, len(glass), len(tissue), len(words))
    with path.open("wb") as stream:
        stream.write(out)
        stream.truncate(max(size_bytes, len(out)))
    return path


def _add_directory(
    out: bytearray, pointer_at: int, side_px: int, places: dict[str, int], glass: int, tissue: int, words: int
) -> int:
    """Append one resolution's tile table and directory; returns where the next directory's place is to be written."""
    across = -(-side_px // TILE_PX)
    middle = np.zeros((across, across), bool)
    middle[across // 3 : 2 * across // 3, across // 3 : 2 * across // 3] = True
    offsets_at = len(out)
    out += np.where(middle, places["tissue"], places["glass"]).astype("<u8").tobytes()
    counts_at = len(out)
    out += np.where(middle, tissue, glass).astype("<u8").tobytes()
    entries = [
        (256, 4, 1, side_px),
        (257, 4, 1, side_px),
        (258, 3, 3, 8 | 8 << 16 | 8 << 32),
        (259, 3, 1, 8),
        (262, 3, 1, 2),
        (270, 2, words, places["words"]),
        (277, 3, 1, 3),
        (284, 3, 1, 1),
        (322, 3, 1, TILE_PX),
        (323, 3, 1, TILE_PX),
        (324, 16, across * across, offsets_at),
        (325, 16, across * across, counts_at),
    ]
    struct.pack_into("<Q", out, pointer_at, len(out))
    out += struct.pack("<Q", len(entries)) + b"".join(struct.pack("<HHQQ", *entry) for entry in entries)
    out += bytes(8)
    return len(out) - 8


def _aperio_words(pixels: np.ndarray, mpp_um: float | None, objective: float | None) -> str:
    height, width = pixels.shape[:2]
    said = "".join(
        f"|{name} = {value:g}" for name, value in (("AppMag", objective), ("MPP", mpp_um)) if value is not None
    )
    return f"Aperio Image Library v12.0\r\n{width}x{height} [0,0 {width}x{height}] ({TILE_PX}x{TILE_PX}) {said}"


def _ome_words(mpp_um: float | None) -> dict[str, object]:
    words: dict[str, object] = {"axes": "YXS"}
    if mpp_um is not None:
        for axis in "XY":
            words |= {f"PhysicalSize{axis}": mpp_um, f"PhysicalSize{axis}Unit": "µm"}
    return words
