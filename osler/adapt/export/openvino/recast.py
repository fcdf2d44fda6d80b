"""A checkpoint's matrices in another number format, one matrix at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from osler.adapt.export.slabs import converted
from osler.errors import WeightsError
from osler.model.matrix import DenseMatrix, Matrix
from osler.weights.checkpoint import Checkpoint

__all__ = ["KINDS", "Recast"]

KINDS: dict[str, "np.dtype[Any]"] = {"F32": np.dtype(np.float32), "F16": np.dtype(np.float16)}
"""Number formats that matrices can be recast to."""


class Recast:
    """What the networks ask of a checkpoint (`osler.engine.stacked_weights.Source`), every matrix in one format.

    Args:
        checkpoint: where the numbers come from.
        kind: a key of `KINDS`.
    """

    def __init__(self, checkpoint: Checkpoint, kind: str) -> None:
        self._checkpoint = checkpoint
        self._kind = kind

    def matrix(self, name: str) -> Matrix:
        """The matrix, converted.

        Raises:
            WeightsError: it holds numbers that the format has none for.
        """
        source, kind = self._checkpoint.matrix(name), KINDS[self._kind]
        if isinstance(source, DenseMatrix) and source.kind == self._kind.lower():
            return source
        values, row = np.empty(source.shape, kind), 0
        with np.errstate(over="ignore"):
            for slab in converted(name, source, lambda numbers: numbers.astype(kind)):
                if not np.isfinite(slab).all():
                    raise WeightsError(
                        f"cannot write `{name}` in F16: it holds numbers above 65,504", hint="export with --type F32"
                    )
                values[row : row + len(slab)] = slab
                row += len(slab)
        return DenseMatrix(values=values, kind=self._kind.lower())

    def vector(self, name: str) -> np.ndarray:
        return self._checkpoint.vector(name)

    def embedding_rows(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        return self._checkpoint.embedding_rows(ids)

    def release(self) -> None:
        self._checkpoint.release()
