"""What a person asks for: a type by name, a size, or a quality."""

import re
from dataclasses import dataclass

from osler.adapt.quantise.kinds import DENSE, bits_per_weight
from osler.adapt.quantise.mixes import DYNAMIC_BITS, MIXES, named_mix
from osler.errors import OptionError
from osler.weights.blocks import BLOCK_TYPES

__all__ = ["Target", "named_kinds", "parse_size"]

UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[kmg]i?b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the file is to be: exactly one of these.

    Attributes:
        mix: a file type of llama.cpp's, such as "Q4_K_M".
        budget: bytes, or a name of a file type whose size it is to have, or of a published dynamic build.
        max_divergence: the KL in nats, on average, that it may cost.
    """

    mix: str | None = None
    budget: int | str | None = None
    max_divergence: float | None = None

    @property
    def is_measured(self) -> bool:
        """Whether types are chosen by measurement."""
        return self.mix is None

    @classmethod
    def of(cls, kind: str | None, budget: str | None, max_divergence: float | None) -> "Target":
        """From the options of the command line.

        Raises:
            OptionError: none or several of them are given, or one makes no sense.

        >>> Target.of("q4_k_m", None, None).mix, Target.of("UD-Q4_K_XL", None, None).budget
        ('Q4_K_M', 'UD-Q4_K_XL')
        """
        if sum(one is not None for one in (kind, budget, max_divergence)) != 1:
            raise OptionError(
                "cannot quantise: expected one of a type, a budget and a greatest divergence",
                name="type",
                expected="one of --type, --budget and --max-kl, and no second",
            )
        if max_divergence is not None:
            if not max_divergence > 0:
                raise OptionError("a divergence is above 0", name="max_kl", expected="a number of nats above 0")
            return cls(max_divergence=max_divergence)
        if budget is not None:
            known = budget.upper() in MIXES or budget.upper() in DYNAMIC_BITS
            return cls(budget=budget.upper() if known else parse_size(budget))
        assert kind is not None
        if kind.upper() in DYNAMIC_BITS:
            return cls(budget=kind.upper())
        named_mix(kind)
        return cls(mix=kind.upper())


def named_kinds(text: str) -> tuple[str, ...]:
    """Types of a list with commas between them, fewest bits first.

    Raises:
        OptionError: one of them is none.

    >>> named_kinds("q8_0, Q4_K")
    ('Q4_K', 'Q8_0')
    """
    names = {one.strip().upper() for one in text.split(",") if one.strip()}
    strange = sorted(names - {*BLOCK_TYPES, *DENSE})
    if strange or not names:
        raise OptionError(
            f"cannot choose among {text!r}",
            name="kinds",
            expected=f"some of {', '.join([*BLOCK_TYPES, *DENSE])}, with commas between",
        )
    return tuple(sorted(names, key=bits_per_weight))


def parse_size(text: str) -> int:
    """Bytes of a size as people write it.

    Raises:
        OptionError: it is none.

    >>> parse_size("2.3GB"), parse_size("850 MiB")
    (2300000000, 891289600)
    """
    found = SIZE.fullmatch(text.strip())
    if found is None:
        raise OptionError(
            f"cannot use `{text}` as a size",
            name="budget",
            expected="a size such as 2.3GB or 850MB, or a type whose size it is to have, such as Q4_K_M",
        )
    return int(float(found["number"]) * UNITS[found["unit"].upper()])
