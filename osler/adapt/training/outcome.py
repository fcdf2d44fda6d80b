"""Where a training is, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["Ended", "Outcome", "Progress"]

Ended = Literal["finished", "early", "interrupted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a training is.

    Attributes:
        step: so many steps are done.
        steps: of the plan.
        losses: of the last step: "loss", and the objective's named ones; empty before the first step.
        figures: of the evaluations made after this step, None where none were due.
        seconds_left: an estimate, None before the first step; evaluations are counted at what they took so far.
        resumed: whether it was taken up from a checkpoint.
    """

    step: int
    steps: int
    losses: Mapping[str, float]
    seconds_left: float | None
    resumed: bool
    figures: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a training.

    Attributes:
        step: so many steps are done.
        ended: "finished", "early" (patience ran out) or "interrupted" (a signal; run it again to go on).
        best_step: when the watched figure was best, None where none is watched.
        best: that figure.
        resumed_from: the step of the checkpoint that was taken up, None for a beginning.
        seconds: of this run, evaluations included.
    """

    step: int
    ended: Ended
    best_step: int | None
    best: float | None
    resumed_from: int | None
    seconds: float
