"""A checkpoint as GGUF files: one of the decoder with its tokenizer, one of the vision tower and projector (mmproj).

What llama.cpp's converter keeps in full stays so here (its conversion/gemma.py and conversion/base.py): vectors, which
are norms and biases, in F32; norm factors as 1 + w; the vision tower's patches and positions in F32; the projection in
F16, because llama.cpp transposes it and can do that with F16 and F32 only.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from gguf import GGML_QUANT_SIZES, GGML_QUANT_VERSION, GGMLQuantizationType, GGUFType, LlamaFileType

from osler.adapt.export.gguf_metadata import add_text, add_vision, add_vocabulary, size_label
from osler.adapt.export.slabs import converted
from osler.adapt.export.source import Source, source_of
from osler.errors import WeightsError
from osler.model.matrix import DenseMatrix, Matrix
from osler.tasks.load import GGUF_MARK, is_demonstration
from osler.tasks.progress import Progress, no_progress
from osler.weights.adapted import AdaptedCheckpoint
from osler.weights.checkpoint import Checkpoint
from osler.weights.gguf_names import text_names, vision_names
from osler.weights.names import Shape

if TYPE_CHECKING:
    from gguf import GGUFWriter

__all__ = [
    "PACKAGE_ENCODER",
    "WRITING",
    "Encoder",
    "KindOf",
    "fitting_kind",
    "projector_size",
    "text_size",
    "write_projector",
    "write_text",
]

WRITING = "Writing weights"

KindOf = Callable[[str, Shape], GGMLQuantizationType]
"""The type that a matrix is written in, by its canonical name and shape [rows, columns]."""

_HEADER_BYTES = 16 * 1024 * 1024
"""What a vocabulary of 262,208 tokens, metadata and the table of tensors take, generously."""


class Encoder(Protocol):
    """Turns numbers into the bytes of a type."""

    def encode(self, name: str, values: np.ndarray, kind: GGMLQuantizationType) -> np.ndarray:
        """[n, K] float32 -> [n, bytes a row] uint8.

        Called with pieces of a matrix, some whole rows each, from several threads at once.

        Args:
            name: the matrix' canonical name.
            kind: the type to write; never one whose blocks do not fill a row.
        """


class PackageEncoder:
    """The types that the `gguf` package can write: F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, TQ1_0, TQ2_0."""

    def encode(self, name: str, values: np.ndarray, kind: GGMLQuantizationType) -> np.ndarray:
        from gguf.quants import quantize

        if kind == GGMLQuantizationType.F16 and np.abs(values).max(initial=0) > np.finfo(np.float16).max:
            raise WeightsError(
                f"cannot write `{name}` in F16: it holds numbers beyond 65,504", hint="use --type BF16 or F32"
            )
        return np.ascontiguousarray(quantize(values, kind)).view(np.uint8).reshape(len(values), -1)


PACKAGE_ENCODER = PackageEncoder()


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A tensor to write: canonical name, stored name, stored shape (rows before columns), type."""

    name: str
    stored: str
    shape: Shape
    kind: GGMLQuantizationType

    @property
    def size_bytes(self) -> int:
        block, size = GGML_QUANT_SIZES[self.kind]
        count = 1
        for dimension in self.shape:
            count *= dimension
        return count // block * size


def fitting_kind(kind: GGMLQuantizationType, columns: int) -> GGMLQuantizationType:
    """The type, or F16 where its blocks do not fill a row, as llama.cpp's converter decides.

    >>> fitting_kind(GGMLQuantizationType.Q8_0, 4304).name, fitting_kind(GGMLQuantizationType.Q8_0, 1152).name
    ('F16', 'Q8_0')
    """
    return GGMLQuantizationType.F16 if columns % GGML_QUANT_SIZES[kind][0] else kind


def write_text(
    checkpoint: Checkpoint,
    path: Path,
    *,
    kind_of: KindOf,
    encoder: Encoder = PACKAGE_ENCODER,
    file_type: LlamaFileType,
    progress: Progress = no_progress,
    extra: Mapping[str, str | int | float | bool] | None = None,
) -> Path:
    """Write decoder, tokenizer and chat template to one GGUF file, tensor by tensor.

    The caller sees to room and to the file's final name (`osler.adapt.export.place`).

    Args:
        kind_of: asked for each matrix; vectors are always F32, and a type whose blocks do not fill a row becomes F16.
        encoder: makes the bytes of each matrix.
        file_type: llama.cpp's word for the whole file, which programs show.
        extra: further metadata, such as what a quantiser says of its importance matrix.

    Raises:
        WeightsError: the model's shape, tokenizer or numbers cannot be told in GGUF.
    """
    from gguf import GGUFWriter

    source = source_of(checkpoint)
    writer = GGUFWriter(path, "gemma3")
    _add_general(writer, checkpoint, source, GGUFType.MODEL, file_type)
    add_text(writer, checkpoint.config.text)
    add_vocabulary(writer, source.vocabulary(checkpoint.config.text.vocabulary_size), source.chat_template())
    for key, value in (extra or {}).items():
        _add_value(writer, key, value)
    _write(writer, checkpoint, _text_tensors(checkpoint, kind_of), encoder, progress)
    return path


def write_projector(
    checkpoint: Checkpoint,
    path: Path,
    *,
    kind: GGMLQuantizationType,
    progress: Progress = no_progress,
) -> Path:
    """Write vision tower and projector to one GGUF file (mmproj), tensor by tensor.

    Args:
        kind: F32, F16, BF16 or Q8_0, for the matrices of the tower's layers.

    Raises:
        WeightsError: there are no vision weights, or their shape or numbers cannot be told in GGUF.
    """
    from gguf import GGUFWriter

    writer = GGUFWriter(path, "clip")
    file_type = {"F32": 0, "F16": 1, "Q8_0": 7, "BF16": 32}[kind.name]
    _add_general(writer, checkpoint, source_of(checkpoint), GGUFType.MMPROJ, LlamaFileType(file_type))
    add_vision(writer, checkpoint.config)
    _write(writer, checkpoint, _vision_tensors(checkpoint, kind), PACKAGE_ENCODER, progress)
    return path


def text_size(checkpoint: Checkpoint, kind_of: KindOf) -> int:
    """Bytes that `write_text` will write, header and padding generously counted."""
    return _HEADER_BYTES + sum(tensor.size_bytes for tensor in _text_tensors(checkpoint, kind_of))


def projector_size(checkpoint: Checkpoint, kind: GGMLQuantizationType) -> int:
    """Bytes that `write_projector` will write, header and padding generously counted."""
    return _HEADER_BYTES // 16 + sum(tensor.size_bytes for tensor in _vision_tensors(checkpoint, kind))


def _add_general(
    writer: "GGUFWriter", checkpoint: Checkpoint, source: Source, kind: str, file_type: LlamaFileType
) -> None:
    """What every GGUF file says of itself."""
    of_text = kind == GGUFType.MODEL
    names = [name for name in checkpoint.names() if name.startswith("text.") == of_text]
    writer.add_type(kind)
    writer.add_name(source.name)
    if is_demonstration(checkpoint.path):
        writer.add_bool(GGUF_MARK, True)
    if isinstance(checkpoint, AdaptedCheckpoint):
        writer.add_finetune(checkpoint.adapter.name)
    writer.add_size_label(size_label(sum(int(np.prod(checkpoint.shape(name))) for name in names)))
    if isinstance(licence := source.metadata.get("general.license"), str):
        writer.add_license(licence)
    writer.add_quantization_version(GGML_QUANT_VERSION)
    writer.add_file_type(file_type)


def _add_value(writer: "GGUFWriter", key: str, value: Any) -> None:
    """A further entry of the metadata, in the type of its value."""
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    else:
        writer.add_string(key, value)


def _text_tensors(checkpoint: Checkpoint, kind_of: KindOf) -> list[_Tensor]:
    there = checkpoint.names()
    tensors = []
    for name, stored in text_names(checkpoint.config.text.num_layers).items():
        if name not in there:
            continue
        shape = checkpoint.shape(name)
        kind = GGMLQuantizationType.F32 if len(shape) == 1 else fitting_kind(kind_of(name, shape), shape[-1])
        tensors.append(_Tensor(name, stored, shape, kind))
    return tensors


def _vision_tensors(checkpoint: Checkpoint, kind: GGMLQuantizationType) -> list[_Tensor]:
    vision = checkpoint.config.vision
    if vision is None:
        return []
    names = vision_names(vision.num_layers, swapped=False)
    return [_vision_tensor(checkpoint, name, stored, kind) for name, stored in names.items()]


def _vision_tensor(checkpoint: Checkpoint, name: str, stored: str, kind: GGMLQuantizationType) -> _Tensor:
    shape = checkpoint.shape(name)
    if name == "projector.weight":
        full = GGMLQuantizationType.F32 if kind == GGMLQuantizationType.F32 else GGMLQuantizationType.F16
        return _Tensor(name, stored, shape[::-1], full)
    if name == "vision.patch.weight":
        side = round((shape[1] // 3) ** 0.5)
        return _Tensor(name, stored, (shape[0], 3, side, side), GGMLQuantizationType.F32)
    if len(shape) == 1 or name == "vision.positions":
        return _Tensor(name, stored, shape, GGMLQuantizationType.F32)
    return _Tensor(name, stored, shape, fitting_kind(kind, shape[-1]))


def _write(
    writer: "GGUFWriter", checkpoint: Checkpoint, tensors: list[_Tensor], encoder: Encoder, progress: Progress
) -> None:
    """Header, then each tensor in pieces."""
    for tensor in tensors:
        writer.add_tensor_info(tensor.stored, tensor.shape, np.dtype(np.float32), tensor.size_bytes, tensor.kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    assert writer.fout is not None
    stream = writer.fout[0]
    done, total = 0, sum(tensor.size_bytes for tensor in tensors)
    try:
        writer.write_padding(stream, stream.tell())
        for tensor in tensors:
            progress(WRITING, done, total)
            for piece in _encoded(checkpoint, tensor, encoder):
                piece.tofile(stream)
                done += piece.nbytes
                progress(WRITING, done, total)
            writer.write_padding(stream, tensor.size_bytes)
            checkpoint.release()
    finally:
        writer.close()


def _encoded(checkpoint: Checkpoint, tensor: _Tensor, encoder: Encoder) -> Iterator[np.ndarray]:
    """A tensor's bytes in pieces, each uint8; a merged weight is rounded to the file's format only."""
    if isinstance(checkpoint, AdaptedCheckpoint):
        checkpoint = checkpoint.unrounded()
    if len(tensor.shape) == 1:
        yield np.ascontiguousarray(checkpoint.vector(tensor.name), "<f4").view(np.uint8)
        return
    matrix: Matrix = checkpoint.matrix(tensor.name)
    if tensor.name == "projector.weight":
        matrix = DenseMatrix(values=np.ascontiguousarray(matrix.dequantised().T), kind="f32")
    yield from converted(tensor.name, matrix, lambda values: encoder.encode(tensor.name, values, tensor.kind))
