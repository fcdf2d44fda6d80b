"""Which examples stand in which batch: every epoch another order, and all of it known from the seed and a number."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

__all__ = ["Order"]


@dataclass(frozen=True, slots=True)
class Order:
    """Examples one after the other, epoch behind epoch, cut into batches.

    Attributes:
        count: examples.
        batch: of them in a part of a step.
        parts: in a step.
        seed: of the shuffling.

    >>> order = Order(3, 2, 1, 7)
    >>> sorted(order.of(0, 0).tolist() + order.of(1, 0).tolist()[:1])
    [0, 1, 2]
    """

    count: int
    batch: int
    parts: int
    seed: int

    def steps(self, epochs: float) -> int:
        """Steps that show every example `epochs` times; the last may begin another epoch."""
        return max(1, -(-round(epochs * self.count) // (self.batch * self.parts)))

    def of(self, step: int, part: int) -> np.ndarray:
        """Examples of one part of a step, [batch] int64."""
        start = (step * self.parts + part) * self.batch
        places = np.arange(start, start + self.batch)
        return np.array([_shuffled(self.count, self.seed, int(n) // self.count)[int(n) % self.count] for n in places])


@lru_cache(maxsize=4)
def _shuffled(count: int, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng((seed, epoch)).permutation(count)
