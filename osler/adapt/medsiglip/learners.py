"""What is learnt on frozen vectors: MedSigLIP's notebook for little data has the same two."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from osler.adapt.medsiglip.logistic import choose_strength, fit_logistic, shares_of
from osler.adapt.medsiglip.threads import one_thread

__all__ = ["LEARNERS", "Learner"]

Learner = Callable[..., np.ndarray]
"""(vectors [I, D], targets [I, C], groups [I], unseen [J, D], are_several=, seed=) → scores [J, C] of the unseen."""

HIDDEN, DROPOUT = (512, 256), (0.05, 0.1)
RATE, DECAY, BATCH, EPOCHS = 1e-4, 1e-5, 32, 25
LEAST_STEPS = 400
"""The notebook's 25 epochs are 4,000 steps of its 5,160 pictures; of ten pictures they would be 25."""


def logistic(
    vectors: np.ndarray,
    targets: np.ndarray,
    groups: Sequence[str],
    unseen: np.ndarray,
    *,
    are_several: bool,
    seed: int,
) -> np.ndarray:
    """Logistic regression; how strongly it is held back is chosen on examples left out, where there are enough."""
    strength = choose_strength(vectors, targets, groups, are_several=are_several, seed=seed)
    fitted = fit_logistic(vectors, targets, are_several=are_several, strength=strength)
    return shares_of(unseen, fitted, are_several=are_several)


def multilayer(
    vectors: np.ndarray,
    targets: np.ndarray,
    groups: Sequence[str],
    unseen: np.ndarray,
    *,
    are_several: bool,
    seed: int,
) -> np.ndarray:
    """D → 512 → 256 → C with ReLU and dropout, by Adam."""
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network(vectors.shape[1], targets.shape[1])
        _fit(network, _scaled(vectors), torch.from_numpy(targets.astype(np.float32)), are_several=are_several)
    with torch.no_grad():
        logits = network.eval()(_scaled(unseen))
    return (logits.sigmoid() if are_several else logits.softmax(dim=1)).numpy()


LEARNERS: dict[str, Learner] = {"logistic": logistic, "mlp": multilayer}


def _network(width: int, labels: int) -> nn.Sequential:
    first, second = HIDDEN
    return nn.Sequential(
        nn.Linear(width, first),
        nn.ReLU(),
        nn.Dropout(DROPOUT[0]),
        nn.Linear(first, second),
        nn.ReLU(),
        nn.Dropout(DROPOUT[1]),
        nn.Linear(second, labels),
    )


def _fit(network: nn.Sequential, inputs: torch.Tensor, wanted: torch.Tensor, *, are_several: bool) -> None:
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    held = [weight for layer in (network[0], network[3]) for weight in layer.parameters()]
    steps = max(LEAST_STEPS, EPOCHS * -(-len(inputs) // BATCH))
    places = torch.cat([torch.randperm(len(inputs)) for _ in range(-(-steps * BATCH // len(inputs)))])
    for batch in places[: steps * BATCH].split(min(BATCH, len(inputs)))[:steps]:
        logits = network(inputs[batch])
        if are_several:
            loss = binary_cross_entropy_with_logits(logits, wanted[batch])
        else:
            loss = cross_entropy(logits, wanted[batch].argmax(dim=1))
        loss = loss + DECAY * sum(weight.square().sum() for weight in held)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def _scaled(vectors: np.ndarray) -> torch.Tensor:
    """Vectors of length 1 to components about as large as 1."""
    return torch.from_numpy(np.ascontiguousarray(vectors, np.float32)) * vectors.shape[1] ** 0.5
