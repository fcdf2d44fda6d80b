"""The names that a client gave its files, put back where the server knows them by numbers.

A study's files lie in its folder as ``000000``, ``000001``, …, so that a folder tells nothing; what is told to the
client who brought them names them as that client does.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["files_of", "label_of", "named", "named_of"]

NUMBER = re.compile(r"\d{6}")
QUOTED = re.compile(r"`(?:study-[0-9a-f]+/)?(\d{6})`")
NAMED = ("name", "file")

Files = Sequence[Mapping[str, Any]]


def files_of(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """Names and digests of the files of a study, in their order."""
    files: list[dict[str, str]] = json.loads(row["described"]).get("files", [])
    return files


def named(value: Any, files: Files) -> Any:
    """A text, or plain values, with names in place of numbers; what is not the number of a file stays as it is.

    >>> files = [{"name": "chest.dcm", "sha256": "5c83"}]
    >>> named("cannot read `000000`: it is empty", files)
    'cannot read `chest.dcm`: it is empty'
    >>> named({"file": {"name": "000000", "sha256": "5c83"}, "result": "000000"}, files)
    {'file': {'name': 'chest.dcm', 'sha256': '5c83'}, 'result': '000000'}
    """
    return _named(value, files, {one["sha256"]: one["name"] for one in files})


def label_of(label: str, files: Files) -> str:
    """A label that may be a file's number.

    >>> label_of("000000", [{"name": "chest.dcm", "sha256": "5c83"}]), label_of("series 3", [])
    ('chest.dcm', 'series 3')
    """
    return _by_number(label, files) if NUMBER.fullmatch(label) else label


def named_of(text: str, study_id: str, files: Files) -> str:
    """A text in which paths of one study's files are the names of those files.

    >>> named_of("cannot read `/data/studies/study-1f/000000`", "study-1f", [{"name": "chest.dcm", "sha256": "5c83"}])
    'cannot read `chest.dcm`'
    """
    path = re.compile(rf"`[^`]*\b{re.escape(study_id)}[/\\](\d{{6}})`")
    return path.sub(lambda found: f"`{_by_number(found[1], files)}`", text)


def _named(value: Any, files: Files, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return QUOTED.sub(lambda found: f"`{_by_number(found[1], files)}`", value)
    if isinstance(value, Mapping):
        return {key: _of_file(key, part, value, names) or _named(part, files, names) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_named(part, files, names) for part in value]
    return value


def _by_number(number: str, files: Files) -> str:
    return files[int(number)]["name"] if int(number) < len(files) else number


def _of_file(key: str, part: Any, whole: Mapping[str, Any], names: Mapping[str, str]) -> str | None:
    """The name of the file that a mapping tells the digest of, where a key has its number."""
    if key not in NAMED or not isinstance(part, str) or not NUMBER.fullmatch(part):
        return None
    return names.get(str(whole.get("sha256")))
