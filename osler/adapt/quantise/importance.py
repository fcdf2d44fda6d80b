"""How much each column of a matrix counts: the mean square of what it is multiplied with, over a text.

An error ΔW of a matrix changes its output y = W x by ΔW x. Over many x, the mean square of that change is
Σ ΔW[n, k]² E[x_k²] where columns are taken as independent, so E[x_k²] says which columns have to be exact.
llama.cpp calls these the importance matrix (imatrix).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from osler.errors import WeightsError
from osler.weights.names import Shape

__all__ = ["Importance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """Sums over a text, by canonical names of matrices [N, K].

    Attributes:
        sums: [K] float64: the sum of the squares of each column's factors.
        counts: how many tokens were summed.
        datasets: what the text was, for the file.
        chunk_tokens: tokens of a passage.
    """

    sums: Mapping[str, np.ndarray]
    counts: Mapping[str, int]
    datasets: tuple[str, ...] = ()
    chunk_tokens: int = 512

    @property
    def means(self) -> dict[str, np.ndarray]:
        """The mean squares [K] float32; matrices that met no token are left out."""
        return {
            name: (values / self.counts[name]).astype(np.float32)
            for name, values in self.sums.items()
            if self.counts[name] > 0
        }

    def check(self, shapes: Mapping[str, Shape], source: str) -> None:
        """Hold it against a model.

        Raises:
            WeightsError: it is of another model, or holds numbers that make no sense.
        """
        for name, values in self.sums.items():
            columns = shapes[name][1] if name in shapes else None
            if columns is not None and len(values) != columns:
                raise WeightsError(
                    f"cannot use `{source}`: `{name}` has {columns:,} columns, the file has {len(values):,}",
                    hint="it was made for another model: make one with --calibrate and your own text",
                )
            if not np.isfinite(values).all() or (values < 0).any():
                raise WeightsError(f"cannot use `{source}`: the importance of `{name}` is not a finite number above 0")
        if not self.sums.keys() & shapes.keys():
            raise WeightsError(f"cannot use `{source}`: it knows none of this model's matrices")
