"""A part of the data as rows of `osler eval own`, so that a model can be measured on it before and after tuning."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from os.path import relpath
from pathlib import Path
from typing import Any

from osler.adapt.data.groups import groups_of_rows
from osler.adapt.data.row import Row, Rows
from osler.errors import InputError
from osler.tasks.chat import is_data
from osler.tasks.writing import write_new

__all__ = ["Samples", "write_samples"]

TOGETHER = "samples.jsonl"
APART = {"options": "choices.jsonl", "answer": "answers.jsonl"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """What was written.

    Attributes:
        paths: one file, or two where some rows have choices and others have not: a file for evaluation holds one kind.
        num_rows: rows in them.
        left_out: how many rows one question with its files cannot say: several turns, system texts, pictures that
            stand in the row itself.
    """

    paths: tuple[Path, ...]
    num_rows: int
    left_out: int


def write_samples(rows: Rows, folder: Path, *, patients: str | None = None) -> Samples:
    """Write rows for `osler eval own --data FOLDER --prompt plain`, which then asks what was learned, word for word.

    Files stay where they are. Groups are written as digests.

    Args:
        rows: such as `Parts.test`.
        folder: where to; made where it is not there. What was written before is left where it says the same.
        patients: as in `groups_of_rows`.

    Raises:
        InputError: other rows are there already, or it cannot be written.
    """
    groups = groups_of_rows(rows, patients=patients).of
    lines: dict[str, list[str]] = defaultdict(list)
    for row, group in zip(rows, groups, strict=True):
        if _is_one_question(row):
            line = json.dumps(_line(row, group, folder), ensure_ascii=False)
            lines["options" if row.options else "answer"].append(line)
    paths = {kind: folder / (APART[kind] if len(lines) > 1 else TOGETHER) for kind in lines}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write into `{folder}`: {error.strerror or type(error).__name__}") from None
    for kind, path in paths.items():
        _write("\n".join(lines[kind]) + "\n", path)
    written = sum(map(len, lines.values()))
    return Samples(paths=tuple(paths.values()), num_rows=written, left_out=len(rows) - written)


def _is_one_question(row: Row) -> bool:
    return len(row.messages) == 2 and not any(is_data(image) for image in _images(row.messages[0]))


def _images(message: Mapping[str, Any]) -> Sequence[Any]:
    content = message["content"]
    parts = [] if isinstance(content, str) else content
    return [part["image"] for part in parts if isinstance(part, Mapping) and part.get("type") == "image"]


def _line(row: Row, group: str, folder: Path) -> dict[str, Any]:
    names = [Path(relpath(path, folder)).as_posix() for path in row.files]
    files = {"file": names[0]} if len(names) == 1 else {"files": names} if names else {}
    options = {"options": list(row.options)} if row.options else {}
    patient = sha256(group.encode()).hexdigest()[:16]
    return {"id": row.where, **files, "question": row.question, **options, "answer": row.answer, "patient": patient}


def _write(text: str, path: Path) -> None:
    data = text.encode()
    if not (path.is_file() and path.read_bytes() == data):
        write_new(path, data)
