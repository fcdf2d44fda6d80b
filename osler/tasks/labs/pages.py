"""The pages of laboratory reports: each page of a PDF, or a photo, with the text that it may have."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from osler.errors import InputError
from osler.tasks.batch import batches_of
from osler.tasks.document import plan_document
from osler.tasks.gather import Found, naming_as_written
from osler.tasks.labs.text_check import PageText, page_text
from osler.tasks.picture import plan_picture
from osler.tasks.progress import Progress, no_progress
from osler.tasks.study_options import StudyOptions
from osler.tasks.tiled import tiled
from osler.tasks.view import View
from osler.values import Image, ImagePart, SourceRecord

__all__ = ["Page", "ReportFile", "open_pages", "report_files"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Page:
    """A page as it goes to the model.

    Attributes:
        number, total: the how-manyth page of how many its file has, from 1.
        images: the page whole, then its parts where there are any.
        source: what was chosen.
        text: its text layer, None where it has none.
    """

    number: int
    total: int
    images: tuple[Image, ...]
    source: SourceRecord
    text: PageText | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReportFile:
    """A file of a report, or a picture in memory, and which of its pages (from 1) are asked about."""

    pages: tuple[int, ...]
    total: int
    found: Found | None = None
    picture: Image | None = None


def report_files(
    sources: Sequence[object], options: StudyOptions, *, progress: Progress = no_progress
) -> tuple[ReportFile, ...]:
    """What was handed over, checked before any page is drawn.

    Args:
        sources: PDF files, pictures, folders and archives of these, and pictures in memory.
        options: `pages`, `dpi` and `tiles` count.
        progress: told of what takes long.

    Raises:
        InputError: something is no document and no picture, or has no such pages.
    """
    files: list[ReportFile] = []
    for batch in batches_of(sources, progress=progress):
        if batch.picture is not None:
            files.append(ReportFile(pages=(1,), total=1, picture=batch.picture))
        with naming_as_written(batch.found):
            files += [_opened(found, options) for found in batch.found]
    if not files:
        raise InputError("cannot read laboratory reports: no file was named", hint="name a PDF or a photo")
    return tuple(files)


def open_pages(files: Sequence[ReportFile], options: StudyOptions) -> Iterator[Page]:
    """The pages, drawn one by one as they are asked for."""
    for file in files:
        if file.picture is not None:
            yield _of_memory(file.picture, options)
            continue
        assert file.found is not None
        for number in file.pages:
            with naming_as_written((file.found,)):
                yield _page(file, file.found, number, options)


def _opened(found: Found, options: StudyOptions) -> ReportFile:
    from osler.formats.detect import KIND_NAMES, PICTURES

    if found.kind in PICTURES:
        return ReportFile(pages=(1,), total=1, found=found)
    if found.kind != "pdf":
        raise InputError(
            f"cannot read `{found.path}` as a laboratory report: expected a PDF or a picture, got "
            f"{KIND_NAMES[found.kind]}",
            hint="`osler record` asks about FHIR records, `osler ask` about everything else",
        )
    from osler.formats.pdf import open_pdf

    plan_document(found.path, options)  # refuses pages that it does not have, and those that would be too large
    with closing(open_pdf(found.path)) as document:
        first, last = options.pages or (1, document.num_pages)
        return ReportFile(pages=tuple(range(first, last + 1)), total=document.num_pages, found=found)


def _page(file: ReportFile, found: Found, number: int, options: StudyOptions) -> Page:
    """A page of a file, drawn; a picture is a page without text."""
    if found.kind != "pdf":
        view = plan_picture(found.path, found.kind, options).develop(None)
        return Page(number=1, total=1, images=_pictures(view), source=view.source, text=None)
    view = plan_document(found.path, replace(options, pages=(number, number))).develop(None)
    text = _text(found.path, number)
    return Page(number=number, total=file.total, images=_pictures(view), source=view.source, text=text)


def _pictures(view: View) -> tuple[Image, ...]:
    """A view's pictures without their labels: each page is asked about by itself."""
    return tuple(part.image for part in view.parts if isinstance(part, ImagePart))


def _text(path: Path, number: int) -> PageText | None:
    from osler.formats.pdf import open_pdf

    with closing(open_pdf(path)) as document:
        return page_text(document.text(number - 1))


def _of_memory(picture: Image, options: StudyOptions) -> Page:
    files = () if picture.file is None else (picture.file,)
    source = SourceRecord(kind="picture", files=files, reason="handed over")
    return Page(number=1, total=1, images=tuple(tiled(picture, options.tiles)), source=source, text=None)
