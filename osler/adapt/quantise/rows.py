"""The table of what a quantised model costs: sizes and quality, one row for each way to store it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from osler.adapt.quantise.quality import Figure, Quality

__all__ = ["Row", "types_text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One way to store a model.

    Attributes:
        name: "unquantised", "measured", or a file type.
        size_bytes: of the file.
        bits: bits a weight of the matrices.
        kinds: the type of each matrix; empty for the unquantised model.
        quality: None where nothing was measured.
        change: its mean KL minus that of the result, at the same places; None for the result and the unquantised.
    """

    name: str
    size_bytes: int
    bits: float
    kinds: Mapping[str, str]
    quality: Quality | None = None
    change: Figure | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "name": self.name,
            "size_bytes": self.size_bytes,
            "bits_per_weight": round(self.bits, 4),
            "types": dict(self.kinds),
            "quality": None if self.quality is None else self.quality.to_dict(),
            "divergence_minus_results": None if self.change is None else _ends(self.change),
        }


def types_text(kinds: Mapping[str, str]) -> str:
    """How often each type is used, the commonest first.

    >>> types_text({"a": "Q4_K", "b": "Q6_K", "c": "Q4_K"})
    '2 Q4_K, 1 Q6_K'
    """
    return ", ".join(f"{count} {kind}" for kind, count in Counter(kinds.values()).most_common())


def _ends(figure: Figure) -> dict[str, float | None]:
    return {"value": figure.value, "low": figure.low, "high": figure.high}
