"""Matrices into blocks: by llama.cpp's library where it is there, else by the gguf package."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from osler.adapt.quantise.kinds import DENSE, NEEDS_IMPORTANCE, OF_PACKAGE, row_bytes
from osler.adapt.quantise.library import GgmlLibrary, find_library, need_library
from osler.engine.compilation import usable_cores
from osler.errors import OptionError, WeightsError
from osler.weights.blocks import BLOCK_TYPES, grouped_matrix

if TYPE_CHECKING:
    from gguf import GGMLQuantizationType

__all__ = ["BlockEncoder", "dequantised", "makeable"]

RANGE_WEIGHTS = 1 << 20
"""Weights that one task of the pool encodes."""

LEAST_SHARE = 1e-9
"""What a column counts at least, as a share of the one that counts most."""

Importances = Mapping[str, np.ndarray]
"""By canonical names of matrices [N, K]: the mean square [K] of what each column is multiplied with."""


class BlockEncoder:
    """Encodes matrices by name, each with its importance where one is known.

    Args:
        importances: of matrices; those that are missing count all columns the same.
        threads: of the pool; None for all cores.
        use_library: whether llama.cpp's library may be used where it is there.
    """

    def __init__(
        self, importances: Importances | None = None, *, threads: int | None = None, use_library: bool = True
    ) -> None:
        self._importances = {name: _above_zero(values) for name, values in (importances or {}).items()}
        self._pool = ThreadPoolExecutor(threads or usable_cores())
        self._library: GgmlLibrary | None = find_library() if use_library else None

    def check(self, kinds: Mapping[str, str]) -> None:
        """Refuse what cannot be made, before any of it is.

        Args:
            kinds: the type of each matrix, by canonical names.

        Raises:
            MissingExtraError: a type needs llama.cpp's library.
            OptionError: a type needs an importance matrix.
        """
        missing = sorted(set(kinds.values()) - OF_PACKAGE)
        if missing and self._library is None:
            self._library = need_library(missing)
        blind = [name for name, kind in kinds.items() if kind in NEEDS_IMPORTANCE and name not in self._importances]
        if blind:
            raise OptionError(
                f"cannot make {kinds[blind[0]]} of `{blind[0]}`: so few bits need an importance matrix",
                name="calibrate",
                expected=f"text to measure importance on (or --imatrix), which {kinds[blind[0]]} needs",
                hint="pass --calibrate with your own text, or --imatrix with a file of importances",
            )

    def encode(self, name: str, values: np.ndarray, kind: "str | GGMLQuantizationType") -> np.ndarray:
        """Rows [N, K] float32 of a matrix in blocks of a type: [N, bytes of a row] uint8. Any thread may call it."""
        kind = kind if isinstance(kind, str) else kind.name
        if not np.isfinite(values).all():
            raise WeightsError(f"cannot quantise `{name}`: it holds numbers that are not finite")
        if kind in DENSE or self._library is None:
            return self._spread(values, kind, lambda rows: _by_package(name, kind, rows))
        library, importance = self._library, self._importances.get(name)
        library.prepare(kind)
        return self._spread(values, kind, lambda rows: library.encode(kind, rows, importance))

    def _spread(self, values: np.ndarray, kind: str, encode) -> np.ndarray:
        """Ranges of rows on the threads of the pool."""
        step = max(1, RANGE_WEIGHTS // values.shape[1])
        out = np.empty((len(values), row_bytes(kind, values.shape[1])), np.uint8)

        def one(first: int) -> None:
            out[first : first + step] = encode(values[first : first + step])

        for _ in self._pool.map(one, range(0, len(values), step)):
            pass
        return out

    @property
    def maker(self) -> str:
        """Who makes the blocks, for people."""
        return "gguf package" if self._library is None else f"ggml ({self._library.path.name})"


def dequantised(kind: str, blocks: np.ndarray) -> np.ndarray:
    """What blocks [N, bytes of a row] say: [N, K] float32."""
    if kind == "F32":
        return blocks.view(np.float32)
    if kind == "F16":
        return blocks.view(np.float16).astype(np.float32)
    if kind == "BF16":
        return (blocks.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    return grouped_matrix(BLOCK_TYPES[kind], blocks).dequantised()


def makeable(kinds: Iterable[str]) -> list[str]:
    """Those types that can be made here."""
    return [kind for kind in kinds if kind in OF_PACKAGE or find_library() is not None]


def _above_zero(importance: np.ndarray) -> np.ndarray:
    """Importance with a floor: a block of columns that all count nothing has no best codes, and ggml would abort."""
    greatest = float(importance.max(initial=0))
    if greatest == 0:
        return np.ones_like(importance)
    return np.maximum(importance, np.float32(LEAST_SHARE * greatest))


def _by_package(name: str, kind: str, values: np.ndarray) -> np.ndarray:
    from gguf import GGMLQuantizationType

    from osler.adapt.export.gguf_model import PACKAGE_ENCODER

    return PACKAGE_ENCODER.encode(name, np.ascontiguousarray(values, np.float32), GGMLQuantizationType[kind])
