"""Saying what was taken of what a person handed over, to stderr."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from osler.cli.console import print_note

if TYPE_CHECKING:
    from osler.values import SourceRecord

__all__ = ["FILES_HELP", "print_sources"]

FILES_HELP = (
    "Files, folders, ZIP archives or a DICOMDIR: DICOM, NIfTI, NRRD, MetaImage, whole slides, PDF, FHIR, PNG, JPEG, "
    "TIFF, WebP, BMP; or an address: dicomweb://HOST/…/studies/UID, https://HOST/fhir/Patient/ID."
)
SINGLE = ("film", "picture")


def print_sources(sources: "Sequence[SourceRecord]") -> None:
    """A line for each thing that is more than one picture, and the notes of all of them."""
    from osler.tasks.sheet import source_words

    for source in sources:
        if source.kind not in SINGLE or source.num_sent > 1 or source.series:
            print_note(source_words(source), style="dim")
        for note in source.notes:
            print_note(f"note: {note}", style="yellow")
