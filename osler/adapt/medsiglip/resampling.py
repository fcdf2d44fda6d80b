"""Figures of held-out pictures, and how far other patients could have moved them.

Patients are drawn again, with replacement, a thousand times, all pictures of one together; 95 of 100 of the figures so
found lie in the interval. A figure of resample b uses weights [B, I]: how often each picture's patient was drawn.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from osler.adapt.resampling import drawn_groups

__all__ = ["Interval", "accuracies", "aurocs", "drawn_weights", "interval_of", "macro_aurocs"]

RESAMPLES = 1000
LEVEL = 0.95


class Interval(NamedTuple):
    """A figure with its 95 % interval; None where it is not defined (one label has no held-out example)."""

    value: float | None
    low: float | None
    high: float | None


def drawn_weights(groups: Sequence[str], seed: int, *, resamples: int = RESAMPLES) -> np.ndarray:
    """[1 + B, I] float64: 1 for all in the first row, then how often each picture's group was drawn."""
    drawn, members = drawn_groups(groups, seed, resamples=resamples)
    return np.concatenate([np.ones((1, len(members))), drawn[:, members]])


def interval_of(figures: np.ndarray) -> Interval:
    """The figure of the pictures as they are, first, and the interval of the resamples behind it, [1 + B]."""
    redrawn = figures[1:][np.isfinite(figures[1:])]
    if not np.isfinite(figures[0]):
        return Interval(None, None, None)
    if not len(redrawn):
        return Interval(float(figures[0]), None, None)
    low, high = np.quantile(redrawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(figures[0]), float(low), float(high))


def accuracies(is_right: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The share of pictures [I] that are right, in each resample: [B] of weights [B, I]."""
    return weights @ is_right / weights.sum(axis=1)


def aurocs(scores: np.ndarray, is_positive: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Areas under the ROC curve, [B]; NaN where a resample has no positive or no negative. Ties count half.

    >>> scores, positive = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])
    >>> aurocs(scores, positive, np.ones((1, 4)))
    array([0.75])
    """
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))  # of each level
    drawn = weights[:, order]
    positive = np.add.reduceat(drawn * is_positive[order], starts, axis=1)  # [B, levels]
    negative = np.add.reduceat(drawn * ~is_positive[order], starts, axis=1)
    below = np.cumsum(negative, axis=1) - 0.5 * negative
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (positive * below).sum(axis=1) / pairs


def macro_aurocs(scores: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The mean over labels of the area of each against the rest, [B]: scores and targets [I, C].

    A label without a positive or a negative is left out where that is so; of all labels so, NaN is left.
    """
    each = np.stack([aurocs(scores[:, place], targets[:, place] > 0, weights) for place in range(targets.shape[1])])
    defined = np.isfinite(each)
    with np.errstate(invalid="ignore"):
        return np.where(defined, each, 0).sum(axis=0) / defined.sum(axis=0)
