"""The spellings of units that are known, each with its UCUM code."""

from typing import Literal

__all__ = ["ATOMS", "FIELDS", "NAMED", "Kind"]

Kind = Literal[
    "mass/volume",
    "substance/volume",
    "number/volume",
    "activity/volume",
    "fraction",
    "ratio",
    "none",
    "mass",
    "volume",
    "time",
    "length",
    "pressure",
    "substance",
    "activity",
    "osmoles",
    "mass/mass",
    "mass/substance",
    "substance/substance",
    "substance/mass",
    "activity/mass",
    "volume/time",
    "volume/time/area",
    "mass/time",
    "substance/time",
    "length/time",
    "number/field",
    "temperature",
]
"""What a unit measures; arbitrary units ([IU]) count as activity, equivalents as substance."""

FIELDS = {"hpf": "[HPF]", "lpf": "[LPF]", "h.p.f": "[HPF]", "l.p.f": "[LPF]", "field": "[HPF]"}
"""Microscope fields."""


def _spellings(code: str, dimension: str, *names: str) -> dict[str, tuple[str, str]]:
    return {name: (code, dimension) for name in (code.lower(), *names)}


ATOMS: dict[str, tuple[str, str]] = {
    **_spellings("kg", "mass"),
    **_spellings("g", "mass", "gm", "gms", "gr", "gram", "grams"),
    **_spellings("mg", "mass", "mgs", "milligram", "milligrams"),
    **_spellings("ug", "mass", "mcg", "microgram", "micrograms"),
    **_spellings("ng", "mass"),
    **_spellings("pg", "mass"),
    **_spellings("fg", "mass"),
    **_spellings("mol", "substance"),
    **_spellings("mmol", "substance", "mmols", "mmole", "mmoles", "millimol"),
    **_spellings("umol", "substance", "umole", "umoles", "mcmol", "micromol"),
    **_spellings("nmol", "substance", "nmole", "nmoles"),
    **_spellings("pmol", "substance", "pmole", "pmoles"),
    **_spellings("fmol", "substance"),
    **_spellings("eq", "substance"),
    **_spellings("meq", "substance", "meqs", "mequiv", "mval"),
    **_spellings("ueq", "substance"),
    **_spellings("mosm", "osmoles", "mosmol", "mosmole", "mosmoles", "mosmols"),
    **_spellings("L", "volume", "lit", "ltr", "liter", "litre", "liters", "litres", "lt"),
    **_spellings("dL", "volume", "100ml"),
    **_spellings("mL", "volume", "cc", "cm^3", "cm3"),
    **_spellings("uL", "volume", "mcl", "mm3", "mm^3", "cumm", "cmm", "cu.mm", "microl", "microlitre", "microliter"),
    **_spellings("nL", "volume"),
    **_spellings("fL", "volume", "femtolitre", "femtoliter", "um^3", "um3"),
    **_spellings("U", "activity", "units", "unit"),
    **_spellings("mU", "activity"),
    **_spellings("uU", "activity"),
    **_spellings("kU", "activity"),
    **_spellings("[IU]", "activity", "iu", "ui"),
    **_spellings("m[IU]", "activity", "miu", "mui"),
    **_spellings("u[IU]", "activity", "uiu", "uui", "mciu"),
    **_spellings("k[IU]", "activity", "kiu", "kui"),
    **_spellings("kat", "activity"),
    **_spellings("ukat", "activity"),
    **_spellings("nkat", "activity"),
    **_spellings("s", "time", "sec", "secs", "second", "seconds"),
    **_spellings("min", "time", "mins", "minute", "minutes"),
    **_spellings("h", "time", "hr", "hrs", "hour", "hours", "1h", "1hr", "1sthr", "1sthour", "sthr"),
    **_spellings("d", "time", "day", "days"),
    **_spellings("(24.h)", "time", "24h", "24hr", "24hrs", "24hour", "24hours"),
    **_spellings("mm", "length"),
    **_spellings("cm", "length"),
    **_spellings("um", "length"),
    **_spellings("mm[Hg]", "pressure", "mmhg"),
    **_spellings("kPa", "pressure"),
    **_spellings("{cells}", "number", "cells", "cell", "wbc", "rbc", "leu", "ery"),
    **_spellings("{copies}", "number", "copies", "copy", "cop", "cps"),
    **_spellings("[CFU]", "number", "cfu"),
}
"""Parts of units in small letters: (UCUM code, what they measure)."""


def _named(code: str, kind: Kind, *names: str) -> dict[str, tuple[str, Kind]]:
    return {name: (code, kind) for name in names}


_CUBES = ("ul", "mcl", "mm3", "mm^3", "cumm", "cmm", "cu.mm")
_WORDS_1000 = ("k", "th", "thou", "thous", "thousand", "thousands", "tsd", "tys")
_WORDS_1000000 = ("m", "mil", "mill", "mill.", "mio", "million", "millions")
_THOUSANDS = tuple(f"{word}/{volume}" for word in _WORDS_1000 for volume in _CUBES)
_MILLIONS = tuple(f"{word}/{volume}" for word in _WORDS_1000000 for volume in _CUBES)
_AREAS = ("1.73m2", "1.73m^2", "1.73sqm", "1.73sq.m", "1.73", "(1.73m2)", "1.73m²")

NAMED: dict[str, tuple[str, Kind]] = {
    **_named("%", "fraction", "%", "percent", "pct", "vol%", "%vol"),
    **_named("g/dL", "mass/volume", "gm%", "g%", "gms%", "gr%", "gmdl"),
    **_named("mg/dL", "mass/volume", "mg%", "mgs%"),
    **_named("ug/dL", "mass/volume", "ug%", "mcg%"),
    **_named("10*3/uL", "number/volume", *_THOUSANDS),
    **_named("10*5/uL", "number/volume", "lakh/cumm", "lakhs/cumm", "lac/cumm", "lacs/cumm", "lakh/ul", "lakhs/ul"),
    **_named("10*6/uL", "number/volume", *_MILLIONS),
    **_named("10*9/L", "number/volume", "giga/l", "gpt/l"),
    **_named("10*12/L", "number/volume", "T/L", "T/l", "tera/l", "tpt/l"),
    **_named("mL/min/{1.73_m2}", "volume/time/area", *(f"ml/min/{area}" for area in _AREAS)),
    **_named("mL/min/{1.73_m2}", "volume/time/area", *(f"ml/min/{area}" for area in ("1,73m2", "1,73m^2"))),
    **_named("{ratio}", "ratio", "ratio"),
    **_named("{INR}", "ratio", "inr", "(inr)"),
    **_named("{index}", "ratio", "index", "indexvalue", "coi"),
    **_named("{s_co_ratio}", "ratio", "s/co", "s/coratio"),
    **_named("{titer}", "ratio", "titer", "titre"),
    **_named("[pH]", "none", "ph", "phunits"),
    **_named("{Log_copies}/mL", "number/volume", "log10copies/ml", "logcopies/ml", "logcp/ml"),
    **_named("mosm/kg", "osmoles", "mosm/kgh2o", "mosmol/kgh2o", "mosm/kgwater"),
    **_named("Cel", "temperature", "°c", "degc", "c°", "cel"),
    **_named("/100{WBCs}", "ratio", "/100wbc", "/100wbcs", "per100wbc"),
    **_named("mm/h", "length/time", "mm/1sthr", "mm1sthr", "mmin1sthr", "mmin1sthour", "mm1h", "mminfirsthour"),
    **_named("{Ehrlich'U}/dL", "activity/volume", "eu/dl", "ehrlichunits/dl", "ehrlichu/dl"),
}
"""Whole units by name: small letters unless the capital is what tells it apart."""
