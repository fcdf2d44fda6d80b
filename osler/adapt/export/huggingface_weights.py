"""The tensors of a Hugging Face folder: copied where nothing changed, computed where an adapter or another format asks.

The names are those of published Gemma 3 folders, which transformers 5 writes again too: `language_model.model.…`,
`vision_tower.vision_model.…`, `multi_modal_projector.…`; `model.…` for a model that reads no images.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from gguf import GGMLQuantizationType

from osler.adapt.export.gguf_model import PACKAGE_ENCODER
from osler.adapt.export.safetensors_writer import Entry
from osler.adapt.export.slabs import converted
from osler.model.matrix import DenseMatrix, Matrix
from osler.weights.adapted import AdaptedCheckpoint
from osler.weights.checkpoint import Checkpoint
from osler.weights.names import Shape, expected_shapes
from osler.weights.safetensors_file import SafetensorsFile, StoredTensor
from osler.weights.safetensors_folder import weight_files
from osler.weights.safetensors_names import canonical_name, stored_name

__all__ = ["copied_entries", "made_entries", "stored_matrix", "stored_vector"]

_COPY_BYTES = 1 << 24


def copied_entries(checkpoint: Checkpoint, kind: str | None) -> list[Entry]:
    """The tensors of the safetensors folder that a checkpoint was opened from, in their order.

    Those that neither an adapter changes nor `kind` asks to convert are copied byte for byte, under their names, also
    those that Osler's graphs do not use.

    Args:
        kind: "F32", "F16" or "BF16" to write all in; None to keep each as it is.
    """
    changed = checkpoint.changed if isinstance(checkpoint, AdaptedCheckpoint) else frozenset()
    entries, seen = [], set()
    for path in weight_files(checkpoint.path):
        file = SafetensorsFile(path)
        for stored, tensor in sorted(file.tensors.items(), key=lambda item: item[1].start):
            name = canonical_name(stored)
            seen.add(name)
            if name in changed:
                entries.append(_made(checkpoint, str(name), stored, tensor.shape, kind or tensor.kind))
            elif kind in (None, tensor.kind) or tensor.kind not in ("F32", "F16", "BF16"):
                entries.append(_copied(file, stored, tensor))
            else:
                entries.append(_converted(file, stored, tensor, str(kind)))
    if "text.output" in changed - seen:  # the base's output was its embedding
        embedding = next(entry for entry in entries if canonical_name(entry.name) == "text.embedding")
        stored = _output_beside(embedding.name)
        entries.append(_made(checkpoint, "text.output", stored, embedding.shape, kind or embedding.kind))
    return entries


def made_entries(checkpoint: Checkpoint, kind: str, rows: int) -> list[Entry]:
    """The tensors of a checkpoint of any format, all in one number format.

    Args:
        rows: of the embedding: those beyond the checkpoint's are the mean of the others, so that no prompt makes their
            tokens the likeliest.
    """
    has_vision = checkpoint.config.vision is not None
    entries = []
    for name, shape in expected_shapes(checkpoint.config).items():
        whole = (rows, shape[1]) if name in ("text.embedding", "text.output") else _stored_shape(name, shape)
        entries.append(_made(checkpoint, name, stored_name(name, has_vision=has_vision), whole, kind))
    return entries


def stored_vector(checkpoint: Checkpoint, name: str) -> np.ndarray:
    """A vector as folders hold it: RMS norms without the 1 of their factor 1 + w."""
    vector = checkpoint.vector(name)
    is_rms_norm = name.endswith("norm") and name.startswith(("text.", "projector."))
    return vector - np.float32(1) if is_rms_norm else vector


def stored_matrix(checkpoint: Checkpoint, name: str) -> Matrix:
    """A matrix as folders hold it: [out, in], only the projector's is [in, out]."""
    matrix = checkpoint.matrix(name)
    if name != "projector.weight":
        return matrix
    return DenseMatrix(values=np.ascontiguousarray(matrix.dequantised().T), kind="f32")


def _output_beside(embedding: str) -> str:
    """The output matrix' name in the generation of names that the embedding's is of."""
    old = embedding.startswith("language_model.")
    return "language_model.lm_head.weight" if old else "lm_head.weight"


def _stored_shape(name: str, shape: Shape) -> Shape:
    if name == "projector.weight":
        return shape[::-1]
    if name == "vision.patch.weight":
        side = round((shape[1] // 3) ** 0.5)
        return shape[0], 3, side, side
    return shape


def _copied(file: SafetensorsFile, stored: str, tensor: StoredTensor) -> Entry:
    def pieces() -> Iterator[np.ndarray]:
        end = tensor.start + tensor.size_bytes
        for start in range(tensor.start, end, _COPY_BYTES):
            yield file.mapped.bytes[start : min(start + _COPY_BYTES, end)]
        file.mapped.release()

    return Entry(name=stored, kind=tensor.kind, shape=tensor.shape, size_bytes=tensor.size_bytes, pieces=pieces)


def _converted(file: SafetensorsFile, stored: str, tensor: StoredTensor, kind: str) -> Entry:
    def pieces() -> Iterator[np.ndarray]:
        yield from _encoded(stored, file.matrix(stored), kind)
        file.mapped.release()

    return Entry.dense(stored, kind, tensor.shape, pieces)


@dataclass(frozen=True, slots=True)
class _Weight:
    """A weight of a checkpoint, to be read when it is written."""

    checkpoint: Checkpoint
    name: str
    shape: Shape

    def pieces(self, kind: str) -> Iterator[np.ndarray]:
        """Its bytes, in the layout of the file."""
        if len(self.shape) == 1:
            vector = stored_vector(self.checkpoint, self.name)
            yield from _encoded(self.name, DenseMatrix(values=vector[None], kind="f32"), kind)
            return
        found = stored_matrix(self.checkpoint, self.name)
        total = np.zeros((1, found.shape[1]), np.float64)
        missing = (self.shape[0] - found.shape[0]) if len(self.shape) == 2 else 0
        for values in converted(self.name, found, lambda piece: piece):
            if missing:
                total += values.sum(axis=0, dtype=np.float64)
            yield _bytes(self.name, values, kind)
        if missing:
            mean = (total / found.shape[0]).astype(np.float32)
            yield np.repeat(_bytes(self.name, mean, kind), missing, axis=0)
        self.checkpoint.release()


def _made(checkpoint: Checkpoint, name: str, stored: str, shape: Shape, kind: str) -> Entry:
    """An entry that is computed; a merged weight is rounded once, when it is written."""
    if isinstance(checkpoint, AdaptedCheckpoint):
        checkpoint = checkpoint.unrounded()
    weight = _Weight(checkpoint, name, shape)
    return Entry.dense(stored, kind, shape, lambda: weight.pieces(kind))


def _encoded(name: str, matrix: DenseMatrix, kind: str) -> Iterable[np.ndarray]:
    return converted(name, matrix, lambda values: _bytes(name, values, kind))


def _bytes(name: str, values: np.ndarray, kind: str) -> np.ndarray:
    """[n, K] float32 -> [n, bytes a row] uint8."""
    return PACKAGE_ENCODER.encode(name, values, GGMLQuantizationType[kind])
