"""So many examples of each label, drawn from those that may be learnt from."""

from collections.abc import Sequence

import numpy as np

__all__ = ["draw_examples", "sizes_up_to"]


def draw_examples(targets: np.ndarray, groups: Sequence[str], size: int, seed: int) -> np.ndarray:
    """Which examples are learnt from, sorted, [N] int64: of each label the first `size` in the seed's order.

    A smaller draw of a seed is part of every larger one, so that a curve shows what more examples bring. Those of
    other patients come first: two pictures of one patient tell less than two patients.

    Args:
        targets: [I, C], 1 where a label holds. Where several may hold, examples of none are drawn like a label.
        groups: whose each is.
    """
    order = _order(groups, seed)
    none = targets.sum(axis=1) == 0
    columns = [targets[:, place] > 0 for place in range(targets.shape[1])] + ([none] if none.any() else [])
    chosen = [place for column in columns for place in [one for one in order if column[one]][:size]]
    return np.unique(np.array(chosen, np.int64))


def sizes_up_to(targets: np.ndarray) -> list[int]:
    """1, 2, 4, … examples of each label, as long as the largest label has so many, and then all of them."""
    most = int(targets.sum(axis=0).max())
    return [*[2**power for power in range(most.bit_length()) if 2**power < most], most]


def _order(groups: Sequence[str], seed: int) -> list[int]:
    """All examples, shuffled; each patient's first before any patient's second."""
    generator = np.random.default_rng(seed)
    seen: dict[str, int] = {}
    turns = []
    for place in generator.permutation(len(groups)):
        turn = seen.get(groups[place], 0)
        seen[groups[place]] = turn + 1
        turns.append((turn, int(place)))
    return [place for _, place in sorted(turns, key=lambda pair: pair[0])]
