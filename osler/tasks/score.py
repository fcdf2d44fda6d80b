"""How probable a given continuation is."""

from dataclasses import dataclass

__all__ = ["Score"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The log-probabilities of a continuation, for multiple choice and calibration.

    Attributes:
        token_ids: the continuation's ids.
        logprobs: the natural-log probability of each, given the prompt and the ones before it.
    """

    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]

    @property
    def total(self) -> float:
        """The log-probability of the whole continuation.

        >>> Score(token_ids=(5, 6), logprobs=(-0.5, -1.0)).total
        -1.5
        """
        return sum(self.logprobs)
