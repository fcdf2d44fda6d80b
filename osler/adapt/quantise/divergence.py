"""How far one model's expectations of the next token lie from another's, place by place.

At each place P is what the unquantised model expects, Q what another does::

    KL(P ‖ Q) = Σ p (ln p − ln q)      0 where they agree, in nats

Logits of 262,144 tokens at a thousand places take a gigabyte, so the vocabulary is gone through in slabs and nothing
but sums is kept: ln Z of both, Σ p (z_p − z_q), the greatest logits and those of the tokens that came next.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from osler.adapt.quantise.network import Numbers
from osler.model.config import TextConfig

__all__ = ["Expectations", "Places", "compare", "likeliest", "normal_of"]

SLAB_TOKENS = 8192
"""Tokens of the vocabulary whose logits are in memory together."""

PLACES_AT_ONCE = 2048


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expectations:
    """A model's view of all places: its last hidden states after the norm, and its output matrix.

    Attributes:
        normal: [P, D] float32.
        numbers: where the output matrix's rows are read.
    """

    normal: np.ndarray
    numbers: Numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """What was found at each of P places.

    Attributes:
        divergence: [P] KL in nats, at least 0.
        same_top: [P] bool: both expect the same token most.
        surprise: [P] −ln q of the token that came next.
    """

    divergence: np.ndarray
    same_top: np.ndarray
    surprise: np.ndarray


def normal_of(config: TextConfig, numbers: Numbers, hidden: np.ndarray) -> np.ndarray:
    """The last RMS norm of hidden states [P, D]."""
    square = np.mean(np.square(hidden, dtype=np.float32), axis=-1, keepdims=True)
    return hidden / np.sqrt(square + np.float32(config.norm_epsilon)) * numbers.vector("text.norm")


def compare(
    config: TextConfig,
    reference: Expectations,
    others: Sequence[Expectations],
    targets: np.ndarray,
    *,
    vocabulary: np.ndarray | None = None,
    tick: Callable[[], None] | None = None,
) -> list[Places]:
    """Hold others against the reference.

    Args:
        targets: [P] the tokens that came next.
        vocabulary: of only these ids, sorted, as if there were no others; None for all.
        tick: called now and then.

    Returns:
        What was found of the reference itself, and then of each of the others.
    """
    ids = np.arange(config.vocabulary_size) if vocabulary is None else vocabulary
    models = [reference, *others]
    parts = [
        _compare(config, [_cut(model, part) for model in models], targets[part], ids, tick)
        for part in _ranges(len(targets), PLACES_AT_ONCE)
    ]
    return [_joined([part[number] for part in parts]) for number in range(len(models))]


def likeliest(
    config: TextConfig, reference: Expectations, count: int, tick: Callable[[], None] | None = None
) -> np.ndarray:
    """Ids, sorted, that are among the `count` likeliest ones at any place."""
    places = len(reference.normal)
    best = np.full((places, count), -np.inf, np.float32)
    ids = np.zeros((places, count), np.int64)
    for slab in _slabs(np.arange(config.vocabulary_size)):
        logits = reference.normal @ _rows(config, reference.numbers, slab).T
        both, names = np.hstack([best, logits]), np.hstack([ids, np.broadcast_to(slab, logits.shape)])
        top = np.argpartition(both, -count, axis=1)[:, -count:]
        best, ids = np.take_along_axis(both, top, 1), np.take_along_axis(names, top, 1)
        if tick is not None:
            tick()
    return np.unique(ids)


class _Sums:
    """What is kept of one model's logits z while the vocabulary goes by; `cross` is Σ exp(z_p − m_p)(z_p − z_q)."""

    def __init__(self, places: int) -> None:
        self.greatest = np.full(places, -np.inf)
        self.total = np.zeros(places)  # of exp(z - greatest)
        self.cross = np.zeros(places)
        self.top = np.zeros(places, np.int64)
        self.target = np.full(places, np.nan)

    def raise_to(self, logits: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """Take a slab's greatest logits into account; the factor [P] by which older sums shrink."""
        best = logits.argmax(axis=1)
        peak = logits[np.arange(len(logits)), best].astype(np.float64)
        self.top = np.where(peak > self.greatest, ids[best], self.top)
        greatest = np.maximum(self.greatest, peak)
        shrink = np.exp(self.greatest - greatest)
        self.greatest = greatest
        return shrink

    def log_total(self) -> np.ndarray:
        return self.greatest + np.log(self.total)


def _compare(
    config: TextConfig,
    models: Sequence[Expectations],
    targets: np.ndarray,
    ids: np.ndarray,
    tick: Callable[[], None] | None,
) -> list[Places]:
    sums = [_Sums(len(targets)) for _ in models]
    for slab in _slabs(ids):
        tables: dict[int, np.ndarray] = {}
        widest, weights = None, None
        for model, kept in zip(models, sums, strict=True):
            key = id(model.numbers)
            if key not in tables:
                tables[key] = _rows(config, model.numbers, slab)
            logits = model.normal @ tables[key].T  # [P, slab]
            shrink = kept.raise_to(logits, slab)
            shares = np.exp(logits - kept.greatest[:, None].astype(np.float32))
            kept.total = kept.total * shrink + shares.sum(axis=1, dtype=np.float64)
            if widest is None or weights is None:
                widest, weights, first_shrink = logits, shares, shrink
            kept.cross = kept.cross * first_shrink + (weights * (widest - logits)).sum(axis=1, dtype=np.float64)
            _take_targets(kept, logits, slab, targets)
        if tick is not None:
            tick()
    return [_places(sums[0], kept) for kept in sums]


def _places(reference: _Sums, other: _Sums) -> Places:
    divergence = other.cross / reference.total - reference.log_total() + other.log_total()
    return Places(
        divergence=np.maximum(divergence, 0.0),
        same_top=reference.top == other.top,
        surprise=other.log_total() - other.target,
    )


def _take_targets(kept: _Sums, logits: np.ndarray, slab: np.ndarray, targets: np.ndarray) -> None:
    at = np.clip(np.searchsorted(slab, targets), 0, len(slab) - 1)
    here = slab[at] == targets
    kept.target[here] = logits[here, at[here]]


def _rows(config: TextConfig, numbers: Numbers, ids: np.ndarray) -> np.ndarray:
    """Rows of the output matrix, [len(ids), D] float32."""
    if config.tied_output:
        return numbers.embedding_rows(ids)
    return numbers.matrix("text.output").dequantised()[ids]


def _cut(model: Expectations, part: slice) -> Expectations:
    return Expectations(normal=model.normal[part], numbers=model.numbers)


def _joined(parts: Sequence[Places]) -> Places:
    return Places(
        divergence=np.concatenate([part.divergence for part in parts]),
        same_top=np.concatenate([part.same_top for part in parts]),
        surprise=np.concatenate([part.surprise for part in parts]),
    )


def _slabs(ids: np.ndarray) -> Iterator[np.ndarray]:
    return (ids[part] for part in _ranges(len(ids), SLAB_TOKENS))


def _ranges(count: int, step: int) -> Iterator[slice]:
    return (slice(first, min(first + step, count)) for first in range(0, count, step))
