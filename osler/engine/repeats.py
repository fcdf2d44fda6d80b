"""Keeping an answer from going round in circles: the rule called DRY ("don't repeat yourself").

Only the answer is looked at, never the prompt. A token that would lengthen a run of tokens that already stands in the
answer is made less probable, the more the longer the run::

    answer   the lungs are clear . the heart is normal . the lungs are
                                                         └─────┬─────┘
             the lungs are                        is the same run of three; "clear" would make it four

Source: p-e-w, text-generation-webui pull request 5677, as llama.cpp has it. Its "sequence breakers" are left out, so
that lines and lists count as well; how often a run may stand is an addition, because what a report says twice, in
findings and impression, is no circle.
"""

import numpy as np

__all__ = ["Repeats"]

STRONGEST = 1e4
"""No penalty is larger: enough to outweigh any logit, and far from float32's limit."""


class Repeats:
    """The runs of one answer that its end repeats; each token costs one pass over the answer, in numpy.

    Args:
        multiplier: the penalty of the shortest run that is penalised, in logits.
        base: what one more token multiplies it with.
        allowed_length: runs of up to so many tokens, the new one included, cost nothing.
        allowed_times: longer runs cost nothing either as long as they stand at most so many times.
    """

    def __init__(self, *, multiplier: float, base: float, allowed_length: int, allowed_times: int = 1) -> None:
        self._multiplier = multiplier
        self._base = base
        self._allowed = allowed_length
        self._times = allowed_times
        self._ids = np.zeros(64, np.int64)
        self._runs = np.zeros(64, np.int64)  # how many tokens before and at i equal those at the end
        self._num = 0

    def note(self, token: int) -> None:
        """Take in the answer's next token."""
        if self._num == len(self._ids):
            self._ids = np.concatenate([self._ids, np.zeros_like(self._ids)])
            self._runs = np.concatenate([self._runs, np.zeros_like(self._runs)])
        num = self._num
        longer = np.concatenate([[0], self._runs[: max(0, num - 1)]]) + 1
        self._runs[:num] = np.where(self._ids[:num] == token, longer[:num], 0)
        self._ids[num] = token
        self._num += 1

    def penalties(self) -> tuple[np.ndarray, np.ndarray]:
        """Tokens that would lengthen a run too far, [N] int64 sorted, and what is taken off their logits, [N] float32.

        >>> repeats = Repeats(multiplier=1.0, base=2.0, allowed_length=2)
        >>> for token in (5, 6, 7, 9, 5, 6): repeats.note(token)
        >>> repeats.penalties()
        (array([7]), array([1.], dtype=float32))
        """
        runs = self._runs[: max(0, self._num - 1)]
        places = np.flatnonzero(runs >= self._allowed)
        tokens, which, times = np.unique(self._ids[places + 1], return_inverse=True, return_counts=True)
        longest = np.zeros(len(tokens), np.int64)
        np.maximum.at(longest, which, runs[places])
        with np.errstate(over="ignore"):
            amounts = self._multiplier * np.power(float(self._base), longest - self._allowed)
        often = times >= self._times
        return tokens[often], np.minimum(amounts[often], STRONGEST).astype(np.float32)
