"""Learning answers: the objective of `osler tune`."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from osler.adapt.training.answer_loss import answer_losses
from osler.adapt.training.batch import Batch, Learnable, collate
from osler.adapt.training.kept_images import KeptImages
from osler.adapt.training.network import Network
from osler.adapt.training.objective import Losses
from osler.adapt.training.precision import Precision

__all__ = ["Answers", "Order", "Reader"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """In which order examples are learned: every one once before any twice, each time in another order.

    Attributes:
        num_examples: how many there are.
        batch: examples of one part.
        parts: of one step.
        seed: of the order.
    """

    num_examples: int
    batch: int
    parts: int
    seed: int

    def steps(self, epochs: float) -> int:
        """Steps in which every example is seen so many times, the last one filled up.

        >>> Order(num_examples=10, batch=4, parts=1, seed=0).steps(2)
        5
        """
        seen = round(epochs * self.num_examples)
        return max(1, -(-seen // (self.batch * self.parts)))

    def examples(self, step: int, part: int) -> list[int]:
        """The numbers of the examples of a part."""
        start = (step * self.parts + part) * self.batch
        return [self._example(position) for position in range(start, start + self.batch)]

    def _example(self, position: int) -> int:
        epoch, place = divmod(position, self.num_examples)
        digest = hashlib.sha256(f"order {self.seed} {epoch}".encode()).digest()
        shuffled = np.random.default_rng(int.from_bytes(digest[:8], "big")).permutation(self.num_examples)
        return int(shuffled[place])


class Reader:
    """A network that reads examples, with the images that it has seen before.

    Args:
        network: what is tuned, or evaluated.
        precision: in which numbers.
        kept: what its frozen tower says of images; None where the tower is tuned.
    """

    def __init__(self, network: Network, precision: Precision, kept: KeptImages | None = None) -> None:
        self.network, self.precision, self.kept = network, precision, kept

    def batch(self, examples: Sequence[Learnable]) -> Batch:
        """Examples side by side, where the network is."""
        return collate(examples, self.network.device)

    def states(self, batch: Batch) -> Tensor:
        """The states [N, D] in front of the learned tokens."""
        with self.precision.computing():
            return self.network.states(batch, self._vectors(batch))[batch.before]

    def logits(self, states: Tensor) -> Tensor:
        """[N, V] float32."""
        with self.precision.computing():
            return self.network.logits(states)

    def losses(self, batch: Batch) -> Tensor:
        """The loss of each learned token, [N] float32."""
        return self.losses_at(self.states(batch), batch.targets)

    def losses_at(self, states: Tensor, targets: Tensor) -> Tensor:
        """The loss of each target [N] that the state [N, D] in front of it predicts."""
        return answer_losses(states, targets, self.logits, self.network.base.lm_head.weight.shape[0])

    def _vectors(self, batch: Batch) -> Tensor | None:
        if not batch.squares:
            return None
        if self.kept is not None:
            return self.network.vectors(self.kept.of(batch.squares, self.network.device))
        return self.network.vectors(
            self.network.pooled([square for square in batch.squares if isinstance(square, np.ndarray)])
        )


class Answers:
    """The loss on the answers of examples, for `osler.adapt.training.loop.Trainer`.

    Args:
        reader: of the network that is tuned.
        examples: to learn from.
        order: in which order.
        weight_decay: of matrices; vectors have none.
    """

    def __init__(
        self, reader: Reader, examples: Sequence[Learnable], order: Order, *, weight_decay: float = 0.0
    ) -> None:
        self.reader, self.examples, self.order, self.weight_decay = reader, examples, order, weight_decay

    def parameter_groups(self) -> list[dict[str, Any]]:
        weights = list(self.reader.network.trained().values())
        groups = (
            {"params": [weight for weight in weights if weight.ndim >= 2], "weight_decay": self.weight_decay},
            {"params": [weight for weight in weights if weight.ndim < 2], "weight_decay": 0.0},
        )
        return [group for group in groups if group["params"]]

    def losses(self, step: int, part: int) -> Losses:
        self.reader.network.model.train()
        batch = self.reader.batch([self.examples[number] for number in self.order.examples(step, part)])
        found = self.reader.losses(batch)
        return Losses(total=found.sum(), weight=float(len(found)))

    def state(self) -> dict[str, Any]:
        return {name: weight.detach().cpu().clone() for name, weight in self.reader.network.trained().items()}

    def load_state(self, state: dict[str, Any]) -> None:
        with torch.no_grad():
            for name, weight in self.reader.network.trained().items():
                weight.copy_(state[name])

    def after_step(self, step: int) -> None:
        """Nothing: there are no running averages."""
