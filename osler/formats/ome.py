"""OME-TIFF pyramids: the first picture and the smaller versions in its sub-directories.

tifffile reads the directories, Pillow decodes the tiles. OpenSlide reads these files too, but only at full size.

Source: the OME-TIFF specification 6 (sub-resolutions in SubIFDs; PhysicalSizeX in OME-XML, micrometres by default).
"""

import os
import re
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from osler.errors import InputError
from osler.formats.slide_guard import MAX_TILE_PIXELS, check_levels, need, positive, read_clipped, reading
from osler.formats.tiff_tile import TileForm, decode_tile
from osler.values import Level, Slide

__all__ = ["OmeSlide"]

MICROMETRES = {"µm": 1.0, "μm": 1.0, "um": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6}
MAX_DESCRIPTION = 2**16


class OmeSlide(Slide):
    """A pyramid in 8-bit colour.

    Raises:
        InputError: damaged, or not in 8-bit colour.
        MissingExtraError: tifffile is not installed.
    """

    def __init__(self, path: Path) -> None:
        tifffile = need("tifffile", str(path))
        self.path = path
        with reading(str(path)):
            self._file = tifffile.TiffFile(path)
            try:
                self._describe()
            except BaseException:
                self._file.close()
                raise

    def _describe(self) -> None:
        first = self._file.pages[0]
        planes = _colour_planes(self.path, self._file, first)
        self._levels = [_LevelReader(self.path, [plane.aspage() for plane in planes])]
        for index in range(len(first.subifds or ())):
            self._levels.append(_LevelReader(self.path, [plane.pages[index].aspage() for plane in planes]))
        full = self._levels[0]
        self.levels = tuple(
            Level(width_px=reader.width_px, height_px=reader.height_px, downsample=_downsample(full, reader))
            for reader in self._levels
        )
        check_levels(str(self.path), self.levels)
        text = first.description[:MAX_DESCRIPTION]
        self.mpp_um = _mpp_um(text)
        self.objective = positive(_attribute(text, "Objective", "NominalMagnification"))

    def read_region(self, level: int, x_px: int, y_px: int, width_px: int, height_px: int) -> np.ndarray:
        reader = self._levels[level]
        with reading(str(self.path)):
            return read_clipped(str(self.path), self.levels[level], (x_px, y_px), (width_px, height_px), reader.read)

    def close(self) -> None:
        for level in self._levels:
            level.close()
        self._file.close()


class _LevelReader:
    """One resolution: a page in colour, or three of one colour each."""

    def __init__(self, path: Path, pages: list[Any]) -> None:
        first = pages[0]
        self.width_px, self.height_px = int(first.imagewidth), int(first.imagelength)
        self._pages = pages
        self._tiled = bool(first.is_tiled)
        self._tile_px = (
            (int(first.tilewidth), int(first.tilelength))
            if self._tiled
            else (self.width_px, min(int(first.rowsperstrip), self.height_px))
        )
        if not 0 < self._tile_px[0] * self._tile_px[1] <= MAX_TILE_PIXELS:
            raise InputError(
                f"cannot read `{path}`: tiles of {self._tile_px[0]:,} × {self._tile_px[1]:,} pixels, expected 1 to "
                f"{MAX_TILE_PIXELS:,} pixels",
                hint="export it with tiles of 256 or 512 pixels",
            )
        self._separate = int(first.planarconfig) == 2 and first.samplesperpixel > 1
        self._stream: BinaryIO = path.open("rb")
        self._size_bytes = os.fstat(self._stream.fileno()).st_size

    def read(self, x_px: int, y_px: int, width_px: int, height_px: int) -> np.ndarray:
        """[height, width, 3] uint8 of a region inside the level."""
        across, down = self._tile_px
        region = np.full((height_px, width_px, 3), 255, np.uint8)
        for row in range(y_px // down, (y_px + height_px - 1) // down + 1):
            for column in range(x_px // across, (x_px + width_px - 1) // across + 1):
                tile = self._tile(row, column)
                top, left = row * down - y_px, column * across - x_px
                y0, x0 = max(top, 0), max(left, 0)
                part = tile[y0 - top : height_px - top, x0 - left : width_px - left]
                region[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]] = part
        return region

    def close(self) -> None:
        self._stream.close()

    def _tile(self, row: int, column: int) -> np.ndarray:
        """[rows, columns, 3] uint8."""
        across, down = self._tile_px
        per_row = -(-self.width_px // across)
        index = row * per_row + column
        if not self._separate and len(self._pages) == 1:
            return self._decoded(self._pages[0], index, row)
        if self._separate:
            per_plane = per_row * -(-self.height_px // down)
            places = [(self._pages[0], index + plane * per_plane) for plane in range(3)]
        else:
            places = [(page, index) for page in self._pages]
        return np.stack([self._decoded(page, place, row) for page, place in places], axis=-1)

    def _decoded(self, page: Any, index: int, row: int) -> np.ndarray:
        """One stored tile: [rows, columns, 3] for colour, [rows, columns] for one colour of three."""
        width, height = self._tile_px
        if not self._tiled:
            height = min(height, self.height_px - row * height)
        form = _form(page, separate=self._separate)
        count, offset = int(page.databytecounts[index]), int(page.dataoffsets[index])
        if count == 0:
            return np.full((height, width) if form.samples == 1 else (height, width, 3), 255, np.uint8)
        if not 0 < offset < offset + count <= self._size_bytes:
            raise EOFError("a tile lies beyond the end of the file")
        self._stream.seek(offset)
        return decode_tile(self._stream.read(count), width, height, form)


def _form(page: Any, *, separate: bool) -> TileForm:
    samples = 1 if separate else int(page.samplesperpixel)
    return TileForm(
        samples=samples,
        compression=int(page.compression),
        photometric=1 if samples == 1 else int(page.photometric),
        predictor=int(page.predictor),
        jpeg_tables=page.jpegtables or b"",
    )


def _colour_planes(path: Path, file: Any, first: Any) -> list[Any]:
    """The pages that make up one picture in colour: the first, or the first three of one colour each."""
    samples, bits = int(first.samplesperpixel), first.bitspersample
    if bits == 8 and samples in (3, 4):
        return [first]
    channels = _attribute(first.description[:MAX_DESCRIPTION], "Pixels", "SizeC")
    if bits == 8 and samples == 1 and channels == "3" and len(file.pages) >= 3:
        planes = [file.pages[index].aspage() for index in range(3)]
        if all(plane.shape == first.shape for plane in planes):
            return planes
    raise InputError(
        f"cannot read `{path}`: expected an OME-TIFF in 8-bit colour, got {samples} samples a pixel of {bits} bits and "
        f"{channels or 'an unknown number of'} channels",
        hint="fluorescence is not read: export a coloured picture of it",
    )


def _downsample(full: _LevelReader, level: _LevelReader) -> float:
    """As OpenSlide has it: the mean of both sides' ratios."""
    return (full.width_px / max(level.width_px, 1) + full.height_px / max(level.height_px, 1)) / 2


def _mpp_um(text: str) -> float | None:
    unit = MICROMETRES.get(_attribute(text, "Pixels", "PhysicalSizeXUnit") or "µm")
    across = positive(_attribute(text, "Pixels", "PhysicalSizeX"))
    return None if unit is None or across is None else across * unit


def _attribute(text: str, element: str, name: str) -> str | None:
    """An attribute of the first element of a name."""
    start = re.search(rf"<(?:\w+:)?{element}\b[^>]*>", text)
    found = re.search(rf'\b{name}="([^"]*)"', start.group()) if start else None
    return found.group(1) if found else None
