"""A checkpoint with a LoRA adapter merged into it, one weight at a time."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from osler.errors import WeightsError
from osler.model.matrix import DenseMatrix, Matrix
from osler.prompt.tokens import Tokenizer
from osler.weights.adapter import Adapter
from osler.weights.checkpoint import Checkpoint
from osler.weights.names import Shape

__all__ = ["AdaptedCheckpoint"]

_OUTPUT = "text.output"
_EMBEDDING = "text.embedding"


class AdaptedCheckpoint(Checkpoint):
    """Another checkpoint, its weights changed by an adapter: W + scale · B A, or the adapter's own in W's place.

    Each is computed in float32 and rounded once, to the number format of the weight that it changes; where that is made
    of blocks with shared scales (a quantised GGUF), it stays in float32. Weights that the adapter leaves alone are the
    base's, unread and unrounded.

    An adapter may change the output matrix of a model whose output is its embedding: the merged model then has an
    output matrix of its own.

    Args:
        base: the model that the adapter was tuned on.
        adapter: opened for it.
        exact: leave what the adapter changes in float32, for who rounds it to another format.
    """

    def __init__(self, base: Checkpoint, adapter: Adapter, *, exact: bool = False) -> None:
        self.base, self.adapter, self._exact = base, adapter, exact
        self.path, self.files = base.path, base.files
        self.vision_note, self.recipe = base.vision_note, base.recipe
        self._unties = _OUTPUT in adapter.terms and _OUTPUT not in base.names()
        text = base.config.text
        self.config = replace(base.config, text=replace(text, tied_output=False)) if self._unties else base.config
        self._check_names()
        self.identity = f"{base.identity}-{adapter.identity}"
        self.description = f"{base.description} with adapter {adapter.name} merged"

    def _check_names(self) -> None:
        for name in self.changed:
            if name not in self.names():
                raise WeightsError(
                    f"cannot merge adapter `{self.adapter.name}` into `{self.base.path.name}`: it changes `{name}`,"
                    " which these weights do not have",
                    hint="use the adapter with the model that it was tuned on",
                )

    @property
    def changed(self) -> frozenset[str]:
        """The canonical names of all weights that are not the base's own."""
        return frozenset(self.adapter.terms) | frozenset(self.adapter.replaced)

    def names(self) -> frozenset[str]:
        return self.base.names() | {_OUTPUT} if self._unties else self.base.names()

    def shape(self, name: str) -> Shape:
        return self.base.shape(self._in_base(name))

    def _in_base(self, name: str) -> str:
        return _EMBEDDING if name == _OUTPUT and self._unties else name

    def matrix(self, name: str) -> Matrix:
        matrix = self.base.matrix(self._in_base(name))
        own, term = self.adapter.replaced.get(name), self.adapter.terms.get(name)
        if own is None and term is None:
            return matrix
        values = matrix.dequantised() if own is None else np.asarray(own, np.float32).reshape(matrix.shape)
        if term is not None:
            values = values + term.dense()
        return _rounded(values, matrix.kind if isinstance(matrix, DenseMatrix) and not self._exact else "f32")

    def unrounded(self) -> "AdaptedCheckpoint":
        """The same with what the adapter changes in float32."""
        return AdaptedCheckpoint(self.base, self.adapter, exact=True)

    def vector(self, name: str) -> np.ndarray:
        own = self.adapter.replaced.get(name)
        return self.base.vector(name) if own is None else np.asarray(own, np.float32).reshape(-1)

    def embedding_rows(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        return self.base.embedding_rows(ids)

    def tokenizer(self) -> Tokenizer:
        return self.base.tokenizer()

    def release(self) -> None:
        self.base.release()


def _rounded(values: np.ndarray, kind: str) -> DenseMatrix:
    """float32 numbers in a dense number format.

    Raises:
        WeightsError: float16 cannot hold one of them.
    """
    if kind == "bf16":
        return DenseMatrix(values=values, kind="f32").narrowed()
    if kind == "f32":
        return DenseMatrix(values=values, kind="f32")
    if np.abs(values).max(initial=0) > np.finfo(np.float16).max:
        raise WeightsError(
            "cannot merge the adapter in float16: a merged weight is beyond 65,504",
            hint="use the base model in bfloat16, as published",
        )
    return DenseMatrix(values=values.astype(np.float16), kind="f16")
