"""What is said of a quantised model: figures over places, with intervals that draw whole documents.

Places of one document belong together, so a draw takes each document with all of its places, as often as chance has it
(bootstrap, 2.5th to 97.5th percentile, fixed seed). Differences between two models are drawn in pairs.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from osler.adapt.quantise.divergence import Places
from osler.adapt.resampling import drawn_groups

__all__ = ["Figure", "Quality", "difference", "quality_of"]

RESAMPLES = 2000
SEED = 20_261_122
HIGH = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure and its interval of 95 %; no ends where there is one document only."""

    value: float
    low: float | None
    high: float | None

    def text(self, pattern: str) -> str:
        """For people.

        >>> Figure(value=0.02, low=0.01, high=0.03).text("{:.3f}")
        '0.020 [0.010, 0.030]'
        """
        ends = "" if self.low is None else f" [{pattern.format(self.low)}, {pattern.format(self.high)}]"
        return pattern.format(self.value) + ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """A quantised model against the unquantised one.

    Attributes:
        divergence: mean KL in nats.
        high: what the KL of 99 in 100 places stays below.
        same_top: share of places where both expect the same token most.
        perplexity: exp of the mean surprise at what came next.
        num_places, num_documents: how many.
    """

    divergence: Figure
    high: Figure
    same_top: Figure
    perplexity: Figure
    num_places: int
    num_documents: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def quality_of(places: Places, documents: Sequence[str]) -> Quality:
    """Sum up places.

    Args:
        documents: [P] which document each place is of.
    """
    drawn, index = _drawn(documents)
    sums = _by_document(index, places.divergence, places.same_top, places.surprise)  # [documents, 4]
    totals = drawn @ sums if drawn is not None else None
    return Quality(
        divergence=_figure(places.divergence.mean(), _share(totals, 0)),
        high=_figure(np.quantile(places.divergence, HIGH), _quantiles(places.divergence, index, drawn)),
        same_top=_figure(places.same_top.mean(), _share(totals, 1)),
        perplexity=_figure(np.exp(places.surprise.mean()), _exponent(_share(totals, 2))),
        num_places=len(places.divergence),
        num_documents=len(sums),
    )


def difference(one: Places, other: Places, documents: Sequence[str]) -> Figure:
    """Mean KL of one minus that of the other, at the same places."""
    drawn, index = _drawn(documents)
    apart = one.divergence - other.divergence
    sums = _by_document(index, apart)
    return _figure(apart.mean(), _share(drawn @ sums if drawn is not None else None, 0))


def _drawn(documents: Sequence[str]) -> tuple[np.ndarray | None, np.ndarray]:
    """How often each document is taken in each draw [draws, documents], and the document [P] of each place."""
    drawn, index = drawn_groups(documents, SEED, resamples=RESAMPLES)
    return (drawn if drawn.shape[1] > 1 else None), index


def _by_document(index: np.ndarray, *columns: np.ndarray) -> np.ndarray:
    """Sums of columns over the places of each document, and the number of places behind them."""
    sums = np.zeros((index.max() + 1, len(columns) + 1))
    np.add.at(sums, index, np.stack([*columns, np.ones(len(index))], axis=1))
    return sums


def _share(totals: np.ndarray | None, column: int) -> np.ndarray | None:
    return None if totals is None else totals[:, column] / totals[:, -1]


def _exponent(values: np.ndarray | None) -> np.ndarray | None:
    return None if values is None else np.exp(values)


def _quantiles(values: np.ndarray, index: np.ndarray, drawn: np.ndarray | None) -> np.ndarray | None:
    """The 99th percentile in each draw."""
    if drawn is None:
        return None
    order = np.argsort(values)
    weights = np.cumsum(drawn[:, index[order]], axis=1)  # [draws, P]
    at = (weights < HIGH * weights[:, -1:]).sum(axis=1)
    return values[order][np.minimum(at, len(values) - 1)]


def _figure(value: float, draws: np.ndarray | None) -> Figure:
    if draws is None:
        return Figure(value=float(value), low=None, high=None)
    low, high = np.quantile(draws, [0.025, 0.975])
    return Figure(value=float(value), low=float(low), high=float(high))
