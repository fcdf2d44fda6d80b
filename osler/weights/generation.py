"""Which MedGemma a checkpoint is: the generation whose recipes its pictures were prepared by."""

import re
from collections.abc import Iterable
from typing import Any, Literal

__all__ = ["Generation", "generation_of"]

Generation = Literal["1", "1.5"]

SEPARATORS = re.compile(r"[\s_\-/]+")
LATER = re.compile(r"medgemma v?1\.5(?!\d)")
FIRST = re.compile(r"medgemma( v?1(\.0)?)? \d+b(?![a-z])")


def generation_of(names: Iterable[Any]) -> Generation | None:
    """The first generation that one of a checkpoint's names tells; None where none does.

    Published names read "medgemma-1.5-4b-it", "medgemma-4b-it" and "medgemma-27b-it"; converters write them with
    spaces, capitals and underlines. What is no text is passed over.

    >>> generation_of(["Medgemma 1.5 4b It"]), generation_of([None, "google/medgemma-27b-text-it"])
    ('1.5', '1')
    >>> generation_of(["gemma-3-4b-it", "medgemma"]) is None
    True
    """
    for name in names:
        plain = SEPARATORS.sub(" ", name.lower()) if isinstance(name, str) else ""
        if LATER.search(plain):
            return "1.5"
        if FIRST.search(plain):
            return "1"
    return None
