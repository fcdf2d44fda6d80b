"""Choosing the next token from one row of logits, in numpy."""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from osler.engine.repeats import Repeats
from osler.engine.sampling import Sampling
from osler.errors import InputError, WeightsError

__all__ = ["Choice", "Sampler", "candidates", "log_probability", "log_sum_exp"]

FIRST_LOOK = 1024
"""Tokens that top_p sorts first: nearly always enough of a vocabulary of 262,208, and quick to sort."""

RUN = 512
"""Weights summed at once when a place among them is looked up."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen token; where asked for, its log-probability and the most probable tokens with theirs."""

    token: int
    logprob: float | None = None
    top: tuple[tuple[int, float], ...] = ()


class Sampler:
    """Chooses the tokens of one sequence; the order of the options' work is told in `Sampling`.

    Deterministic: greedy always, draws where there is a seed. One draw takes one number of the generator.

    Args:
        sampling: the options.
        prompt: ids of the prompt, which count for the repetition penalty.
    """

    def __init__(self, sampling: Sampling, prompt: np.ndarray) -> None:
        self.sampling = sampling
        self._generator = np.random.default_rng(sampling.seed)
        self._generated: Counter[int] = Counter()
        self._prompt = np.unique(prompt) if sampling.repetition_penalty != 1 else np.zeros(0, np.int64)
        self._bias_ids = np.fromiter(sampling.logit_bias.keys(), np.int64)
        self._bias = np.fromiter(sampling.logit_bias.values(), np.float32)
        self._repeats = _repeats_of(sampling)

    def choose(self, logits: np.ndarray, allowed: np.ndarray | None = None) -> Choice:
        """Choose a token and remember it for the penalties.

        Args:
            logits: [V] float32, read-only.
            allowed: [V] bool, the tokens that a grammar permits, at least one; None permits all.

        Raises:
            WeightsError: a logit is not a number or infinite.
        """
        scores = self._penalised(logits, allowed)
        top = int(np.argmax(scores))  # the lowest id of equals; the first not-a-number if there is one
        if not math.isfinite(scores[top]):
            raise _not_finite(scores[top])
        token = top if self.sampling.is_greedy else self._draw(scores, scores[top])
        self.note(token)
        if not self.sampling.logprobs:
            return Choice(token)
        return _recorded(logits, token, self.sampling.top_logprobs)

    def note(self, token: int) -> None:
        """Remember a token for the penalties, one that was chosen or one that could only come next."""
        if self.sampling.changes_logits:
            self._generated[token] += 1
        if self._repeats is not None:
            self._repeats.note(token)

    def _penalised(self, logits: np.ndarray, allowed: np.ndarray | None) -> np.ndarray:
        """[V] float32 after mask, bias and penalties; the input itself where nothing changes it."""
        if allowed is not None:
            logits = np.where(allowed, logits, np.float32(-np.inf))
        if not self.sampling.changes_logits:
            return logits
        scores = logits.copy() if allowed is None else logits
        if len(self._bias_ids):
            scores[_inside(self._bias_ids, len(scores))] += self._bias
        ids = np.fromiter(self._generated.keys(), np.int64)
        self._penalise_repetition(scores, np.union1d(self._prompt, ids))
        counts = np.fromiter(self._generated.values(), np.float32)
        scores[ids] -= self.sampling.frequency_penalty * counts + self.sampling.presence_penalty
        if self._repeats is not None:
            tokens, amounts = self._repeats.penalties()
            scores[tokens] -= amounts
        return scores

    def _penalise_repetition(self, scores: np.ndarray, seen: np.ndarray) -> None:
        """Make seen tokens less probable, in place (Keskar et al. 2019, equation 5, as Hugging Face has it)."""
        penalty = np.float32(self.sampling.repetition_penalty)
        seen = seen[seen < len(scores)].astype(np.int64)
        scores[seen] = np.where(scores[seen] > 0, scores[seen] / penalty, scores[seen] * penalty)

    def _draw(self, scores: np.ndarray, highest: np.float32) -> int:
        """Draw from the softmax of scores / temperature over the candidates, by its inverse distribution."""
        scaled = (scores - highest) / np.float32(self.sampling.temperature)  # [V], at most 0
        ids = candidates(scaled, self.sampling)
        place = _place(np.exp(scaled if ids is None else scaled[ids]), self._generator.random())
        return place if ids is None else int(ids[place])


def _repeats_of(sampling: Sampling) -> Repeats | None:
    """What watches over repetitions, where that is asked for."""
    if not sampling.dry_multiplier:
        return None
    return Repeats(
        multiplier=sampling.dry_multiplier,
        base=sampling.dry_base,
        allowed_length=sampling.dry_allowed_length,
        allowed_times=sampling.dry_allowed_times,
    )


def log_sum_exp(logits: np.ndarray) -> float:
    """log(sum(exp(logits))) of a [V] float32 row, summed in float64."""
    highest = logits.max()
    return float(highest) + math.log(np.exp(logits - highest).sum(dtype=np.float64))


def log_probability(logits: np.ndarray, token: int) -> float:
    """The log-probability of a token under a [V] float32 row of logits."""
    probability = float(logits[token]) - log_sum_exp(logits)
    if not math.isfinite(probability):
        raise _not_finite(logits.max())
    return probability


def _recorded(logits: np.ndarray, token: int, num_top: int) -> Choice:
    total = log_sum_exp(logits)
    top = _most_probable(logits, num_top) if num_top else ()
    return Choice(token, float(logits[token]) - total, tuple((int(i), float(logits[i]) - total) for i in top))


def candidates(scaled: np.ndarray, sampling: Sampling) -> np.ndarray | None:
    """Ids that top_k, then top_p, then min_p leave; None for all.

    Args:
        scaled: [V] float32 logits, divided by the temperature and moved so that the highest is 0.
    """
    ids = None
    if 0 < sampling.top_k < len(scaled):
        ids = _most_probable(scaled, sampling.top_k)
    if sampling.top_p < 1:
        ids = _nucleus(scaled, ids, sampling.top_p)
    if sampling.min_p > 0:
        least = math.log(sampling.min_p)
        ids = np.flatnonzero(scaled >= least) if ids is None else ids[scaled[ids] >= least]
    return ids


def _place(weights: np.ndarray, uniform: float) -> int:
    """Where `uniform`, in [0, 1), falls when [N] weights are laid end to end; never on a weight of 0.

    Sums of runs first, then inside one run: adding up a whole vocabulary one by one takes 3 ms.
    """
    cumulative = np.cumsum(np.add.reduceat(weights, np.arange(0, len(weights), RUN), dtype=np.float64))
    target = uniform * cumulative[-1]
    run = _first_above(cumulative, target)
    before = cumulative[run - 1] if run else 0.0
    inside = np.cumsum(weights[run * RUN : (run + 1) * RUN], dtype=np.float64)
    return run * RUN + _first_above(inside, target - before)


def _first_above(cumulative: np.ndarray, target: float) -> int:
    """First place where a cumulative sum is above the target; the last that adds to it where rounding leaves none."""
    return int(min(np.searchsorted(cumulative, target, side="right"), np.searchsorted(cumulative, cumulative[-1])))


def _most_probable(scores: np.ndarray, num: int) -> np.ndarray:
    """Ids of the `num` highest of [V] scores, highest first, of equals the lowest id first."""
    num = min(num, len(scores))
    ids = np.flatnonzero(scores >= _lower_bound(scores, num))
    best = np.partition(scores[ids], len(ids) - num)[len(ids) - num]
    above, equal = ids[scores[ids] > best], ids[scores[ids] == best]
    ids = np.concatenate([above, equal[: num - len(above)]])
    return ids[np.argsort(-scores[ids], kind="stable")]  # equals stand in the order of their ids already


def _lower_bound(scores: np.ndarray, num: int) -> np.float32:
    """A score that at least `num` of [V] scores reach, not far below the best such.

    Taken from the highest of each of at least 4 x num groups. This is several times quicker than to partition a
    whole vocabulary.
    """
    groups = max(4 * num, 1024)
    if groups * 8 > len(scores):
        return scores.min()
    highest = scores[: len(scores) // groups * groups].reshape(-1, groups).max(axis=0)
    return np.partition(highest, groups - num)[groups - num]


def _nucleus(scaled: np.ndarray, ids: np.ndarray | None, top_p: float) -> np.ndarray:
    """The fewest most probable of `ids` (sorted; None: of all) that hold `top_p` of their probability."""
    weights = np.exp(scaled if ids is None else scaled[ids])
    wanted = top_p * weights.sum(dtype=np.float64)
    num = FIRST_LOOK
    while True:
        kept = _most_probable(scaled, num) if ids is None else ids
        cumulative = np.cumsum(np.exp(scaled[kept]), dtype=np.float64)
        if cumulative[-1] >= wanted or len(kept) == len(weights):
            return kept[: int(np.searchsorted(cumulative, wanted)) + 1]
        num *= 8


def _inside(ids: np.ndarray, vocabulary_size: int) -> np.ndarray:
    if ids.max() >= vocabulary_size:
        raise InputError(
            f"cannot sample with logit_bias for token {ids.max()}: the model has {vocabulary_size:,} tokens",
            hint="change logit_bias or leave it out",
        )
    return ids


def _not_finite(value: object) -> WeightsError:
    return WeightsError(
        f"cannot choose a token: the model computed {value} where a number was expected",
        hint="the checkpoint may be damaged; try precision f32, and compare the file's digest with the published one",
    )
