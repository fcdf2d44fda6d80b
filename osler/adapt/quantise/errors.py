"""How much of a matrix is lost in each type, weighted by importance.

For a matrix W [N, K], what it is read again as (W'), and the mean squares h [K] of its inputs::

    loss = Σ h[k] (W' − W)[n, k]² / Σ h[k] W[n, k]²

the share of the output's power that is noise. KL divergence grows in proportion to it as long as it is small, which is
how the cost of one measured type tells that of the others.
"""

from collections.abc import Sequence

import numpy as np

from osler.adapt.quantise.encoder import BlockEncoder
from osler.adapt.quantise.exchanged import EMBEDDING, rounded
from osler.adapt.quantise.network import Numbers

__all__ = ["losses", "sampled_rows"]

SAMPLED_WEIGHTS = 1 << 16
"""Weights of a matrix that are tried in every type: errors of rows differ, but not so much that more were needed."""


def sampled_rows(numbers: Numbers, name: str) -> np.ndarray:
    """Rows of a matrix, evenly spread, [n, K] float32."""
    rows, columns = numbers.shape(name)
    wanted = min(rows, max(1, SAMPLED_WEIGHTS // columns))
    at = np.linspace(0, rows - 1, wanted).round().astype(np.int64)
    if name == EMBEDDING:
        return numbers.embedding_rows(at)
    return numbers.matrix(name).dequantised()[at]


def losses(
    name: str, values: np.ndarray, kinds: Sequence[str], encoder: BlockEncoder, importance: np.ndarray | None
) -> dict[str, float]:
    """The loss of some rows [n, K] of a matrix in each type."""
    weights = np.ones(values.shape[1]) if importance is None else importance.astype(np.float64)
    power = float((np.square(values, dtype=np.float64) @ weights).sum()) or 1.0
    return {
        kind: float((np.square(rounded(encoder, name, values, kind) - values, dtype=np.float64) @ weights).sum())
        / power
        for kind in kinds
    }
