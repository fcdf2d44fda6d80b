"""Rows of files as datasets are distributed; which files were read is remembered (`osler.formats.lines` reads them).

(`label_tables` reads the smaller tables of labels, whose cells are plain words.)
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from osler.errors import InputError
from osler.evals.benchmarks.files import note_read
from osler.formats.lines import (
    Line,
    LineError,
    all_reasons,
    read_value,
    walk_json_lines,
    walk_lines,
    walk_parquet,
    walk_table,
)

__all__ = ["Line", "all_reasons", "read_json", "read_jsonl", "read_lines", "read_parquet", "walk_csv"]


def read_lines(path: Path) -> list[Line]:
    """Read rows by the ending of the file's name: .jsonl, .json (a list, or an object a line), .csv, .tsv, .parquet.

    Raises:
        InputError: it is damaged or empty, has another ending, or rows cannot be read (all are named).
        MissingExtraError: Parquet without pyarrow.
    """
    note_read(path)
    return _all(walk_lines(path), path)


def read_jsonl(path: Path) -> list[Line]:
    """Read objects, one a line; empty lines are passed over.

    Raises:
        InputError: it cannot be read, lines are no JSON objects (all are named), or there is none.
    """
    note_read(path)
    return _all(walk_json_lines(path), path)


def read_json(path: Path) -> Any:
    """Read a file that is one JSON value.

    Raises:
        InputError: it is none.
    """
    note_read(path)
    return read_value(path)


def walk_csv(path: Path, *, required: Sequence[str] = (), columns: Sequence[str] | None = None) -> Iterator[Line]:
    """Read a table one row at a time; see `osler.formats.lines.walk_table`.

    Raises:
        InputError: it cannot be read, lacks a column, or a row has another number of cells.
    """
    note_read(path)
    for line in walk_table(path, required=required, columns=columns):
        if isinstance(line, LineError):
            raise line
        yield line


def read_parquet(path: Path) -> list[Line]:
    """Read a Parquet file, as Hugging Face keeps many sets.

    Raises:
        InputError: it is damaged or empty.
        MissingExtraError: pyarrow is not installed.
    """
    note_read(path)
    return _all(walk_parquet(path), path)


def _all(rows: Iterable[Line | LineError], path: Path) -> list[Line]:
    """All rows, of which there is one at least and none is bad."""
    lines, reasons = [], []
    for row in rows:
        if isinstance(row, LineError):
            reasons.append(row.message)
        else:
            lines.append(row)
    if reasons:
        raise InputError(all_reasons(reasons, len(lines) + len(reasons)))
    if not lines:
        raise InputError(f"cannot use `{path.name}`: there are no rows in it")
    return lines
