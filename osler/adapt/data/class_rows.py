"""Folders whose sub-folders are classes: each file is asked which of them it shows, and its class is the answer.

::

    scans/tumor/1.png                  scans/train/tumor/1.png
    scans/no_tumor/2.png               scans/test/no_tumor/2.png      parts that the owner made
"""

from collections.abc import Sequence
from pathlib import Path

from osler.adapt.data.faults import Fault
from osler.adapt.data.question_rows import asked_of_classes, question_messages_of
from osler.adapt.data.row import Row, Rows
from osler.errors import InputError
from osler.tasks.lettered import LETTERS
from osler.tasks.own_data import PARTS, Part, class_name, classes_of

__all__ = ["class_rows"]


def class_rows(folder: Path, *, question: str | None = None) -> Rows:
    """The rows of a folder of classes, by name.

    Args:
        question: instead of "Which of these does the image show?" with the classes' names as choices; `{classes}` in
            it becomes the names, with commas between them.

    Raises:
        InputError: there are not two classes.
    """
    by_part = _parts_of(folder)
    names = sorted({name for classes in by_part.values() for name in classes})
    _check_number(names, folder, question)
    classes = tuple(map(class_name, names))
    found = [(part, name, path) for part, some in by_part.items() for name, paths in some.items() for path in paths]
    asked, options = asked_of_classes(question, classes)
    rows = [
        _row(number, path, folder, class_name(name), part, asked, options)
        for number, (part, name, path) in enumerate(found, start=1)
    ]
    faults = _unknown_classes(by_part, rows)
    bad = {fault.number for fault in faults}
    good = tuple(row for row in rows if row.number not in bad)
    return Rows(place=folder, rows=good, faults=faults, classes=classes)


def _check_number(names: Sequence[str], folder: Path, question: str | None) -> None:
    """There must be two classes or more, and letters for all where they are asked for by letters."""
    if len(names) < 2:
        raise InputError(
            f"cannot use `{folder.resolve().name}`: expected a table of rows such as samples.jsonl, or two or more "
            "folders that are classes, with files in them",
            hint="docs/tuning-data.md shows both",
        )
    if question is None and len(names) > len(LETTERS):
        raise InputError(
            f"cannot ask which of {len(names)} classes it is: there are {len(LETTERS)} letters for choices",
            hint="ask in your own words with --question",
        )


def _row(
    number: int, path: Path, folder: Path, label: str, part: Part | None, asked: str, options: tuple[str, ...]
) -> Row:
    return Row(
        number=number,
        where=path.relative_to(folder).as_posix(),
        messages=question_messages_of((path,), asked, label, options),
        files=(path,),
        part=part,
        label=label,
        question=asked,
        options=options,
    )


def _parts_of(folder: Path) -> dict[Part | None, dict[str, list[Path]]]:
    """The classes of each part; where the sub-folders are not called train, test and so on, all under None."""
    below = [one for one in sorted(folder.iterdir()) if one.is_dir() and not one.name.startswith(".")]
    if len(below) > 1 and all(one.name.lower() in PARTS for one in below):
        return {PARTS[one.name.lower()]: classes_of(one) for one in below}
    return {None: classes_of(folder)}


def _unknown_classes(by_part: dict[Part | None, dict[str, list[Path]]], rows: Sequence[Row]) -> tuple[Fault, ...]:
    """Rows of other parts whose class nothing is trained on."""
    if "train" not in by_part:
        return ()
    known = {class_name(name) for name in by_part["train"]}
    reason = "its class is none of those in the folder train"
    return tuple(Fault(number=row.number, where=row.where, reason=reason) for row in rows if row.label not in known)
