"""Single values of a DICOM data set: those that are damaged, missing or of another type are None, never an error.

Messages that are made of these name tags, and never a value that could be a patient's.
"""

import math
import re
from collections.abc import Collection, Sequence
from typing import Any

from pydicom.datadict import dictionary_description, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import Tag
from pydicom.uid import UID_dictionary

__all__ = ["code", "codes", "get", "known_name", "real", "reals", "sequence", "tag_name", "text", "uid", "whole"]

UID_FORM = re.compile(r"[0-9.]{1,64}")
CODE_FORM = re.compile(r"[A-Z0-9_ ]{1,16}")


def get(dataset: Dataset, keyword: str) -> Any:
    """An element's value; None where it is missing, empty or cannot be parsed."""
    try:
        return dataset.get(keyword)
    except Exception:  # pydicom parses on access, and damaged values raise nearly anything
        return None


def whole(dataset: Dataset, keyword: str) -> int | None:
    """A whole number."""
    number = real(dataset, keyword)
    return int(number) if number is not None and number.is_integer() else None


def real(dataset: Dataset, keyword: str) -> float | None:
    """A finite number."""
    return _finite(get(dataset, keyword))


def reals(dataset: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    """Exactly so many finite numbers."""
    values = get(dataset, keyword)
    if not isinstance(values, MultiValue | list | tuple) or len(values) != count:
        return None
    numbers = tuple(_finite(value) for value in values)
    return None if None in numbers else numbers  # type: ignore[return-value]


def text(dataset: Dataset, keyword: str) -> str:
    """A single text, "" where there is none; for comparing only, never for showing."""
    value = get(dataset, keyword)
    return value.strip() if isinstance(value, str) else ""


def uid(dataset: Dataset, keyword: str) -> str:
    """A unique identifier, "" where there is none of its form."""
    value = text(dataset, keyword)
    return value if UID_FORM.fullmatch(value) else ""


def code(dataset: Dataset, keyword: str, known: Collection[str]) -> str:
    """A code if it is one of the standard's; "" for any other, which could be anything."""
    value = text(dataset, keyword).upper()
    return value if value in known else ""


def codes(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """All values of a code string that have a code's form; for comparing only, never for showing."""
    values = get(dataset, keyword)
    single = (values,) if isinstance(values, str) else values if isinstance(values, MultiValue | list) else ()
    return tuple(str(value) for value in single if CODE_FORM.fullmatch(str(value)))


def sequence(dataset: Dataset, keyword: str) -> Sequence[Dataset]:
    """A sequence's items, none where it is missing or damaged."""
    items = get(dataset, keyword)
    return items if isinstance(items, Sequence) and not isinstance(items, str | bytes) else ()


def tag_name(keyword: str) -> str:
    """A tag with its name.

    >>> tag_name("Rows")
    '(0028,0010) Rows'
    """
    tag = Tag(tag_for_keyword(keyword) or 0)
    return f"({tag.group:04X},{tag.element:04X}) {dictionary_description(tag)}"


def known_name(identifier: Any) -> str:
    """A registered UID's name; "" for a private one, which could hold anything.

    >>> known_name("1.2.840.10008.1.2.1")
    'Explicit VR Little Endian'
    """
    entry = UID_dictionary.get(str(identifier))
    return entry[0] if entry else ""


def _finite(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
