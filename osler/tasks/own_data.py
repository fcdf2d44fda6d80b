"""A user's own rows, for tuning and for evaluation alike: where they stand, and what their fields are called.

A row has a `question`, the files it is about, and what is right. docs/own-data.md explains it to people.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from osler.errors import InputError
from osler.formats.lines import Line

__all__ = [
    "CLASS_QUESTION",
    "LABEL_QUESTION",
    "PARTS",
    "YES_NO",
    "Part",
    "check_fields",
    "class_name",
    "classes_of",
    "decoded",
    "files_of",
    "holds_words",
    "is_there",
    "no_such_file",
    "table_of",
]

TABLES = ("samples.jsonl", "samples.json", "samples.csv", "samples.tsv", "samples.parquet")
ENDINGS = (".jsonl", ".json", ".csv", ".tsv", ".parquet", ".jsonl.gz", ".csv.gz", ".tsv.gz")
CLASS_QUESTION = "Which of these does the image show?"
LABEL_QUESTION = "Is there {label} in this image?"

YES_NO: Mapping[str, str] = {"yes": "yes", "true": "yes", "1": "yes", "no": "no", "false": "no", "0": "no"}
"""What may stand for yes and no, in small letters."""

Part = Literal["train", "validation", "test"]
PARTS: Mapping[str, Part] = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
"""What `split` may say, and what folders of parts are called, in small letters."""

LONGEST_NAME = 1024
MOST_SPACES = 3


def table_of(place: Path) -> Path | None:
    """The file of rows: the place itself, `samples.…` in a folder, or a folder's only table; None where there is none.

    Raises:
        InputError: there is no such place, or a folder holds several tables of which none is called `samples`.
    """
    if place.is_file():
        return place
    if not place.exists():
        raise InputError(f"cannot read your data: there is no `{place}`", hint="name the file of rows, or its folder")
    named = next((place / name for name in TABLES if (place / name).is_file()), None)
    if named is not None:
        return named
    tables = sorted(path for path in place.iterdir() if path.is_file() and path.name.endswith(ENDINGS))
    if len(tables) > 1:
        listed = ", ".join(f"`{path.name}`" for path in tables[:5])
        raise InputError(
            f"cannot choose among the tables in `{place.name}`: {listed}",
            hint="name one of them, or call it samples.jsonl",
        )
    return tables[0] if tables else None


def decoded(line: Line, fields: Sequence[str]) -> Line:
    """A row whose lists and objects are written as JSON in the cells of a CSV table, as lists and objects.

    Args:
        fields: those that may hold lists or objects.

    Raises:
        LineError: such a cell is no JSON.
    """
    values = dict(line.values)
    for name in fields:
        value = values.get(name)
        if isinstance(value, str) and value.strip().startswith(("[", "{")):
            try:
                values[name] = json.loads(value)
            except ValueError:
                raise line.wrong(f"expected JSON in `{name}`, because it begins with a bracket") from None
    return replace(line, values=values)


def files_of(line: Line, folder: Path) -> tuple[Path, ...]:
    """The paths of `file` or `files`, relative ones in the table's folder.

    Raises:
        LineError: they are no paths, or a file is not there.
    """
    given = line.values.get("files") if line.values.get("files") is not None else line.values.get("file")
    if isinstance(given, str):
        given = [given] if given.strip() else []
    if not isinstance(given, list | None) or not all(isinstance(name, str) and name.strip() for name in given or []):
        raise line.wrong("expected a path in `file`, or a list of paths in `files`")
    paths = tuple(folder / name.strip() for name in given or [])
    for path, name in zip(paths, given or [], strict=True):
        if not is_there(path):
            if holds_words(name):
                raise line.wrong("expected a path in `file` or `files`, got words: are columns mixed up?")
            raise line.wrong(no_such_file(name))
    return paths


def is_there(path: Path) -> bool:
    """Whether there is a file or folder; not where the system refuses the name, which may be a text."""
    try:
        return path.exists()
    except OSError:
        return False


def holds_words(text: str) -> bool:
    """Whether something that should be a path is more likely a sentence, which may be a patient's.

    >>> holds_words("films/chest 1.png"), holds_words("The heart is not enlarged.")
    (False, True)
    """
    if "\n" in text or len(text) > LONGEST_NAME:
        return True
    return not _has_ending(text) and (text.strip().count(" ") >= MOST_SPACES or text.rstrip().endswith((".", "?", "!")))


def no_such_file(name: str) -> str:
    """What to say of a path that leads nowhere; it is told only where it ends as files do, else it may be a patient's.

    >>> no_such_file("films/chest 1.png")
    'there is no file `films/chest 1.png`'
    >>> no_such_file("Miller^Anna")
    'what should be a path is none, and has no ending: are columns mixed up?'
    """
    if _has_ending(name):
        return f"there is no file `{name}`"
    return "what should be a path is none, and has no ending: are columns mixed up?"


def _has_ending(text: str) -> bool:
    return re.search(r"[./\\][\w-]{1,16}/?$", text.strip()) is not None


def check_fields(line: Line, fields: Sequence[str]) -> None:
    """Refuse a row with a field of another name; the nearest right one is told.

    Raises:
        LineError: there is one.
    """
    for name in line.values:
        if name not in fields:
            near = get_close_matches(str(name), fields, n=1)
            raise line.wrong(f"there is no field `{name}`{f'; did you mean `{near[0]}`?' if near else ''}")


def classes_of(folder: Path) -> dict[str, list[Path]]:
    """The files of each sub-folder by its name; hidden ones and folders without files are left out."""
    classes: dict[str, list[Path]] = {}
    for one in sorted(folder.iterdir()):
        if one.is_dir() and not one.name.startswith("."):
            files = sorted(path for path in one.rglob("*") if path.is_file() and not path.name.startswith("."))
            if files:
                classes[one.name] = files
    return classes


def class_name(folder: str) -> str:
    """What a class is called in questions and answers.

    >>> class_name("no_tumor")
    'no tumor'
    """
    return folder.replace("_", " ")
