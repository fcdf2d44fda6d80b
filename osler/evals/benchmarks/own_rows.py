"""A user's own rows: where they stand, what a row may hold, and every bad one named.

A row has a `question` or what stands for one, the files it is about, and what is right, in one of the forms of `Kind`.
docs/own-data.md explains it to people.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from osler.errors import InputError
from osler.evals.benchmarks.lines import Line, all_reasons, read_lines
from osler.evals.sample import Sample
from osler.tasks.own_data import PARTS, check_fields, decoded, files_of

__all__ = ["HELP", "Kind", "common", "rows_of", "samples_of"]

Kind = Literal["options", "answer", "labels", "boxes", "json"]
"""What a row says is right, by the field that says it; `options` comes with `answer`."""

FIELDS = (
    "id",
    "file",
    "files",
    "question",
    "answer",
    "options",
    "labels",
    "boxes",
    "json",
    "schema",
    "patient",
    "group",
    "groups",
    "split",
)
JSON_FIELDS = ("files", "options", "labels", "boxes", "json", "schema", "groups")
HELP = "docs/own-data.md shows rows of every kind"


def rows_of(table: Path) -> tuple[Kind, list[Line]]:
    """The rows of a file, and the form of what is right, by the first of them.

    Where rows name a `split`, those of the test part.

    Raises:
        InputError: the file cannot be read, its first row says nothing that is right, or no row is of the test part.
    """
    lines = [decoded(line, JSON_FIELDS) for line in read_lines(table)]
    if any(line.optional("split") for line in lines):
        lines = [line for line in lines if PARTS.get(line.optional("split").lower()) == "test"]
        if not lines:
            raise InputError(
                f"cannot use `{table.name}`: its rows name a `split`, and none of them is of `test`", hint=HELP
            )
    return _kind(lines[0]), lines


def samples_of(lines: Sequence[Line], kind: Kind, make: Callable[[Line], Iterable[Sample]]) -> list[Sample]:
    """The samples of all rows.

    Args:
        make: the samples of a row; raises InputError.

    Raises:
        InputError: rows cannot be used, each with its reason; or no row asks anything.
    """
    samples: list[Sample] = []
    reasons: list[str] = []
    for line in lines:
        try:
            check_fields(line, FIELDS)
            if _kind(line) != kind:
                raise line.wrong(f"it has `{_kind(line)}`, but the first row has `{kind}`: one kind a file")
            samples += make(line)
        except InputError as error:
            reasons.append(error.message)
    if reasons:
        raise InputError(all_reasons(reasons, len(lines)), hint=HELP)
    if not samples:
        raise InputError(f"cannot use {lines[0].where} and what follows: no row asks anything", hint=HELP)
    return samples


def common(line: Line, table: Path) -> dict[str, Any]:
    """What rows of every kind have, by the names of `Sample`'s fields; `seen` are the files, still as paths.

    Raises:
        InputError: a file is not there, or the groups are no object of words.
    """
    groups = line.values.get("groups") or {}
    if not isinstance(groups, dict) or not all(isinstance(value, str | int | float) for value in groups.values()):
        raise line.wrong('expected an object such as {"sex": "F"} in `groups`')
    return {
        "id": line.optional("id") or _number(line),
        "files": files_of(line, table.parent),
        "cluster": line.optional("patient") or line.optional("group"),
        "groups": {str(name): str(value) for name, value in groups.items()},
    }


def _number(line: Line) -> str:
    """The row's own place as its name: "line 4", "entry 4" or "row 4"."""
    return line.where.rsplit(", ", 1)[-1]


def _kind(line: Line) -> Kind:
    given = [kind for kind in get_args(Kind) if line.values.get(kind) not in (None, "")]
    if given[:2] == ["options", "answer"]:
        given.remove("answer")
    if len(given) != 1:
        wanted = "`answer`, `options` with `answer`, `labels`, `boxes` or `json`"
        raise line.wrong(f"expected one of {wanted}, got {' and '.join(f'`{kind}`' for kind in given) or 'none'}")
    return given[0]
