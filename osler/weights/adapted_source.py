"""A checkpoint's numbers with an adapter's added, in float32, for graphs that no other adapter shares."""

from collections.abc import Sequence

import numpy as np

from osler.model.matrix import DenseMatrix, Matrix
from osler.weights.adapter import Adapter
from osler.weights.checkpoint import Checkpoint

__all__ = ["AdaptedSource"]


class AdaptedSource:
    """The merged weights W + scale · B A, not rounded to the checkpoint's type; what is not adapted is as it was.

    Args:
        checkpoint: the base model.
        adapter: opened for it.
    """

    def __init__(self, checkpoint: Checkpoint, adapter: Adapter) -> None:
        self._checkpoint = checkpoint
        self._adapter = adapter

    def matrix(self, name: str) -> Matrix:
        if name in self._adapter.replaced:
            return DenseMatrix(values=self._adapter.replaced[name], kind="f32")
        matrix = self._checkpoint.matrix(name)
        if name not in self._adapter.terms:
            return matrix
        return DenseMatrix(values=matrix.dequantised() + self._adapter.terms[name].dense(), kind="f32")

    def vector(self, name: str) -> np.ndarray:
        replaced = self._adapter.replaced.get(name)
        return self._checkpoint.vector(name) if replaced is None else replaced

    def embedding_rows(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        return self._checkpoint.embedding_rows(ids)

    def release(self) -> None:
        self._checkpoint.release()
