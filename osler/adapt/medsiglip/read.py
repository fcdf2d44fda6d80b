"""Rows for MedSigLIP: a table of files with texts or labels, or a folder with a folder of files for each label.

::

    films.csv      file,text,patient                      reports/…  one text a row
    films.jsonl    {"file": "a.dcm", "text": ["…", "…"], "patient": "17"}      several: each use draws one
    labels.csv     file,label,patient,split               several labels as `Effusion|Mass`, none as an empty cell
    skin/          naevus/a.jpg  melanoma/b.jpg           labels are the folders' names

Columns may also be called `image` or `path`, `caption` or `report`, `labels`, `group`. Of labels without texts,
texts are made: the label itself, or what the person gives for it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from osler.adapt.data.faults import Fault, Faults
from osler.adapt.data.fields import group_of, part_of
from osler.adapt.medsiglip.pair import Caption, Pair
from osler.errors import InputError
from osler.formats.lines import Line, LineError, walk_lines
from osler.tasks.classify import texts_of_labels
from osler.tasks.gather import gather
from osler.tasks.own_data import is_there, no_such_file

__all__ = ["Pairs", "Wanted", "read_pairs"]

FIELDS = {
    "file": ("file", "image", "path"),
    "text": ("text", "caption", "report"),
    "label": ("label", "labels", "finding labels"),
}
BETWEEN = "|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How rows are read.

    Attributes:
        labels: whether labels are learnt; else captions are.
        are_several: whether several labels, or none, may hold of one picture.
        texts: texts by label, for captions.
        templates: texts in which {} stands for a label's own.
        patients: how to tell whose a file is; None for the data's column, else as `osler.adapt.data.groups` tells it.
        is_empty: whether the tower of words would read nothing of a text.
    """

    labels: bool = False
    are_several: bool = False
    texts: Mapping[str, Sequence[str]] | None = None
    templates: Sequence[str] = ("{}",)
    patients: str | None = None
    is_empty: Callable[[str], bool] = lambda text: not text.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Rows of one source.

    Attributes:
        source: the file or folder.
        rows: those that can be used.
        faults: those that cannot.
        labels: all there are, by name.
        notes: what was left out.
        grouped_by: how it was told whose each row is, and of how many; known once they are divided.
    """

    source: Path
    rows: tuple[Pair, ...]
    faults: tuple[Fault, ...]
    labels: tuple[str, ...]
    notes: tuple[str, ...] = ()
    grouped_by: dict[str, int] = field(default_factory=dict)

    def refuse(self, more: Sequence[Fault] = ()) -> None:
        """Stop here if anything is wrong.

        Raises:
            InputError: with all bad rows.
        """
        faults = tuple(sorted((*self.faults, *more)))
        Faults(faults=faults, num_rows=len(self.rows) + len(self.faults)).refuse()
        if not self.rows:
            raise InputError(f"cannot tune on `{self.source}`: there is no row in it")


def read_pairs(source: Path, wanted: Wanted) -> Pairs:
    """Read rows; no picture is opened.

    Raises:
        InputError: the source cannot be read, or no column names a file.
    """
    if source.is_dir():
        found, notes = _of_folder(source)
    else:
        found, notes = list(_of_table(source, wanted)), ()
    rows = [row for row in found if isinstance(row, Pair)]
    faults = [row for row in found if isinstance(row, Fault)]
    labels = tuple(sorted({label for row in rows for label in row.labels}))
    if wanted.labels and len(labels) < (1 if wanted.are_several else 2):
        Faults(faults=tuple(faults), num_rows=len(found)).refuse()
        raise InputError(f"cannot learn labels from `{source}`: expected at least two, got {len(labels)}")
    rows = rows if wanted.labels else _captioned(rows, labels, wanted)
    faults += [fault for row in rows if (fault := _fault_of(row, wanted)) is not None]
    bad = {fault.number for fault in faults}
    good = tuple(row for row in rows if row.number not in bad)
    return Pairs(source=source, rows=good, faults=tuple(faults), labels=labels, notes=notes)


def _of_folder(folder: Path) -> tuple[list[Pair | Fault], tuple[str, ...]]:
    rows: list[Pair | Fault] = []
    skipped: Counter[str] = Counter()
    for below in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        gathered = gather([below])
        skipped.update(reason for _, reason in gathered.skipped)
        for found in gathered.found:
            where = (
                Path(found.path).relative_to(folder).as_posix() if found.path.is_relative_to(folder) else found.shown
            )
            rows.append(Pair(number=len(rows) + 1, where=where, file=found.path, labels=(below.name,)))
    if not rows:
        raise InputError(
            f"cannot learn from `{folder}`: expected a folder of files for each label",
            hint="or give a table: file,text or file,label",
        )
    return rows, tuple(f"{count:,} file{'s'[: count != 1]} left out: {reason}" for reason, count in skipped.items())


def _of_table(source: Path, wanted: Wanted) -> Iterator[Pair | Fault]:
    for line in walk_lines(source):
        try:
            if isinstance(line, LineError):
                raise line
            yield _row(line, source.parent, wanted)
        except LineError as error:
            yield Fault.of_line(error)


def _row(line: Line, folder: Path, wanted: Wanted) -> Pair:
    """One row.

    Raises:
        LineError: it cannot be used.
    """
    named = {name.strip().casefold(): value for name, value in line.values.items() if isinstance(name, str)}
    values = {field: next((named[name] for name in names if name in named), None) for field, names in FIELDS.items()}
    if not isinstance(values["file"], str) or not values["file"].strip():
        raise line.wrong("expected the name of a file in `file`")
    texts, labels = _words(values["text"], line, "text"), _words(values["label"], line, "label")
    if values["label"] is not None and isinstance(values["label"], str):
        labels = [part.strip() for part in values["label"].split(BETWEEN) if part.strip()]
    _refuse_half(values, texts, labels, line, wanted)
    return Pair(
        number=line.number,
        where=line.where.rsplit(", ", 1)[-1],
        file=folder / values["file"].strip(),
        captions=tuple(Caption(text=text) for text in texts),
        labels=tuple(dict.fromkeys(labels)),
        group=group_of(line),
        part=part_of(line),
    )


def _refuse_half(
    values: Mapping[str, Any], texts: Sequence[str], labels: Sequence[str], line: Line, wanted: Wanted
) -> None:
    """Refuse a row without what is learnt.

    Raises:
        LineError: it is one.
    """
    if not wanted.labels:
        if not texts and not labels:
            raise line.wrong("expected words in `text`, or a `label`")
    elif values["label"] is None:
        raise line.wrong("expected the field `label`")
    elif not wanted.are_several and len(labels) != 1:
        raise line.wrong(
            f"expected one label, got {len(labels)}", hint="--several learns rows with several labels, or none"
        )


def _words(value: Any, line: Line, field: str) -> list[str]:
    """A text, or a list of them, as a list; empty ones are left out.

    Raises:
        LineError: it is neither.
    """
    listed = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(one, str) for one in listed):
        raise line.wrong(f"expected words in `{field}`")
    return [one.strip() for one in listed if one.strip()]


def _captioned(rows: Sequence[Pair], labels: Sequence[str], wanted: Wanted) -> list[Pair]:
    """Rows with texts made of their labels, where they have none of their own.

    Raises:
        InputError: a label has no text.
    """
    own = wanted.texts or {label: (label,) for label in labels}
    missing = [label for label in labels if label not in own]
    if missing:
        raise InputError(f"cannot tune: no text was given for {len(missing)} labels, first `{missing[0]}`")
    texts = texts_of_labels({label: own[label] for label in labels}, wanted.templates) if labels else {}

    def captions(row: Pair) -> tuple[Caption, ...]:
        return tuple(Caption(text=text, label=label) for label in row.labels for text in texts[label])

    return [row if row.captions else replace(row, captions=captions(row)) for row in rows]


def _fault_of(row: Pair, wanted: Wanted) -> Fault | None:
    """Why a row cannot be used, apart from what is in its file."""
    if not is_there(row.file):
        return Fault(number=row.number, where=row.where, reason=no_such_file(row.file.name))
    if not wanted.labels and (not row.captions or any(wanted.is_empty(one.text) for one in row.captions)):
        return Fault(number=row.number, where=row.where, reason="its text has no letters")
    return None
