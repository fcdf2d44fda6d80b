"""Groups drawn again, with replacement: what figures could have been, had other patients or documents come.

All members of a group are drawn together, because they are not independent pieces of evidence.
"""

from collections.abc import Sequence

import numpy as np

__all__ = ["drawn_groups"]


def drawn_groups(groups: Sequence[str], seed: int, *, resamples: int) -> tuple[np.ndarray, np.ndarray]:
    """How often each group is drawn.

    Args:
        groups: of each of N members, by name.
        seed: the same one gives the same draws.
        resamples: B.

    Returns:
        Counts [B, G] int64, groups in the order of their names, and the group [N] of each member.
    """
    names, members = np.unique(np.asarray(groups), return_inverse=True)
    generator = np.random.default_rng(seed)
    return generator.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples), members
