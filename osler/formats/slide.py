"""Opening whole slides: OpenSlide's formats, OME-TIFF pyramids and DICOM."""

from collections.abc import Sequence
from pathlib import Path

from osler.errors import InputError
from osler.formats.files import check_file
from osler.formats.slide_kind import is_slide, mirax_folder, slide_kind
from osler.values import Slide

__all__ = ["is_slide", "open_slide", "shown_path", "slide_files"]

DICOM_MARK_AT = 128


def open_slide(source: Path | Sequence[Path]) -> Slide:
    """Open a slide; its pixels stay where they are until they are asked for.

    Args:
        source: a slide's file; or, for DICOM, the folder of its files, the files themselves or one of them (then only
            the resolution in it is there).

    Raises:
        InputError: no slide, damaged, or of a variant that is not read.
        MissingExtraError: the extra `slides` is not installed.
    """
    files = _files(source)
    if len(files) == 1 and not _is_dicom(files[0]):
        return _open_file(files[0])
    from osler.formats.dicom_slide import DicomSlide

    return DicomSlide(files, shown_path(source))


def slide_files(source: Path | Sequence[Path]) -> tuple[Path, ...]:
    """All files that a slide's pixels are in: the named one first; for DICOM, the finest first.

    Raises:
        InputError: as `open_slide`.
    """
    files = _files(source)
    if len(files) == 1 and not _is_dicom(files[0]):
        folder = mirax_folder(files[0])
        return files if folder is None else (*files, *sorted(path for path in folder.iterdir() if path.is_file()))
    from osler.formats.dicom_slide import dicom_slide_files

    return dicom_slide_files(files, shown_path(source))


def _open_file(path: Path) -> Slide:
    if slide_kind(path) == "ome":
        from osler.formats.ome import OmeSlide

        return OmeSlide(path)
    from osler.formats.openslide_slide import OpenslideSlide

    return OpenslideSlide(path)


def _files(source: Path | Sequence[Path]) -> tuple[Path, ...]:
    if not isinstance(source, Path):
        paths = tuple(source)
    elif source.is_dir():
        paths = tuple(sorted(path for path in source.iterdir() if path.is_file() and not path.name.startswith(".")))
    else:
        paths = (source,)
    if not paths:
        raise InputError(f"cannot read `{shown_path(source)}`: expected the files of a slide, got none")
    return tuple(check_file(path) for path in paths)


def shown_path(source: Path | Sequence[Path]) -> Path:
    """What messages and labels call the slide: what the user named, or the folder of several files."""
    if isinstance(source, Path):
        return source
    paths = tuple(source)
    return Path("slide") if not paths else paths[0] if len(paths) == 1 else paths[0].parent


def _is_dicom(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(DICOM_MARK_AT + 4)[DICOM_MARK_AT:] == b"DICM"
