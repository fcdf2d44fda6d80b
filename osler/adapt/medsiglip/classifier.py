"""Tuning the tower of pictures for labels, with a linear head on the vector that `osler embed` gives.

    logits = √D · W v + b        v [D] of length 1, so √D · v has components about as large as a layer norm gives

One label holds: cross-entropy, each example weighted by how rare its label is (N / (C · n_c)). Several may hold: a
logistic loss for each label, its positive examples weighted by negatives / positives, as MedSigLIP's notebook does.

That notebook puts the head on the mean of the patches' vectors instead, which leaves MedSigLIP's own pooling unused
and its vectors, which search and zero-shot labels need, untrained (docs/decisions/077).
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from osler.adapt.medsiglip.network import Network
from osler.adapt.medsiglip.order import Order
from osler.adapt.medsiglip.prepared import Prepared
from osler.adapt.training.objective import Losses
from osler.errors import InputError

__all__ = ["ClassifierObjective", "label_loss", "label_weights", "targets_of"]


def targets_of(prepared: Prepared, labels: tuple[str, ...]) -> np.ndarray:
    """[I, C] float32: 1 where a label holds."""
    return np.array([[label in pair.labels for label in labels] for pair in prepared.pairs], np.float32)


def label_weights(targets: np.ndarray, *, are_several: bool, weighted: bool) -> np.ndarray:
    """[C] float32, how much a positive example of each label counts.

    >>> label_weights(np.array([[1, 0], [1, 0], [1, 0], [0, 1]], np.float32), are_several=True, weighted=True)
    array([0.33333334, 3.        ], dtype=float32)

    Raises:
        InputError: a label has no example, or (where several may hold) nothing but examples.
    """
    positive = targets.sum(axis=0)
    empty = [place for place, count in enumerate(positive) if count == 0 or (are_several and count == len(targets))]
    if empty:
        raise InputError(
            f"cannot train: {len(empty)} of {len(positive)} labels have no example, or no counter-example, in the "
            "training part",
            hint="add examples, or leave these labels out",
        )
    if not weighted:
        return np.ones(len(positive), np.float32)
    if are_several:
        return ((len(targets) - positive) / positive).astype(np.float32)
    return (len(targets) / (len(positive) * positive)).astype(np.float32)


def label_loss(logits: Tensor, targets: Tensor, weights: Tensor, *, are_several: bool) -> tuple[Tensor, float]:
    """The sum of the losses of logits [I, C], and what to divide it by, for the means that torch's own losses give."""
    if are_several:
        total = binary_cross_entropy_with_logits(logits, targets, pos_weight=weights, reduction="sum")
        return total, float(targets.numel())
    right = targets.argmax(dim=1)
    return cross_entropy(logits, right, weight=weights, reduction="sum"), float(weights[right].sum())


class ClassifierObjective:
    """The tower of pictures and a head.

    Args:
        network: what is trained; with nothing of it in its scope, only the head is.
        prepared: the pictures of the training part.
        labels: C of them.
        head: [C, D + 1] to begin with, as `osler.tasks.tuned_head.TunedHead.weights`.
        order: which examples stand in which batch.
        are_several: whether several labels may hold of one picture.
        weighted: whether rare labels count more.
        decay: of matrices.
    """

    def __init__(
        self,
        network: Network,
        prepared: Prepared,
        labels: tuple[str, ...],
        head: np.ndarray,
        order: Order,
        *,
        are_several: bool,
        weighted: bool = True,
        decay: float = 0.01,
    ) -> None:
        self.network, self.prepared, self.order = network, prepared, order
        self.are_several, self._decay = are_several, decay
        self._reach = network.width**0.5
        self.head = nn.Linear(network.width, len(labels)).to(network.device)
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(head[:, :-1] / self._reach))
            self.head.bias.copy_(torch.from_numpy(head[:, -1]))
        self._targets = targets_of(prepared, labels)
        weights = label_weights(self._targets, are_several=are_several, weighted=weighted)
        self._weights = torch.from_numpy(weights).to(network.device)

    def parameter_groups(self) -> list[dict[str, Any]]:
        head = [
            {"params": [self.head.weight], "weight_decay": self._decay},
            {"params": [self.head.bias], "weight_decay": 0.0},
        ]
        return [*self.network.groups(self._decay), *head]

    def losses(self, step: int, part: int) -> Losses:
        places = self.order.of(step, part)
        total, weight = self.loss_of(self.prepared.look(places), self._targets[places])
        return Losses(total=total, weight=weight)

    def loss_of(self, squares: np.ndarray, targets: np.ndarray) -> tuple[Tensor, float]:
        """The loss of squares [B, S, S, 3] with targets [B, C], and what to divide it by."""
        wanted = torch.from_numpy(targets).to(self.network.device)
        return label_loss(self.logits(squares), wanted, self._weights, are_several=self.are_several)

    def logits(self, squares: np.ndarray) -> Tensor:
        """[B, C]."""
        return self.head(self._reach * self.network.see(squares))

    def weights(self) -> np.ndarray:
        """The head as `TunedHead` has it, [C, D + 1]: for vectors of length 1."""
        matrix = self.head.weight.detach().cpu().numpy() * np.float32(self._reach)
        return np.concatenate([matrix, self.head.bias.detach().cpu().numpy()[:, None]], axis=1)

    def state(self) -> dict[str, Any]:
        head = {name: weight.detach().cpu().clone() for name, weight in self.head.state_dict().items()}
        return {"network": self.network.state(), "head": head}

    def load_state(self, state: dict[str, Any]) -> None:
        self.network.load_state(state["network"])
        self.head.load_state_dict(state["head"])

    def after_step(self, step: int) -> None:
        """Nothing is to be done."""
