"""Logistic regression on vectors, for one label of several or for several labels at once.

The loss is scikit-learn's: C · Σ weight · loss + ½ |W|², the intercepts not penalised; `osler.tasks.probe` fits the
same for one label. Fitted by L-BFGS in float64, in the space that the examples span: of I < D vectors nothing outside
it could be learnt, because the penalty makes it zero.
"""

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

__all__ = ["fit_logistic", "shares_of"]

MOST_STEPS = 200
FLAT = 1e-7


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
        [fitted], max_iter=MOST_STEPS, tolerance_grad=FLAT * strength, line_search_fn="strong_wolfe"
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
