"""How well examples that are not learned from are answered."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from osler.adapt.training.answers import Reader
from osler.adapt.training.batch import Learnable

__all__ = ["Classes", "Judged", "Validation", "classes_among"]

FEWEST, MOST = 2, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """Answers that differ in their first token, so that one pass tells which is the likeliest.

    Attributes:
        first: the first token of each class, by name.
    """

    first: Mapping[str, int]


def classes_among(examples: Sequence[Learnable], labels: Sequence[str | None]) -> Classes | None:
    """The classes of examples; None where answers are no classes, or two begin with the same token.

    Args:
        labels: what each example's answer is, None for one that is no class.
    """
    if any(label is None for label in labels):
        return None
    first: dict[str, int] = {}
    for number, label in enumerate(labels):
        if label is not None and label not in first:
            if len(first) == MOST:
                return None
            learned = np.flatnonzero(examples[number].learned)
            first[label] = int(examples[number].ids[learned[0]])
    if len(first) < FEWEST or len(set(first.values())) < len(first):
        return None
    return Classes(first=first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One example, as the network answers it.

    Attributes:
        loss: the mean over its learned tokens.
        tokens: how many these are.
        label: the likeliest class, None where there are none.
    """

    loss: float
    tokens: int
    label: str | None


class Validation:
    """Evaluation of a network on examples: an `Evaluation` for the loop.

    Args:
        reader: of the network.
        examples, labels: what is asked; labels may be None.
        classes: what an answer may be, None where it may be anything.
        batch: examples at the same time.
        name: what figures are called by: "validation" gives "validation_loss".
    """

    def __init__(
        self,
        reader: Reader,
        examples: Sequence[Learnable],
        labels: Sequence[str | None],
        *,
        classes: Classes | None,
        batch: int,
        name: str = "validation",
    ) -> None:
        self.name = name
        self.reader, self.examples, self.labels, self.classes, self.size = reader, examples, labels, classes, batch

    def __call__(self, step: int) -> dict[str, float]:
        """The loss on all learned tokens, and the share of right classes."""
        judged = self.judge()
        tokens = sum(one.tokens for one in judged)
        figures = {f"{self.name}_loss": math.fsum(one.loss * one.tokens for one in judged) / tokens}
        if self.classes is not None:
            right = sum(one.label == label for one, label in zip(judged, self.labels, strict=True))
            figures[f"{self.name}_accuracy"] = right / len(judged)
        return figures

    def judge(self) -> list[Judged]:
        """Each example, in order, without dropout."""
        model = self.reader.network.model
        was_training = model.training
        model.eval()
        try:
            with torch.no_grad():
                starts = range(0, len(self.examples), self.size)
                return [one for start in starts for one in self._judge(range(start, start + self.size))]
        finally:
            model.train(was_training)

    def _judge(self, numbers: range) -> list[Judged]:
        examples = [self.examples[number] for number in numbers if number < len(self.examples)]
        batch = self.reader.batch(examples)
        states = self.reader.states(batch)
        losses = self.reader.losses_at(states, batch.targets)
        counts = batch.before.sum(dim=1).tolist()
        firsts = np.cumsum([0, *counts[:-1]])
        labels: list[str | None] = [None] * len(examples)
        if self.classes is not None:
            names, tokens = list(self.classes.first), list(self.classes.first.values())
            chosen = self.reader.logits(states[torch.from_numpy(firsts)])[:, tokens].argmax(dim=1)
            labels = [names[number] for number in chosen.tolist()]
        return [
            Judged(loss=float(part.mean()), tokens=len(part), label=label)
            for part, label in zip(losses.split(counts), labels, strict=True)
        ]
