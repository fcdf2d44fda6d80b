"""The numbers of a training, apart from what is trained and on what."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from osler.errors import OptionError

__all__ = ["SHAPES", "Plan", "Shape", "schedule"]

Shape = Literal["cosine", "linear", "constant"]
SHAPES: tuple[Shape, ...] = ("cosine", "linear", "constant")
NOT_OF_THE_RESULT = ("save_every", "save_seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a training goes on.

    Attributes:
        steps: of the optimiser.
        parts: how many parts a step's gradient is gathered from.
        seed: with a step's and a part's number it decides everything that is drawn.
        betas, epsilon: of AdamW. Weight decay is told by the parameter groups, else `weight_decay`.
        clip: the gradient is made no longer than this; 0 leaves it.
        save_every: write a checkpoint after so many steps (0: only by time).
        save_seconds: … and after so many seconds. Where checkpoints fall changes no number.
        evaluate_every: run the evaluations after so many steps, and at the end (0: never).
        evaluate_first: run them before the first step, too.
        watch: the evaluated figure that says which step is best; None keeps none.
        better: whether a lower or a higher figure is better.
        patience: stop after so many evaluations in a row that were not better (0: never).
    """

    steps: int
    parts: int = 1
    seed: int = 7
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    clip: float = 1.0
    save_every: int = 0
    save_seconds: float = 60.0
    evaluate_every: int = 0
    evaluate_first: bool = False
    watch: str | None = None
    better: Literal["lower", "higher"] = "lower"
    patience: int = 0

    def __post_init__(self) -> None:
        for name, least in (("steps", 1), ("parts", 1), ("evaluate_every", 0), ("patience", 0), ("save_every", 0)):
            if getattr(self, name) < least:
                expected = f"a whole number from {least}"
                raise OptionError(
                    f"cannot train: {name} is {getattr(self, name)}, expected {expected}", name=name, expected=expected
                )

    def decisive(self) -> dict[str, Any]:
        """What decides the result: a checkpoint is taken up only by a plan that agrees on all of it."""
        return {name: value for name, value in asdict(self).items() if name not in NOT_OF_THE_RESULT}

    def evaluates_after(self, done: int) -> bool:
        """Whether evaluations are due when so many steps are done."""
        if self.evaluate_every == 0:
            return False
        if done == 0:
            return self.evaluate_first
        return done % self.evaluate_every == 0 or done == self.steps

    def is_better(self, figure: float, best: float | None) -> bool:
        """Whether a figure of the watched kind beats the best so far; NaN beats nothing."""
        if math.isnan(figure):
            return False
        return best is None or (figure < best if self.better == "lower" else figure > best)


def schedule(peak: float, steps: int, *, warmup: int = 0, shape: Shape = "cosine", least: float = 0.0) -> Callable:
    """The learning rate of each step (from 0): a linear rise to `peak` over `warmup` steps, then down to the end.

    Args:
        peak: the highest rate.
        steps: of the training.
        warmup: step s < warmup has the share (s + 1) / warmup.
        shape: how it falls: half a cosine, a line, or not at all.
        least: the share of the peak that it falls to.

    >>> rate = schedule(1.0, 10, warmup=2, shape="linear")
    >>> [rate(step) for step in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.125]
    """

    def rate(step: int) -> float:
        if step < warmup:
            return peak * (step + 1) / warmup
        gone = (step - warmup) / max(1, steps - warmup)
        left = {"cosine": 0.5 * (1 + math.cos(math.pi * gone)), "linear": 1 - gone, "constant": 1.0}[shape]
        return peak * (least + (1 - least) * left)

    return rate
