"""What a checkpoint is, whatever its format, and how one is opened."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from osler.errors import WeightsError
from osler.model.config import ModelConfig
from osler.model.matrix import Matrix
from osler.values import FileRecord
from osler.weights.generation import Generation
from osler.weights.names import Shape, expected_shapes

if TYPE_CHECKING:
    from osler.prompt.tokens import Tokenizer

__all__ = ["PLACEHOLDER_ROWS", "Checkpoint", "check_ids", "check_shapes", "open_checkpoint"]

PLACEHOLDER_ROWS = 64
"""Ids that a multimodal vocabulary has beyond the text vocabulary (262,208 - 262,144): <image_soft_token> and padding.
GGUF files leave their embedding rows out; they are never read as numbers, because image vectors take their place."""


class Checkpoint(ABC):
    """Weights, configuration and tokenizer of one model, by the canonical names of `osler.weights.names`.

    Attributes:
        path: the file or folder that was asked for.
        config: the model's shape; `vision` is None where there are no vision weights.
        identity: a short hex digest of headers, sizes and a sample of the bytes.
        files: the files read, each with the digest that went into `identity`.
        description: what this is, for people: "GGUF Q4_K_M + mmproj F16".
        vision_note: why there are no vision weights and what to get, or "" where there are.
        recipe: the MedGemma generation that its names tell, None where they do not.
    """

    path: Path
    config: ModelConfig
    identity: str
    files: tuple[FileRecord, ...]
    description: str
    vision_note: str = ""
    recipe: Generation | None = None

    @abstractmethod
    def names(self) -> frozenset[str]:
        """All canonical names."""

    @abstractmethod
    def shape(self, name: str) -> Shape:
        """A weight's shape; reads no values."""

    @abstractmethod
    def matrix(self, name: str) -> Matrix:
        """A matrix, exact; dense ones are views of the mapped file where its order of numbers allows it."""

    @abstractmethod
    def vector(self, name: str) -> np.ndarray:
        """A vector, float32."""

    @abstractmethod
    def embedding_rows(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        """Rows of text.embedding, [T, D] float32, unscaled; no others are read.

        Up to `PLACEHOLDER_ROWS` ids beyond the table give rows of zeros; other ids outside raise `WeightsError`.
        """

    @abstractmethod
    def tokenizer(self) -> "Tokenizer":
        """The tokenizer that belongs to these weights."""

    @abstractmethod
    def release(self) -> None:
        """Tell the system that the pages mapped so far are no longer needed."""


def open_checkpoint(path: str | Path, *, quantise: int | None = None) -> Checkpoint:
    """Open a GGUF file, a folder of safetensors, or a folder that holds one of these.

    Args:
        path: the file or folder.
        quantise: 8 or 4 to turn dense matrices of the decoder into integer codes as they are asked for.

    Raises:
        WeightsError: there is nothing to open, or it is damaged, incomplete or not Gemma 3.
    """
    from osler.weights.detect import open_format

    checkpoint = open_format(Path(path))
    if quantise is None:
        return checkpoint
    from osler.weights.quantised import QuantisedCheckpoint

    return QuantisedCheckpoint(checkpoint, quantise)


def check_shapes(name: str, config: ModelConfig, found: Mapping[str, Shape]) -> None:
    """Hold the weights in a checkpoint against its configuration.

    Raises:
        WeightsError: one is missing or has another shape.
    """
    expected = expected_shapes(config)
    missing = [weight for weight in expected if weight not in found]
    if missing:
        raise WeightsError(
            f"`{name}` is incomplete: {len(missing)} of {len(expected)} weights are missing, first `{missing[0]}`",
            hint="fetch all files of the model again",
        )
    for weight, shape in expected.items():
        if found[weight] != shape:
            raise WeightsError(
                f"`{name}` contradicts itself: its configuration gives `{weight}` the shape {list(shape)},"
                f" the file has {list(found[weight])}",
                hint="fetch the model again, and keep files of different models in different folders",
            )


def check_ids(ids: Sequence[int] | np.ndarray, rows: int) -> np.ndarray:
    """Ids as int64, all of them rows of a table or the placeholders after it."""
    numbers = np.asarray(ids, np.int64)
    outside = numbers[(numbers < 0) | (numbers >= rows + PLACEHOLDER_ROWS)]
    if outside.size:
        raise WeightsError(
            f"cannot embed token {int(outside[0])}: the model's vocabulary has {rows:,} tokens",
            hint="the tokenizer belongs to another model",
        )
    return numbers
