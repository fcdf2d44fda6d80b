"""Logistic regression on vectors, for one label of several or for several labels at once.

The loss is scikit-learn's: C · Σ weight · loss + ½ |W|², the intercepts not penalised; `osler.tasks.probe` fits the
same for one label. Fitted by L-BFGS in float64, in the space that the examples span: of I < D vectors nothing outside
it could be learnt, because the penalty makes it zero.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from osler.adapt.medsiglip.threads import one_thread

__all__ = ["choose_strength", "fit_logistic", "shares_of"]

MOST_STEPS = 200
FLAT = 1e-6
"""The gradient's largest number, divided by C and the number of examples, at which the fit has ended."""
STRENGTHS = (1.0, 10.0, 100.0, 1000.0)
USUAL_STRENGTH = 10.0
THIRDS = 3


def fit_logistic(
    vectors: np.ndarray,
    targets: np.ndarray,
    *,
    are_several: bool,
    strength: float,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """The weights of least loss, [C, D + 1] float32; the last column is the intercept.

    Args:
        vectors: [I, D].
        targets: [I, C], 1 where a label holds.
        are_several: whether several may hold.
        strength: C of the loss.
        weights: [C], how much a positive example counts; None for 1.
    """
    basis = _basis(vectors)  # [R, D]
    seen = torch.from_numpy(vectors.astype(np.float64) @ basis.T)  # [I, R]
    wanted = torch.from_numpy(targets.astype(np.float64))
    counts = None if weights is None else torch.from_numpy(weights.astype(np.float64))
    fitted = torch.zeros((targets.shape[1], seen.shape[1] + 1), dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS(
        [fitted], max_iter=MOST_STEPS, tolerance_grad=FLAT * strength * len(vectors), line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        search.zero_grad()
        logits = seen @ fitted[:, :-1].T + fitted[:, -1]
        if are_several:
            fit = binary_cross_entropy_with_logits(logits, wanted, pos_weight=counts, reduction="sum")
        else:
            fit = cross_entropy(logits, wanted.argmax(dim=1), weight=counts, reduction="sum")
        total = strength * fit + 0.5 * fitted[:, :-1].square().sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    with one_thread():
        search.step(loss)  # type: ignore[no-untyped-call, arg-type]
    found = fitted.detach().numpy()
    return np.concatenate([found[:, :-1] @ basis, found[:, -1:]], axis=1).astype(np.float32)


def shares_of(vectors: np.ndarray, weights: np.ndarray, *, are_several: bool) -> np.ndarray:
    """[I, C]: softmax over labels, or a sigmoid for each where several may hold."""
    logits = vectors.astype(np.float64) @ weights[:, :-1].T + weights[:, -1]
    if are_several:
        return 1 / (1 + np.exp(-np.clip(logits, -700, 700)))
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def _basis(vectors: np.ndarray) -> np.ndarray:
    """Orthonormal rows [R, D], float64, that span the vectors [I, D]."""
    count, width = vectors.shape
    if count >= width:
        return np.eye(width)
    return np.linalg.qr(vectors.astype(np.float64).T)[0].T


def choose_strength(
    vectors: np.ndarray,
    targets: np.ndarray,
    groups: Sequence[str],
    *,
    are_several: bool,
    weights: np.ndarray | None = None,
    seed: int = 0,
) -> float:
    """The C with the least loss on thirds that were left out, a group in one third.

    The usual one where a label has too few groups to be left out.
    """
    folds = _thirds(groups, seed)
    parts = [(folds != fold, folds == fold) for fold in range(THIRDS)]
    if not all(_are_learnable(targets[kept]) and left.any() for kept, left in parts):
        return USUAL_STRENGTH
    losses = {}
    for strength in STRENGTHS:
        total = 0.0
        for kept, left in parts:
            fitted = fit_logistic(
                vectors[kept], targets[kept], are_several=are_several, strength=strength, weights=weights
            )
            total += _surprise(shares_of(vectors[left], fitted, are_several=are_several), targets[left], are_several)
        losses[strength] = total
    return min(losses, key=lambda strength: losses[strength])


def _thirds(groups: Sequence[str], seed: int) -> np.ndarray:
    _, members = np.unique(np.array(groups), return_inverse=True)
    order = np.random.default_rng(seed).permutation(int(members.max()) + 1)
    return order[members] % THIRDS


def _are_learnable(targets: np.ndarray) -> bool:
    """Whether each label has an example, and one against it."""
    positive = targets.sum(axis=0)
    return bool(len(targets) and (positive > 0).all() and (positive < len(targets)).all())


def _surprise(shares: np.ndarray, targets: np.ndarray, are_several: bool) -> float:
    """The sum of -log of what was said of what is true."""
    said = np.where(targets > 0, shares, 1 - shares) if are_several else shares[targets > 0]
    return float(-np.log(np.maximum(said, 1e-12)).sum())
