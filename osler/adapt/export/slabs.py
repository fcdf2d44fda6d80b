"""A matrix in pieces of some rows, so that the largest one never stands in memory as float32."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from osler.errors import WeightsError
from osler.model.matrix import Matrix

__all__ = ["SLAB_WEIGHTS", "converted", "row_slabs"]

SLAB_WEIGHTS = 1 << 22
"""Weights in a piece: 16 MiB in float32."""


def row_slabs(shape: tuple[int, int]) -> Iterator[slice]:
    """The rows of each piece, in order."""
    rows, columns = shape
    step = max(1, SLAB_WEIGHTS // columns)
    return (slice(first, min(first + step, rows)) for first in range(0, rows, step))


def converted(name: str, matrix: Matrix, convert: Callable[[np.ndarray], np.ndarray]) -> Iterator[np.ndarray]:
    """The pieces of a matrix, each [n, K] float32 given to `convert`, in order; several are worked on at once.

    Raises:
        WeightsError: the matrix holds infinities or what is no number.
    """

    def piece(rows: slice) -> np.ndarray:
        values = matrix.rows(rows).dequantised()
        if not np.isfinite(values).all():
            raise WeightsError(
                f"cannot write `{name}`: it holds infinite numbers or none at all",
                hint="the file, or the training that made it, is damaged: use an earlier checkpoint",
            )
        return convert(values)

    threads = min(os.cpu_count() or 1, 8)
    waiting: deque[Future[np.ndarray]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for rows in row_slabs(matrix.shape):
                waiting.append(pool.submit(piece, rows))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
