"""A checkpoint's matrices as the graphs want them: stacked, and decoded only once."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from osler.engine.coarse import coarse
from osler.engine.weight_store import WeightStore
from osler.model.matrix import GroupedMatrix, Matrix
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
        store: where decoded stacks are kept from one run to the next, or None to decode them every time.
    """

    def __init__(self, source: Source, store: WeightStore | None = None) -> None:
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
            return [stack or self._dense(members[0]) for members, stack in stored]
        matrices = {name: self.matrix(name) for name in names}
        stacks = [_stack({name: matrices[name] for name in members}) for members in stackable(matrices)]
        return self._store.put(names, stacks) if self._store else stacks

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

    def _dense(self, name: str) -> Stack:
        return _stack({name: self.matrix(name)})


def _stack(matrices: dict[str, Matrix]) -> Stack:
    """One stack of matrices of one form."""
    grouped = [matrix for matrix in matrices.values() if isinstance(matrix, GroupedMatrix)]
    whole = stack_grouped(grouped) if grouped else next(iter(matrices.values()))
    heights = tuple(matrix.shape[0] for matrix in matrices.values())
    return Stack(names=tuple(matrices), heights=heights, matrix=whole)
