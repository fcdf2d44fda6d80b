"""Rows of tables as people keep them: JSON lines, JSON, CSV, TSV, Parquet, packed with gzip or not.

What is wrong in one is named by file, line and field, and never by value: a row may be a patient's. Rows come one at a
time, a bad one as the error that names it, so that all of a file's can be told at once.
"""

import csv
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from osler.errors import InputError, MissingExtraError

__all__ = [
    "Line",
    "LineError",
    "all_reasons",
    "read_value",
    "walk_json_lines",
    "walk_lines",
    "walk_parquet",
    "walk_table",
]

MOST_NAMED = 20
"""Bad rows that an error names."""

LONGEST_FIELD = 1 << 27
"""Characters: discharge notes and rationales are longer than the csv module's 131,072."""


class LineError(InputError):
    """A row that cannot be used.

    Args:
        where, number: the row's, as in `Line`.
        why: what is wrong with it.
    """

    def __init__(self, where: str, number: int, why: str, *, hint: str | None = None) -> None:
        super().__init__(f"cannot use {where}: {why}", hint=hint)
        self.where = where
        self.number = number
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of a file.

    Attributes:
        where: its file and line, for errors.
        values: its fields.
        number: its line, entry or row, from 1; of a row of several lines the last; 0 where nobody counted.
    """

    where: str
    values: Mapping[str, Any]
    number: int = 0

    def value(self, name: str) -> Any:
        """A field that must be there.

        Raises:
            InputError: it is not.
        """
        if self.values.get(name) is None:
            raise self.wrong(f"expected the field `{name}`, got {', '.join(self.values) or 'none at all'}")
        return self.values[name]

    def text(self, name: str) -> str:
        """A field that must hold words, as they stand; numbers and truth values are spelt out.

        Raises:
            InputError: it is not there, empty, or a list or an object.
        """
        value = self.value(name)
        if isinstance(value, list | dict):
            raise self.wrong(f"expected words in `{name}`, got {'a list' if isinstance(value, list) else 'an object'}")
        text = str(value)
        if not text.strip():
            raise self.wrong(f"expected words in `{name}`, got nothing")
        return text

    def optional(self, name: str, default: str = "") -> str:
        """A field's words where there are any, without white space around them."""
        value = self.values.get(name)
        return default if value is None or not str(value).strip() else str(value).strip()

    def wrong(self, why: str, *, hint: str | None = None) -> LineError:
        """An error that names this row."""
        return LineError(self.where, self.number, why, hint=hint)


def walk_lines(path: Path) -> Iterator[Line | LineError]:
    """Read rows by the ending of the file's name: .jsonl, .json (a list, or an object a line), .csv, .tsv, .parquet.

    Gives:
        each row, or the error that names it.

    Raises:
        InputError: the file is damaged, or has another ending.
        MissingExtraError: Parquet without pyarrow.
    """
    name = path.name.removesuffix(".gz")
    if name.endswith((".csv", ".tsv")):
        return walk_table(path)
    if name.endswith(".parquet"):
        return walk_parquet(path)
    if name.endswith(".jsonl"):
        return walk_json_lines(path)
    if name.endswith(".json"):
        return _walk_list(path) if _opens_list(path) else walk_json_lines(path)
    raise InputError(f"cannot read `{path.name}`: expected .jsonl, .json, .csv, .tsv or .parquet")


def walk_json_lines(path: Path) -> Iterator[Line | LineError]:
    """Read objects, one a line; empty lines are passed over.

    Raises:
        InputError: the file cannot be read.
    """
    with _opened(path) as file:
        for number, text in _numbered(file, path):
            if text.strip():
                yield _object(text, path, number)


def all_reasons(reasons: Sequence[str], num_rows: int) -> str:
    """Why rows cannot be used, one a line."""
    if len(reasons) == 1:
        return reasons[0]
    more = [f"… and {len(reasons) - MOST_NAMED} more"] if len(reasons) > MOST_NAMED else []
    return "\n".join([f"cannot use {len(reasons)} of {num_rows} rows:", *reasons[:MOST_NAMED], *more])


def read_value(path: Path) -> Any:
    """Read a file that is one JSON value.

    Raises:
        InputError: it is none.
    """
    with _opened(path) as file:
        try:
            text = file.read()
        except (UnicodeDecodeError, OSError, EOFError):
            raise _damaged(path) from None
    try:
        return _value(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"cannot read `{path.name}`: it is no JSON ({_where(error)})") from None


def walk_table(
    path: Path, *, required: Sequence[str] = (), columns: Sequence[str] | None = None
) -> Iterator[Line | LineError]:
    """Read a table one row at a time, for tables larger than memory; an empty one gives nothing.

    Args:
        path: the file, with tabs where its name ends in .tsv, packed with gzip where it ends in .gz.
        required: columns that must be there.
        columns: their names, for files that have no first line of names.

    Gives:
        each row, or the error that names it: it has another number of cells.

    Raises:
        InputError: the file cannot be read, or lacks a column.
    """
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_FIELD))
    with _opened(path) as file:
        delimiter = "\t" if path.name.removesuffix(".gz").endswith(".tsv") else ","
        reader = csv.DictReader(file, fieldnames=columns, delimiter=delimiter)
        _check_columns(path, _columns(reader, path), required)
        yield from _rows(reader, path)


def walk_parquet(path: Path) -> Iterator[Line | LineError]:
    """Read a Parquet file, as Hugging Face keeps many sets.

    Raises:
        InputError: it is damaged.
        MissingExtraError: pyarrow is not installed.
    """
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import read_table
    except ImportError:
        raise MissingExtraError(
            f"cannot read `{path.name}`: Parquet files need pyarrow",
            hint="pip install 'osler[search]', or save the rows as JSON lines",
        ) from None
    try:
        rows = read_table(path).to_pylist()
    except (ArrowException, OSError, ValueError):
        raise InputError(f"cannot read `{path.name}`: it is no Parquet file") from None
    for number, row in enumerate(rows, start=1):
        yield Line(where=f"`{path.name}`, row {number}", values=row, number=number)


def _walk_list(path: Path) -> Iterator[Line | LineError]:
    for number, row in enumerate(read_value(path), start=1):
        where = f"`{path.name}`, entry {number}"
        if isinstance(row, dict):
            yield Line(where=where, values=row, number=number)
        else:
            yield LineError(where, number, "expected an object")


def _opens_list(path: Path) -> bool:
    """Whether a .json file is one list; some owners write an object a line instead."""
    with _opened(path) as file:
        try:
            return file.read(256).lstrip().startswith("[")
        except (UnicodeDecodeError, OSError, EOFError):
            raise _damaged(path) from None


def _opened(path: Path) -> IO[str]:
    """The file as text, unpacked; a byte order mark at its start is left out."""
    try:
        if path.name.endswith(".gz"):
            return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
        return path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise InputError(f"cannot read `{path.name}`: {error.strerror or 'it cannot be opened'}") from None


def _numbered(file: IO[str], path: Path) -> Iterator[tuple[int, str]]:
    try:
        yield from enumerate(file, start=1)
    except (UnicodeDecodeError, OSError, EOFError):
        raise _damaged(path) from None


def _object(text: str, path: Path, number: int) -> Line | LineError:
    where = f"`{path.name}`, line {number}"
    try:
        values = _value(text)
    except (ValueError, RecursionError) as error:
        return LineError(where, number, f"it is no JSON ({_where(error, in_line=True)})")
    if not isinstance(values, dict):
        return LineError(where, number, "expected a JSON object")
    return Line(where=where, values=values, number=number)


def _value(text: str) -> Any:
    """A JSON value whose texts are all Unicode: an escape of half a character could not be written down again.

    Raises:
        ValueError, RecursionError: it is none.
    """
    value = json.loads(text)
    if "\\ud" in text.lower():
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _columns(reader: "csv.DictReader[str]", path: Path) -> Sequence[str]:
    try:
        return reader.fieldnames or ()
    except (csv.Error, UnicodeDecodeError, OSError, EOFError):
        raise _damaged(path) from None


def _check_columns(path: Path, columns: Sequence[str], required: Sequence[str]) -> None:
    missing = ", ".join(f"`{name}`" for name in required if name not in columns)
    if missing:
        got = ", ".join(columns[:12]) or "none"
        raise InputError(f"cannot use `{path.name}`: expected the columns {missing}, got {got}")


def _rows(reader: "csv.DictReader[str]", path: Path) -> Iterator[Line | LineError]:
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except (csv.Error, UnicodeDecodeError, OSError, EOFError):
            raise _damaged(path) from None
        where = f"`{path.name}`, line {reader.line_num}"
        if None in values or None in values.values():
            cells = len(reader.fieldnames or ())
            yield LineError(where, reader.line_num, f"expected {cells} cells, got another number")
        else:
            yield Line(where=where, values=values, number=reader.line_num)


def _damaged(path: Path) -> InputError:
    return InputError(f"cannot read `{path.name}`: it is damaged, or no text in UTF-8")


def _where(error: Exception, *, in_line: bool = False) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"from its character {error.pos + 1} on" if in_line else f"line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeEncodeError):
        return "half a character, such as \\ud83d alone"
    return type(error).__name__
