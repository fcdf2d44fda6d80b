"""Fields that rows of every form have: whose a row is, which part it belongs to, what of it is learned."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from osler.adapt.data.row import Learn
from osler.formats.lines import Line
from osler.tasks.own_data import PARTS, Part

__all__ = ["SHARED", "check_answer", "group_of", "learn_of", "part_of", "refuse_path"]

SHARED = ("id", "patient", "group", "groups", "split", "learn")
LEARN: Mapping[str, Learn] = {"all": "all", "last": "last"}
PICTURE_PATH = re.compile(r"\S+\.(png|jpe?g|tiff?|webp|bmp|dcm|nii(\.gz)?|nrrd|mh[ad]|pdf|svs|ndpi|zip)", re.IGNORECASE)


def group_of(line: Line) -> str | None:
    """Whose a row is, by `patient` or `group`.

    Raises:
        LineError: both are there and differ.
    """
    patient, group = line.optional("patient"), line.optional("group")
    if patient and group and patient != group:
        raise line.wrong("`patient` and `group` are both there: rows are kept together by one of them")
    return patient or group or None


def part_of(line: Line) -> Part | None:
    """The part that `split` names.

    Raises:
        LineError: it names none.
    """
    given = line.optional("split")
    if given and given.lower() not in PARTS:
        raise line.wrong("expected train, validation or test in `split`")
    return PARTS[given.lower()] if given else None


def learn_of(line: Line) -> Learn:
    """What of a row is learned.

    Raises:
        LineError: `learn` says something else.
    """
    given = line.optional("learn", "all")
    if given not in LEARN:
        raise line.wrong("expected all or last in `learn`")
    return LEARN[given]


def refuse_path(line: Line, field: str, value: Any, folder: Path) -> None:
    """Refuse a path where words belong: columns are mixed up.

    Raises:
        LineError: it is one.
    """
    if isinstance(value, str) and PICTURE_PATH.fullmatch(value.strip()):
        raise line.wrong(f"expected words in `{field}`, got a path: are columns mixed up?")


def check_answer(line: Line, answer: str, classes: tuple[str, ...]) -> str | None:
    """The answer where it is a class.

    Raises:
        LineError: answers are classes, and it is none of them.
    """
    if not classes:
        return None
    if answer not in classes:
        named = ", ".join(classes[:20])
        raise line.wrong(f"its answer is none of the {len(classes)} classes ({named})")
    return answer
