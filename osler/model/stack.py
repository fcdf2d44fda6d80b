"""Matrices with the same input, one below the other, because one tall product costs less than several.

Only grouped matrices of one form are stacked: dense ones are often mapped files, which stacking would copy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from osler.model.matrix import GroupedMatrix, Matrix

__all__ = ["Stack", "Weights", "stack_grouped", "stackable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One matrix [N, K] and the number of its rows that belong to each of `names`, in order."""

    names: tuple[str, ...]
    heights: tuple[int, ...]
    matrix: Matrix


class Weights(Protocol):
    """Where a graph's numbers come from, by canonical name (docs/architecture.md).

    Attributes:
        is_narrow: whether dense matrices are bfloat16 and meant to be computed with as such.
    """

    is_narrow: bool

    def matrix(self, name: str) -> Matrix:
        """One matrix [N, K]."""
        ...

    def vector(self, name: str) -> np.ndarray:
        """One vector, float32."""
        ...

    def stacks(self, names: Sequence[str]) -> list[Stack]:
        """Matrices with the same input, stacked where they can be; each name in exactly one stack."""
        ...


def stackable(matrices: dict[str, Matrix]) -> list[list[str]]:
    """Names whose matrices have one form, in their order; a dense matrix stands alone."""
    forms: dict[object, list[str]] = {}
    for name, matrix in matrices.items():
        form: object = name
        if isinstance(matrix, GroupedMatrix):
            form = (matrix.bits, matrix.group, matrix.offset is None)
        forms.setdefault(form, []).append(name)
    return list(forms.values())


def stack_grouped(matrices: Sequence[GroupedMatrix]) -> GroupedMatrix:
    """Grouped matrices of one form, one below the other."""
    first = matrices[0]
    if len(matrices) == 1:
        return first
    offsets = [matrix.offset for matrix in matrices if matrix.offset is not None]
    return GroupedMatrix(
        codes=np.concatenate([matrix.codes for matrix in matrices]),
        bits=first.bits,
        scale=np.concatenate([matrix.scale for matrix in matrices]),
        offset=np.concatenate(offsets) if offsets else None,
        group=first.group,
    )
