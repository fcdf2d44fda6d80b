"""Units as laboratories print them, in UCUM where they are known; what is not known stays as it was printed.

A unit is taken apart at its slashes; each part is a power of ten, or an atom with its prefix in a usual spelling::

    x10^3/µL   ─►  10*3 / uL        mIU/mL  ─►  m[IU] / mL        gm%  ─►  g/dL (by name)

Only the spelling changes, never the number: mm³ becomes uL because they are the same, mg/dL never becomes g/L.
What could mean two things is left alone: "G/L" is grams in one country and 10⁹ in another.

Source: the UCUM specification, and its list of example units for electronic messaging (ucum.org).
"""

import re
import unicodedata
from typing import NamedTuple

from osler.tasks.labs.unit_names import ATOMS, FIELDS, NAMED, Kind

__all__ = ["Unit", "unit_of"]

LONGEST = 40
SUPERSCRIPTS = str.maketrans({sign: f"^{digit}" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")})
SPELLINGS = str.maketrans({"μ": "u", "×": "x", "·": ".", "∕": "/", "⁄": "/", "−": "-"})
POWER = re.compile(r"x?10(?:(?:\^|\*{1,2}|e)(\d{1,2})|(3|6|9|12))")
CREATININE = re.compile(r"(g|mg|mmol|umol|mol|l)\.?\(?(?:of)?(?:creatinine|creat|crea|cre|cr)\)?")
ABOUT = re.compile(r"\(?(feu|ddu)\)?")
AMBIGUOUS = frozenset({"G/L", "MU/L", "MU/ML", "M/L", "T/ML"})


class Unit(NamedTuple):
    """A UCUM code, and what kind of quantity it measures."""

    code: str
    kind: Kind


class _Part(NamedTuple):
    code: str
    dimension: str


def unit_of(text: str | None) -> Unit | None:
    """The UCUM unit that a printed one means; None where it is not known, or could mean two.

    >>> unit_of("mg/dl"), unit_of("X10^3/µL").code, unit_of("mIU/mL").code, unit_of("gm%").code
    (Unit(code='mg/dL', kind='mass/volume'), '10*3/uL', 'm[IU]/mL', 'g/dL')
    >>> unit_of("G/L") is None, unit_of("bananas") is None
    (True, True)
    """
    if not text or len(text) > LONGEST or text.strip() in AMBIGUOUS:
        return None
    spelt = _spelt(text)
    for form in (spelt, spelt.lower()):
        if form in NAMED:
            return Unit(*NAMED[form])
    spelt = spelt.lower()
    about = ABOUT.search(spelt)
    if about:
        spelt = ABOUT.sub("", spelt, count=1).rstrip("/")
    unit = _composed(spelt)
    if unit is None or not about:
        return unit
    mass, _, volume = unit.code.partition("/")
    return Unit(f"{mass}{{{about[1].upper()}}}/{volume}", unit.kind) if unit.kind == "mass/volume" else None


def _spelt(text: str) -> str:
    """The text in plain letters, without spaces, brackets around it, or dots of abbreviation."""
    plain = unicodedata.normalize("NFKC", text.translate(SUPERSCRIPTS)).translate(SPELLINGS)
    plain = re.sub(r"^10\^(\d)\^(\d)", r"10^\1\2", plain.replace(" ", ""))
    plain = re.sub(r"(?<=10)\^(\d)\^(\d)", r"^\1\2", plain)
    if plain.startswith(("(", "[")) and plain.endswith((")", "]")) and not re.search(r"[)\]].*[(\[]", plain):
        plain = plain[1:-1]
    return re.sub(r"(?<=[a-zA-Z])\.(?=[a-zA-Z/]|$)", "", plain)


def _composed(text: str) -> Unit | None:
    """A unit put together of known parts, in small letters."""
    parts = text.split("/")
    if len(parts) > 3:
        return None
    found = [_number(parts[0]) or _part(parts[0])] if parts[0] else [_Part("", "number")]
    found += [_part(part) for part in parts[1:]]
    known = [part for part in found if part is not None]
    if len(known) < len(found) or (known[0].dimension == "number" and len(known) == 1):
        return None
    kind = _kind([part.dimension for part in known])
    return Unit("/".join(part.code for part in known), kind) if kind else None


def _number(text: str) -> _Part | None:
    """A power of ten, perhaps of cells."""
    power = POWER.match(text)
    rest = text[power.end() :].removeprefix("x") if power else ""
    if power is None or rest not in ("", "cells", "cell", "wbc", "rbc", "plt"):
        return None
    return _Part(f"10*{int(power[1] or power[2])}", "number")


def _part(text: str) -> _Part | None:
    """One side of a slash."""
    if text in ATOMS:
        return _Part(*ATOMS[text])
    if text in FIELDS:
        return _Part(FIELDS[text], "field")
    creatinine = CREATININE.fullmatch(text)
    if creatinine and creatinine[1] != "l":
        code, dimension = ATOMS[creatinine[1]]
        return _Part(f"{code}{{creat}}", dimension)
    return None


def _kind(dimensions: list[str]) -> Kind | None:
    """What a quotient measures; None for one that no laboratory reports."""
    first, *others = dimensions
    if not others:
        return KINDS.get(first)
    return KINDS.get(f"{first}/{others[0]}") if len(others) == 1 else KINDS.get("/".join(dimensions))


KINDS: dict[str, Kind] = {
    "mass": "mass",
    "volume": "volume",
    "time": "time",
    "length": "length",
    "pressure": "pressure",
    "substance": "substance",
    "activity": "activity",
    "mass/volume": "mass/volume",
    "substance/volume": "substance/volume",
    "number/volume": "number/volume",
    "activity/volume": "activity/volume",
    "osmoles/mass": "osmoles",
    "osmoles/volume": "osmoles",
    "mass/mass": "mass/mass",
    "mass/substance": "mass/substance",
    "substance/substance": "substance/substance",
    "substance/mass": "substance/mass",
    "activity/mass": "activity/mass",
    "volume/time": "volume/time",
    "mass/time": "mass/time",
    "substance/time": "substance/time",
    "length/time": "length/time",
    "volume/volume": "fraction",
    "number/field": "number/field",
}
