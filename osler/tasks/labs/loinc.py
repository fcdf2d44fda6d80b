"""LOINC codes that a test may have, by its name, unit and specimen: candidates for a person to choose from.

A name alone seldom decides: glucose in mg/dL and in mmol/L have different codes, and so has glucose in urine. What a
unit rules out is not offered. The table, `loinc.csv`, holds common tests only: codes and components are LOINC's (see
`LOINC_NOTICE`), the names by which reports call them are ours.
"""

import csv
import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

from osler.tasks.labs.extraction import LabTest
from osler.tasks.labs.units import Unit

__all__ = ["LOINC_NOTICE", "Candidate", "candidates"]

LOINC_NOTICE = (
    "This material contains content from LOINC (http://loinc.org). LOINC is copyright © Regenstrief Institute, Inc. "
    "and the Logical Observation Identifiers Names and Codes (LOINC) Committee and is available at no cost under the "
    "license at http://loinc.org/license. LOINC® is a registered United States trademark of Regenstrief Institute, Inc."
)
"""What LOINC's license asks every copy of its content to say."""

MOST = 3
Because = Literal["name and unit", "name"]

IDLE = frozenset(
    {"serum", "plasma", "blood", "urine", "whole", "test", "level", "levels", "estimation", "quantitative", "automated"}
    | {"calculated", "calc", "s", "p", "b", "u", "value", "measured", "random", "spot", "by"}
)
"""Words of a name that say no more than specimen and unit do; a name of nothing else keeps them."""

UNITLESS = frozenset({"ratio", "none", "words"})
SPELLINGS = (("haem", "hem"), ("leuco", "leuko"), ("ionis", "ioniz"), ("colour", "color"), ("glycos", "glyc"))


class Candidate(NamedTuple):
    """A LOINC code, its component, and what speaks for it."""

    code: str
    name: str
    because: Because


class _Entry(NamedTuple):
    code: str
    component: str
    measures: str
    system: str


def candidates(test: LabTest, unit: Unit | None) -> tuple[Candidate, ...]:
    """Codes that a test may have, the likeliest first; () for a name that is not in the table.

    Args:
        test: as it was printed.
        unit: its unit, None where it is not known or there is none.
    """
    named = _named(test.name)
    systems = _systems(test)
    fitting = [entry for entry in named if entry.system in systems]
    if not fitting and systems != {"urine"}:
        fitting = named  # what is only ever looked for in urine, or in arterial blood, needs no other sign
    if unit is None:
        unitless = [entry for entry in fitting if entry.measures in UNITLESS]
        return tuple(Candidate(entry.code, entry.component, "name") for entry in (unitless or fitting)[:MOST])
    measured = [entry for entry in fitting if entry.measures == unit.kind]
    return tuple(Candidate(entry.code, entry.component, "name and unit") for entry in measured[:MOST])


def _systems(test: LabTest) -> set[str]:
    """What may have been examined, by what the report says of it."""
    said = " ".join(part for part in (test.name, test.specimen, test.panel) if part).casefold()
    if "urin" in said:
        return {"urine"}
    if "arter" in said or "abg" in said.split() or "blood gas" in said:
        return {"arterial blood", "blood"}
    return {"blood", "serum or plasma"}


def _named(name: str) -> list[_Entry]:
    """The entries of a name: of the whole of it, else of what stands outside its brackets, else inside."""
    plain = unicodedata.normalize("NFKC", name)
    inside = re.findall(r"[(\[]([^()\[\]]+)[)\]]", plain)
    outside = re.sub(r"[(\[][^()\[\]]*[)\]]", " ", plain)
    for form in (plain, outside, *inside, *re.split(r"\s+-\s+|/|,", outside)):
        if (found := _table().get(_folded(form))) is not None:
            return found
    return []


@cache
def _table() -> dict[str, list[_Entry]]:
    """The entries of every name, as they stand in the file."""
    table: dict[str, list[_Entry]] = {}
    text = files(__package__).joinpath("loinc.csv").read_text(encoding="utf-8")
    for line in csv.DictReader(text.splitlines()):
        entry = _Entry(line["code"], line["component"], line["measures"], line["system"])
        for name in dict.fromkeys(_folded(name) for name in line["names"].split(";")):
            table.setdefault(name, []).append(entry)
    return table


def _folded(name: str) -> str:
    """Small letters, American spelling, no punctuation, no idle words, no plurals."""
    plain = name.casefold()
    for british, american in SPELLINGS:
        plain = plain.replace(british, american)
    words = [_singular(word) for word in re.findall(r"[^\W_]+", plain)]
    return " ".join(word for word in words if word not in IDLE) or " ".join(words)


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
