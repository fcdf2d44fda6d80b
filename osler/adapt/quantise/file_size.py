"""How large a file will be, before anything of it is computed."""

from collections.abc import Mapping

from osler.adapt.export.source import source_of
from osler.adapt.quantise.kinds import size_bytes
from osler.weights.checkpoint import Checkpoint
from osler.weights.names import is_text_matrix

__all__ = ["SizePlan"]

ALIGNMENT = 32
SPARE_BYTES = 16 * 1024
"""What else the header says: the model's shape and name."""


class SizePlan:
    """Sizes of GGUF files of one model's decoder.

    Args:
        checkpoint: the model.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        names = [name for name in checkpoint.names() if name.startswith("text.")]
        self.shapes = {name: checkpoint.shape(name) for name in names}
        self.matrices = {name: shape for name, shape in self.shapes.items() if is_text_matrix(name)}
        vectors = sum(_aligned(4 * shape[0]) for name, shape in self.shapes.items() if name not in self.matrices)
        self.fixed_bytes = vectors + _header_bytes(checkpoint, len(names))

    @property
    def num_weights(self) -> int:
        """Weights of all matrices."""
        return sum(rows * columns for rows, columns in self.matrices.values())

    def file_bytes(self, kinds: Mapping[str, str]) -> int:
        """The file's size with these types, a few kilobytes more rather than less."""
        return self.fixed_bytes + sum(_aligned(size_bytes(kind, self.matrices[name])) for name, kind in kinds.items())

    def matrix_bytes(self, size: int) -> int:
        """What a file of this size leaves for its matrices."""
        return size - self.fixed_bytes - ALIGNMENT * len(self.matrices)

    def bits(self, size: int) -> float:
        """Bits a weight of a file of this size."""
        return 8 * (size - self.fixed_bytes) / self.num_weights

    def bytes_for(self, bits: float) -> int:
        """The file's size at so many bits a weight."""
        return self.fixed_bytes + int(self.num_weights * bits / 8)


def _header_bytes(checkpoint: Checkpoint, tensors: int) -> int:
    source = source_of(checkpoint)
    tokens = source.vocabulary(checkpoint.config.text.vocabulary_size).tokens
    vocabulary = sum(len(token) for token in tokens) + 16 * len(tokens)  # a length, a score and a type for each
    return vocabulary + len(source.chat_template().encode()) + 96 * tensors + SPARE_BYTES


def _aligned(count: int) -> int:
    return -(-count // ALIGNMENT) * ALIGNMENT
