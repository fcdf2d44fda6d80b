"""A checkpoint's matrices as the graphs want them: stacked, and decoded only once."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from osler.engine.coarse import coarse
from osler.engine.weight_store import WeightStore
from osler.model.matrix import DenseMatrix, GroupedMatrix, Matrix
from osler.model.stack import Stack, stack_grouped, stackable

__all__ = ["COARSE", "Source", "StackedWeights"]

COARSE = ".coarse"
"""Behind a matrix's name: its rough copy in 4 bits (`osler.engine.coarse`)."""


class Source(Protocol):
    """What a checkpoint offers to the engine."""

    def matrix(self, name: str) -> Matrix: ...

    def vector(self, name: str) -> np.ndarray: ...

    def embedding_rows(self, ids: np.ndarray) -> np.ndarray: ...

    def release(self) -> None: ...


class StackedWeights:
    """Weights for the graphs (see `osler.model.stack.Weights`).

    Args:
        source: the checkpoint.
        is_narrow: make dense matrices bfloat16, because the computation is.
        store: where decoded stacks are kept from one run to the next, or None to decode them every time.
    """

    def __init__(self, source: Source, *, is_narrow: bool, store: WeightStore | None = None) -> None:
        self.is_narrow = is_narrow
        self._source = source
        self._store = store

    def matrix(self, name: str) -> Matrix:
        if name.endswith(COARSE):
            return coarse(self._source.matrix(name.removesuffix(COARSE)))
        return self._source.matrix(name)

    def vector(self, name: str) -> np.ndarray:
        return self._source.vector(name)

    def stacks(self, names: Sequence[str]) -> list[Stack]:
        stored = self._store.get(names) if self._store else None
        if stored is not None:
            return [stack or _stack({members[0]: self.matrix(members[0])}) for members, stack in stored]
        found = {name: self.matrix(name) for name in names}
        matrices = {name: self._narrowed(matrix) for name, matrix in found.items()}
        stacks = [_stack({name: matrices[name] for name in members}) for members in stackable(matrices)]
        if self._store is None or self._store.is_complete:
            return stacks
        as_published = {name for name in names if matrices[name] is found[name] and _is_dense(found[name])}
        return self._store.put(names, stacks, leave_out=as_published)

    def prepare(self, names: Sequence[str]) -> None:
        """Decode matrices into the store, if there is one, for a later time."""
        if self._store and not self._store.is_complete:
            self.stacks(names)

    def release(self) -> None:
        """Give mapped pages back to the system; they are read again when touched."""
        self._source.release()
        if self._store:
            self._store.release()

    def finish(self) -> None:
        """Keep what was decoded for the next run."""
        if self._store:
            self._store.finish()

    def abandon(self) -> None:
        """Drop what was decoded, after a failure."""
        if self._store:
            self._store.abandon()

    def _narrowed(self, matrix: Matrix) -> Matrix:
        return matrix.narrowed() if self.is_narrow and isinstance(matrix, DenseMatrix) else matrix


def _is_dense(matrix: Matrix) -> bool:
    return isinstance(matrix, DenseMatrix)


def _stack(matrices: dict[str, Matrix]) -> Stack:
    """One stack of matrices of one form."""
    grouped = [matrix for matrix in matrices.values() if isinstance(matrix, GroupedMatrix)]
    whole = stack_grouped(grouped) if grouped else next(iter(matrices.values()))
    heights = tuple(matrix.shape[0] for matrix in matrices.values())
    return Stack(names=tuple(matrices), heights=heights, matrix=whole)
