"""Write docs/dicom-files.md: what becomes of every DICOM file that comes with pydicom and pydicom-data.

python tools/dicom_table.py
"""

import os
import sys
from itertools import groupby
from pathlib import Path

import pydicom
from pydicom.uid import UID_dictionary

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from osler.errors import InputError  # noqa: E402
from osler.formats.dicom_header import DicomHeader, read_header  # noqa: E402
from osler.tasks.film import plan_film  # noqa: E402
from osler.tasks.study_options import StudyOptions  # noqa: E402
from osler.testing.dicom_files import dicom_files  # noqa: E402

PAGE = ROOT / "docs" / "dicom-files.md"
HEAD = """\
# What becomes of every DICOM file of pydicom's and pydicom-data's test sets

Made by `python tools/dicom_table.py` with pydicom {version}; `tests/formats/test_dicom_files.py` checks each of them.
Each file is looked at by itself, as a film: it gives a picture, at most eight of its frames, or an error that names the
reason. (Slices of a series become a volume when their folder is given.) {images} of {total} files give pictures.

| file | modality | transfer syntax | stored | result |
|---|---|---|---|---|
"""


def main() -> None:
    """Read every file and write the table; neighbours in one folder that fare the same share a row."""
    found = [(path, *_cells(path)) for path in dicom_files()]
    rows = [_row(list(members)) for _, members in groupby(found, key=lambda one: (one[0].parent, one[1]))]
    head = HEAD.format(version=pydicom.__version__, images=sum(shown for *_, shown in found), total=len(found))
    PAGE.write_text(head + "".join(f"{row}\n" for row in rows))


def _row(members: list[tuple[Path, tuple[str, ...], bool]]) -> str:
    path, cells, _ = members[0]
    more = f" and {len(members) - 1} more" if len(members) > 1 else ""
    return "| " + " | ".join((_name(path) + more, *cells)) + " |"


def _cells(path: Path) -> tuple[tuple[str, ...], bool]:
    try:
        header = read_header(path)
    except InputError as error:
        return ("", "", "", _reason(error, path)), False
    described = (header.modality, _syntax(header), _stored(header))
    try:
        view = plan_film([header], StudyOptions()).develop(None)
    except InputError as error:
        return (*described, _reason(error, path)), False
    sent = f"{len(view.images)} of {header.num_frames} frames: " if header.num_frames > 1 else ""
    steps = [step for step in view.images[0].steps[1:] if not step.startswith("frame ")]
    return (*described, sent + ("; ".join(steps) or "as it is")), True


def _name(path: Path) -> str:
    return (
        os.path.join(*path.parts[path.parts.index("dicomdirtests") + 1 :])
        if "dicomdirtests" in path.parts
        else path.name
    )


def _syntax(header: DicomHeader) -> str:
    return UID_dictionary[header.transfer_syntax][0] if header.transfer_syntax in UID_dictionary else ""


def _stored(header: DicomHeader) -> str:
    if not header.is_image:
        return ""
    frames = f"{header.num_frames} × " if header.num_frames > 1 else ""
    samples = " × 3" if header.samples == 3 else ""
    return f"{frames}{header.columns} × {header.rows}{samples}, {header.bits_allocated} bits, {header.photometric}"


def _reason(error: InputError, path: Path) -> str:
    return "refused: " + error.message.split(f"`{path}`: ", 1)[-1]


if __name__ == "__main__":
    main()
