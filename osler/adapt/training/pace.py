"""How long a training still takes."""

import time
from collections.abc import Callable
from typing import TypeVar

from osler.adapt.training.plan import Plan

__all__ = ["Pace"]

T = TypeVar("T")

FRESH = 0.1  # the weight of the newest step: an estimate follows a machine that is shared


class Pace:
    """Seconds of a step of cost 1, and of an evaluation, as they were lately.

    Args:
        plan: which steps and evaluations there are.
        cost: of a step (from 0) beside others.
    """

    def __init__(self, plan: Plan, cost: Callable[[int], float]) -> None:
        self.plan, self.cost = plan, cost
        self.step_s: float | None = None
        self.evaluation_s = 0.0

    def of_step(self, step: int, make: Callable[[], T]) -> T:
        """Make a step and learn from how long it took."""
        began = time.monotonic()
        result = make()
        took = (time.monotonic() - began) / self.cost(step)
        self.step_s = took if self.step_s is None else (1 - FRESH) * self.step_s + FRESH * took
        return result

    def of_evaluation(self, make: Callable[[], T]) -> T:
        """Evaluate and learn from how long it took."""
        began = time.monotonic()
        result = make()
        self.evaluation_s = time.monotonic() - began
        return result

    def seconds_left(self, done: int) -> float | None:
        """An estimate for the rest of the plan; None before the first step."""
        if self.step_s is None:
            return None
        steps = sum(self.cost(step) for step in range(done, self.plan.steps))
        evaluations = sum(self.plan.evaluates_after(step) for step in range(done + 1, self.plan.steps + 1))
        return steps * self.step_s + evaluations * self.evaluation_s
