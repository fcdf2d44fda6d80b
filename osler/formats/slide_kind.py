"""Telling a whole slide from a picture by what is in the file.

====================================  ==============================================================
Aperio, Philips, Leica, Ventana, …    the maker's mark in a text of the first TIFF directory
Hamamatsu NDPI                        TIFF tag 65420
OME-TIFF and the like                 tiles, and sub-directories that hold the smaller versions
other TIFF                            tiles and at least one smaller version (a pyramid), or tiles and more
                                      pixels than a picture may have
MIRAX                                 a JPEG beside a folder of its own name that holds Slidedat.ini
Hamamatsu VMS, VMU                    an INI text whose first section says so
Zeiss CZI                             its first bytes
Sakura                                an SQLite database with a table of that maker's
====================================  ==============================================================

DICOM is not among them: a DICOM slide is several files, told by their SOP class (`WHOLE_SLIDE_CLASS`) where files are
grouped into series.
"""

from pathlib import Path
from typing import Literal

from osler.formats.files import MAX_PIXELS
from osler.formats.tiff_header import TiffDirectory, read_directories

__all__ = ["WHOLE_SLIDE_CLASS", "SlideKind", "is_slide", "mirax_folder", "slide_kind"]

SlideKind = Literal["openslide", "ome"]

WHOLE_SLIDE_CLASS = "1.2.840.10008.5.1.4.1.1.77.1.6"
HEAD_BYTES = 64
NDPI_TAG = 65420
INI_SECTIONS = (b"[Virtual Microscope Specimen]", b"[Uncompressed Virtual Microscope Specimen]")
CZI_MAGIC = b"ZISRAWFILE"
SQLITE_MAGIC, SAKURA_TABLE, SCHEMA_BYTES = b"SQLite format 3\0", b"DataManagerSQLiteConfigXPO", 2**18
DESCRIPTION_MARKS = (b"Aperio", b"<scn ", b"DPUfsImport", b"ScanOutputManager", b"MedScan")
TIFF_MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def is_slide(path: Path) -> bool:
    """Whether the file is a whole slide (not DICOM); reads a few kilobytes, needs no optional package."""
    return slide_kind(path) is not None


def slide_kind(path: Path) -> SlideKind | None:
    """Which reader a whole slide needs, or None for anything else, DICOM included."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if head[:4] in TIFF_MAGICS:
        return _tiff_kind(path)
    if head.startswith(CZI_MAGIC) or head.lstrip(b"\xef\xbb\xbf\r\n \t").startswith(INI_SECTIONS):
        return "openslide"
    if head.startswith(SQLITE_MAGIC):
        with path.open("rb") as stream:
            return "openslide" if SAKURA_TABLE in stream.read(SCHEMA_BYTES) else None
    return "openslide" if head.startswith(b"\xff\xd8\xff") and mirax_folder(path) is not None else None


def mirax_folder(path: Path) -> Path | None:
    """The folder of a MIRAX slide's pixels, beside its `.mrxs` file."""
    folder = path.with_suffix("")
    return folder if folder != path and (folder / "Slidedat.ini").is_file() else None


def _tiff_kind(path: Path) -> SlideKind | None:
    directories = read_directories(path)
    if not directories:
        return None
    first = directories[0]
    if first.tiled and first.num_sub_directories:
        return "ome"
    if b"<OME" in first.description:
        return "ome" if _is_pyramid(directories) else None
    if NDPI_TAG in first.tags or any(b"<iScan" in directory.xmp for directory in directories):
        return "openslide"
    texts = first.description + b"\n" + first.software
    if any(mark in texts for mark in DESCRIPTION_MARKS) and any(directory.tiled for directory in directories):
        return "openslide"
    return "openslide" if _is_pyramid(directories) else None


def _is_pyramid(directories: tuple[TiffDirectory, ...]) -> bool:
    """Tiles and a smaller version of the first picture, or tiles and too many pixels for a picture."""
    first = directories[0]
    if not first.tiled:
        return False
    if first.width_px * first.height_px > MAX_PIXELS:
        return True
    return any(other.tiled and _is_smaller(other, first) for other in directories[1:])


def _is_smaller(other: TiffDirectory, first: TiffDirectory) -> bool:
    """Half the size or less, in the same proportions to a twentieth."""
    if not 0 < other.width_px * 2 <= first.width_px + 1 or not other.height_px:
        return False
    across, down = first.width_px / other.width_px, first.height_px / other.height_px
    return abs(across - down) <= 0.05 * max(across, down)
