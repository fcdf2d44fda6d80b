"""Data for tuning, as people have them: JSON lines, tables, folders of classes.

docs/tuning-data.md explains their forms; names of fields are those of `osler eval own`, so that one file serves both.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from osler.adapt.data.class_rows import class_rows
from osler.adapt.data.conversation_rows import conversation_row
from osler.adapt.data.faults import Fault
from osler.adapt.data.question_rows import question_rows
from osler.adapt.data.row import Row, Rows
from osler.errors import InputError
from osler.formats.lines import Line, LineError, walk_lines
from osler.tasks.own_data import table_of
from osler.tasks.progress import Progress, no_progress

__all__ = ["READING_ROWS", "read_rows"]

READING_ROWS = "Reading rows"
ROWS_A_TELL = 1000


def read_rows(
    path: str | os.PathLike[str],
    *,
    question: str | None = None,
    classes: Sequence[str] = (),
    progress: Progress = no_progress,
) -> Rows:
    """Read data; no file that they name is opened.

    Args:
        path: a file of rows (.jsonl, .json, .csv, .tsv, .parquet, or packed with gzip), a folder with one, or a folder
            whose sub-folders are classes.
        question: what is asked where rows have none of their own; `{classes}` in it becomes the names of the classes.
        classes: what answers may be; () for whatever they are, and for folders of classes the folders' names.
        progress: told of rows that were read, which are not counted beforehand.

    Returns:
        The rows; lines that give none are among its `faults`, all of them.

    Raises:
        InputError: there is nothing of that sort, or the file as a whole cannot be read.
        MissingExtraError: Parquet without pyarrow.
    """
    place = Path(path)
    table = table_of(place)
    if table is None:
        return class_rows(place, question=question)
    rows: list[Row] = []
    faults: list[Fault] = []
    for count, line in enumerate(walk_lines(table), start=1):
        try:
            rows += _rows_of(line, table.parent, question, tuple(classes))
        except LineError as error:
            faults.append(Fault.of_line(error))
        if count % ROWS_A_TELL == 0:
            progress(READING_ROWS, count, count)
    if not rows and not faults:
        raise InputError(f"cannot use `{table.name}`: there are no rows in it")
    return Rows(place=table, rows=tuple(rows), faults=tuple(faults), classes=tuple(classes))


def _rows_of(line: Line | LineError, folder: Path, question: str | None, classes: tuple[str, ...]) -> Sequence[Row]:
    if isinstance(line, LineError):
        raise line
    if line.values.get("messages") is not None:
        return (conversation_row(line, folder, classes=classes),)
    return question_rows(line, folder, question=question, classes=classes)
