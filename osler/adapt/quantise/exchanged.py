"""A checkpoint with some of its matrices exchanged for what is left of them in fewer bits."""

from collections.abc import Mapping

import numpy as np

from osler.adapt.export.slabs import row_slabs
from osler.adapt.quantise.encoder import BlockEncoder, dequantised
from osler.adapt.quantise.network import Numbers
from osler.model.matrix import DenseMatrix, Matrix
from osler.weights.checkpoint import check_ids
from osler.weights.names import Shape

__all__ = ["EMBEDDING", "Exchanged", "rounded"]

EMBEDDING = "text.embedding"


def rounded(encoder: BlockEncoder, name: str, values: np.ndarray, kind: str) -> np.ndarray:
    """A matrix [N, K] float32 as it is read again from blocks of a type."""
    return dequantised(kind, encoder.encode(name, values, kind))


class Exchanged:
    """Weights of a checkpoint, the matrices named in `kinds` as they are read again from blocks of these types.

    They are encoded anew each time that they are asked for, but for the embedding, whose blocks are kept.

    Args:
        numbers: the checkpoint.
        kinds: types by canonical names; others stay as they are.
        encoder: makes the blocks.
    """

    def __init__(self, numbers: Numbers, kinds: Mapping[str, str], encoder: BlockEncoder) -> None:
        self._numbers = numbers
        self._kinds = dict(kinds)
        self._encoder = encoder
        self._blocks = self._encoded_embedding() if EMBEDDING in kinds else None

    def _encoded_embedding(self) -> np.ndarray:
        """[V, bytes of a row] uint8, made in pieces: in float32 it may be larger than memory."""
        shape = self._numbers.shape(EMBEDDING)
        pieces = [
            self._encoder.encode(
                EMBEDDING, self._numbers.embedding_rows(np.arange(rows.start, rows.stop)), self._kinds[EMBEDDING]
            )
            for rows in row_slabs((shape[0], shape[1]))
        ]
        return np.concatenate(pieces)

    def shape(self, name: str) -> Shape:
        return self._numbers.shape(name)

    def matrix(self, name: str) -> Matrix:
        if name == EMBEDDING and self._blocks is not None:
            return DenseMatrix(values=dequantised(self._kinds[name], self._blocks), kind="f32")
        matrix = self._numbers.matrix(name)
        if name not in self._kinds:
            return matrix
        return DenseMatrix(values=rounded(self._encoder, name, matrix.dequantised(), self._kinds[name]), kind="f32")

    def vector(self, name: str) -> np.ndarray:
        return self._numbers.vector(name)

    def embedding_rows(self, ids: np.ndarray) -> np.ndarray:
        if self._blocks is None:
            return self._numbers.embedding_rows(ids)
        numbers = check_ids(ids, len(self._blocks))
        rows = np.zeros((len(numbers), self.shape(EMBEDDING)[1]), np.float32)
        inside = numbers < len(self._blocks)
        rows[inside] = dequantised(self._kinds[EMBEDDING], self._blocks[numbers[inside]])
        return rows
