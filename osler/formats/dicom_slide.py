"""Whole slides in DICOM (VL Whole Slide Microscopy), through wsidicom.

A slide is several files, usually one for each resolution; labels and overviews among them, which show the patient's
name on the glass, are never read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from osler.errors import InputError
from osler.formats.slide_guard import MAX_TILE_PIXELS, check_levels, need, positive, read_clipped, reading
from osler.formats.slide_kind import WHOLE_SLIDE_CLASS
from osler.values import Level, Slide

__all__ = ["DicomSlide", "dicom_slide_files"]

HEADER_KEYWORDS = [
    "SOPClassUID",
    "SeriesInstanceUID",
    "ImageType",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "BitsStored",
    "TotalPixelMatrixColumns",
]
NOT_THE_SLIDE = ("LABEL", "OVERVIEW", "THUMBNAIL", "LOCALIZER")


class DicomSlide(Slide):
    """The files of one slide.

    Args:
        files: its instances; other files among them are left out.
        shown: the file or folder as the user named it.

    Raises:
        InputError: no instance of a slide, instances of several, damaged files, or a slide that is not 8-bit colour.
        MissingExtraError: wsidicom is not installed.
    """

    def __init__(self, files: Sequence[Path], shown: Path) -> None:
        wsidicom = need("wsidicom", str(shown))
        self.path = shown
        self.files = dicom_slide_files(files, shown)
        with reading(str(shown)):
            settings = need("wsidicom.config", str(shown)).Settings(strict_tile_size_check=False)
            self._handle = wsidicom.WsiDicom.open([str(path) for path in self.files], settings=settings)
            try:
                self._describe()
            except BaseException:
                self._handle.close()
                raise

    def _describe(self) -> None:
        found = sorted(self._handle.levels, key=lambda level: level.level)
        self._numbers = tuple(int(level.level) for level in found)
        full = found[0]
        self.levels = tuple(
            Level(
                width_px=int(level.size.width),
                height_px=int(level.size.height),
                downsample=2.0 ** (level.level - full.level),
            )
            for level in found
        )
        check_levels(str(self.path), self.levels)
        self.mpp_um = positive((full.mpp.width + full.mpp.height) / 2)
        self.objective = None

    def read_region(self, level: int, x_px: int, y_px: int, width_px: int, height_px: int) -> np.ndarray:
        def inside(x: int, y: int, width: int, height: int) -> np.ndarray:
            region = self._handle.read_region((x, y), self._numbers[level], (width, height))
            return np.asarray(region.convert("RGB"))

        with reading(str(self.path)):
            return read_clipped(str(self.path), self.levels[level], (x_px, y_px), (width_px, height_px), inside)

    def close(self) -> None:
        self._handle.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Instance:
    """What must be known of a resolution's file before pixels are decoded."""

    path: Path
    series: str
    width_px: int
    tile_width_px: int
    tile_height_px: int
    samples: int
    bits: int


def dicom_slide_files(files: Sequence[Path], shown: Path) -> tuple[Path, ...]:
    """The resolutions of one slide among files, finest first; labels, overviews and other files are left out.

    Raises:
        InputError: none, of several slides, in tiles too large to decode, or not in 8-bit colour.
    """
    instances = [instance for instance in map(_instance, sorted(files)) if instance is not None]
    if not instances:
        raise InputError(
            f"cannot read `{shown}`: expected the files of a DICOM slide, found none among {len(files)}",
            hint="name the folder that holds all files of the slide",
        )
    num_slides = len({instance.series for instance in instances})
    if num_slides > 1:
        raise InputError(
            f"cannot read `{shown}`: expected one slide, got {num_slides}", hint="name the files of one of them"
        )
    for instance in instances:
        _check(instance)
    return tuple(instance.path for instance in sorted(instances, key=lambda instance: -instance.width_px))


def _instance(path: Path) -> _Instance | None:
    """None for anything but a resolution of a slide."""
    import pydicom

    with path.open("rb") as stream:
        if stream.read(132)[128:] != b"DICM":
            return None
    with reading(str(path)):
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=HEADER_KEYWORDS)
        flavour = {str(word).upper() for word in header.get("ImageType", None) or ()}
        if str(header.get("SOPClassUID", "")) != WHOLE_SLIDE_CLASS or flavour.intersection(NOT_THE_SLIDE):
            return None
        return _Instance(
            path=path,
            series=str(header.get("SeriesInstanceUID", "")),
            width_px=int(header.TotalPixelMatrixColumns),
            tile_width_px=int(header.Columns),
            tile_height_px=int(header.Rows),
            samples=int(header.SamplesPerPixel),
            bits=int(header.BitsStored),
        )


def _check(instance: _Instance) -> None:
    width, height = instance.tile_width_px, instance.tile_height_px
    if not 0 < width * height <= MAX_TILE_PIXELS:
        raise InputError(
            f"cannot read `{instance.path}`: tiles of {width:,} × {height:,} pixels, expected 1 to "
            f"{MAX_TILE_PIXELS:,} pixels",
            hint="export it with tiles of 256 or 512 pixels",
        )
    if (instance.samples, instance.bits) != (3, 8):
        raise InputError(
            f"cannot read `{instance.path}`: expected a slide in 8-bit colour, got {instance.samples} (0028,0002) "
            f"Samples per Pixel of {instance.bits} bits",
            hint="fluorescence is not read: export a coloured picture of it",
        )
