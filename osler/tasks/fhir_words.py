"""FHIR's data types in words: a concept's text, a quantity with its unit, a dose with its times.

Narratives, extensions, identifiers and what a reference points to are never told.
"""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

__all__ = ["said"]

Element = dict[str, Any]

MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+")
PLAIN = ("text/plain", "text/markdown")


def said(value: Any) -> str:
    """Any element's value on one line; "" for what is not told.

    Args:
        value: what JSON gives for it: an object, a list of objects, a text, a number.

    >>> said({"value": 7.2, "unit": "%"}), said({"coding": [{"display": "Asthma"}]}), said([{"text": "mild"}, {}])
    ('7.2 %', 'Asthma', 'mild')
    """
    if isinstance(value, list):
        return "; ".join(filter(None, (said(item) for item in value if not isinstance(item, list))))
    if isinstance(value, dict):
        for keys, tell in TYPES:
            if any(key in value for key in keys):
                return tell(value)
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(str(value).split()) if isinstance(value, str | int | float) else ""


def _concept(value: Element) -> str:
    """CodeableConcept, Coding, Annotation and Reference: the text, else the display, else the code."""
    codings = value.get("coding")
    first = codings[0] if isinstance(codings, list) and codings and isinstance(codings[0], dict) else {}
    for found in (value.get("text"), value.get("display"), first.get("display"), first.get("code"), value.get("code")):
        if isinstance(found, str) and found.strip():
            return said(found)
    return ""


def _quantity(value: Element) -> str:
    number = value["value"]
    if isinstance(number, dict | list):
        return ""
    unit = value.get("unit") or value.get("code")
    return _words(said(value.get("comparator")) + said(number), said(unit))


def _ratio(value: Element) -> str:
    return f"{said(value['numerator'])} / {said(value.get('denominator'))}"


def _range(value: Element) -> str:
    """Range, and an observation's reference range."""
    low, high = said(value.get("low")), said(value.get("high"))
    bounds = f"{low} to {high}" if low and high else f">= {low}" if low else f"<= {high}"
    return said(value.get("text")) or bounds


def _coded(value: Element) -> str:
    """A Coding; or a component of an observation, a relative's condition, an activity: a concept with its value."""
    if not isinstance(value["code"], dict):
        return _concept(value)
    values = (said(part) for key, part in value.items() if key.startswith("value"))
    return _words(said(value["code"]), *values, _bracketed(said(value.get("interpretation"))))


def _reaction(value: Element) -> str:
    return _words(said(value["manifestation"]), said(value.get("severity")))


def _dosage(value: Element) -> str:
    """Dosage: its text, else how much, when and how."""
    needed = "as needed" if value.get("asNeededBoolean") is True else ""
    parts = (said(value.get("doseAndRate") or value.get("dose")), said(value.get("timing")), said(value.get("route")))
    return said(value.get("text")) or _words(*parts, needed)


def _timing(value: Element) -> str:
    repeat = value.get("repeat")
    repeat = repeat if isinstance(repeat, dict) else {}
    frequency, period, unit = (said(repeat.get(key)) for key in ("frequency", "period", "periodUnit"))
    return said(value.get("code")) or (f"{frequency} × every {period} {unit}" if frequency and period else "")


def _attachment(value: Element) -> str:
    """Text that is in the record itself; of anything else only that it is there."""
    kind = said(value["contentType"]).split(";")[0].strip().lower()
    data = value.get("data")
    if kind not in PLAIN or not isinstance(data, str):
        return f"[{kind}, not told]" if MEDIA_TYPE.fullmatch(kind) else "[not told]"
    try:
        return said(base64.b64decode(data).decode("utf-8", "replace"))
    except (binascii.Error, ValueError):
        return "[damaged text]"


def _words(*parts: str) -> str:
    return " ".join(filter(None, parts))


def _bracketed(text: str) -> str:
    return f"[{text}]" if text else ""


TYPES: tuple[tuple[tuple[str, ...], Callable[[Element], str]], ...] = (
    (("attachment",), lambda value: said(value["attachment"])),
    (("contentType",), _attachment),
    (("manifestation",), _reaction),
    (("doseAndRate", "timing", "asNeededBoolean", "route", "dose"), _dosage),
    (("doseQuantity", "doseRange"), lambda value: said(value.get("doseQuantity") or value.get("doseRange"))),
    (("repeat",), _timing),
    (("numerator",), _ratio),
    (("low", "high"), _range),
    (("detail",), lambda value: said(value["detail"])),
    (("coding", "text", "display"), _concept),
    (("value",), _quantity),
    (("code",), _coded),
)
"""The elements by which a data type is known, and how it is told; the first that fits."""
