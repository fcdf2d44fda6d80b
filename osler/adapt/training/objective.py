"""What the loop asks of something that is to be trained."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor

__all__ = ["Evaluation", "Losses", "Objective"]

Evaluation = Callable[[int], Mapping[str, float]]
"""Called with the number of steps that are done; gives named figures, the same ones whenever it is run again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """What one part of a step gives.

    The step's loss is the sum of its parts' totals divided by the sum of their weights. So a loss on tokens is right
    however they fall into parts: total is the sum over learned tokens, weight their number.

    Attributes:
        total: a scalar to descend from.
        weight: what it is to be divided by, with those of the step's other parts.
        named: sums for the log, divided in the same way.
    """

    total: Tensor
    weight: float = 1.0
    named: Mapping[str, Tensor | float] = field(default_factory=dict)


class Objective(Protocol):
    """What is trained."""

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Groups for AdamW: "params", and "weight_decay" or "rate" (a factor on the learning rate) where wanted.

        Asked for once, and again for nothing: the order is kept with the optimiser's state.
        """

    def losses(self, step: int, part: int) -> Losses:
        """The losses of one part of a step (both from 0).

        All about it follows from the plan's seed, the step and the part; torch's generator is seeded by them before.
        """

    def state(self) -> dict[str, Any]:
        """What has to be kept beside the optimiser's state: tensors, numbers, words, in dicts and lists."""

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up what `state` gave."""

    def after_step(self, step: int) -> None:
        """Called when the optimiser has made step `step` (from 0), for running averages and the like."""
