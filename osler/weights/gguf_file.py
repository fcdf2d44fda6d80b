"""A GGUF file, memory-mapped and checked, and the parts of one that was split."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from osler.errors import WeightsError
from osler.model.matrix import DenseMatrix, Matrix
from osler.weights.blocks import BLOCK_TYPES, grouped_matrix
from osler.weights.gguf_header import TensorEntry, read_header
from osler.weights.mapped import MappedFile

__all__ = ["GgufFile", "GgufTensor", "is_gguf", "open_gguf"]

# ggml's numbers of the types that a language model's matrices come in.
TYPE_NAMES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 10: "Q2_K", 11: "Q3_K", 12: "Q4_K",
    13: "Q5_K", 14: "Q6_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S",
    22: "IQ2_S", 23: "IQ4_XS", 29: "IQ1_M", 30: "BF16", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
}  # fmt: skip
_DENSE = {"F32": ("f32", "<f4"), "F16": ("f16", "<f2"), "BF16": ("bf16", "<u2")}
_PART_NAME = re.compile(r"^(?P<stem>.*)-(?P<number>\d{5})-of-(?P<total>\d{5})\.gguf$")
_HINT = "the file is damaged or cut short: fetch it again and compare its size with the published one"


@dataclass(frozen=True, slots=True)
class GgufTensor:
    """A tensor's place in a file.

    Attributes:
        shape: rows before columns.
        kind: the name of its block type, such as "Q4_K".
        start: its first byte in the file.
        size_bytes: how many bytes it takes.
    """

    name: str
    shape: tuple[int, ...]
    kind: str
    start: int
    size_bytes: int


class GgufFile:
    """One GGUF file: metadata and tensors that surely lie inside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mapped = MappedFile(path)
        header = read_header(self.mapped.memory, path)
        self.metadata: dict[str, Any] = header.metadata
        self.data_start = header.data_start
        located = [self._locate(entry) for entry in header.tensors]
        self._check_overlaps(located)
        self.tensors = {tensor.name: tensor for tensor in located}
        if len(self.tensors) < len(located):
            raise self._damaged("a tensor's name stands twice in its table")

    def _damaged(self, reason: str) -> WeightsError:
        return WeightsError(f"cannot read GGUF `{self.path.name}`: {reason}", hint=_HINT)

    def _locate(self, entry: TensorEntry) -> GgufTensor:
        kind = TYPE_NAMES.get(entry.type_number)
        if kind is None or not (kind in _DENSE or kind in BLOCK_TYPES):
            raise WeightsError(
                f"cannot read tensor `{entry.name}` of `{self.path.name}`: its type (ggml's number {entry.type_number})"
                " is not one that Osler knows",
                hint="use one of the published quantisations, such as Q4_K_M",
            )
        size = self._size_bytes(entry, kind)
        start = self.data_start + entry.offset
        if start + size > self.mapped.size:
            raise self._damaged(
                f"tensor `{entry.name}` ends at byte {start + size:,}, the file has {self.mapped.size:,}"
            )
        return GgufTensor(entry.name, entry.shape, kind, start, size)

    def _size_bytes(self, entry: TensorEntry, kind: str) -> int:
        count = 1
        for dimension in entry.shape:
            count *= dimension  # Python's integers do not overflow
        if count == 0:
            raise self._damaged(f"tensor `{entry.name}` is empty (shape {list(entry.shape)})")
        if kind in _DENSE:
            return count * np.dtype(_DENSE[kind][1]).itemsize
        block_type = BLOCK_TYPES[kind]
        if entry.shape[-1] % block_type.weights:
            raise self._damaged(
                f"tensor `{entry.name}` has rows of {entry.shape[-1]:,} weights, which {kind} blocks of"
                f" {block_type.weights} do not fill"
            )
        return count // block_type.weights * block_type.size_bytes

    def _check_overlaps(self, tensors: list[GgufTensor]) -> None:
        end, previous = 0, ""
        for tensor in sorted(tensors, key=lambda tensor: tensor.start):
            if tensor.start < end:
                raise self._damaged(f"tensors `{previous}` and `{tensor.name}` overlap")
            end, previous = tensor.start + tensor.size_bytes, tensor.name

    @cached_property
    def header_bytes(self) -> bytes:
        """The bytes before the data: metadata and table."""
        return self.mapped.memory[: self.data_start]

    def matrix(self, name: str) -> Matrix:
        """A tensor as a matrix [rows, columns]: dense ones are views of the map, others are decoded exactly."""
        return self._rows(self.tensors[name], None)

    def rows(self, name: str, numbers: np.ndarray) -> np.ndarray:
        """Some rows of a matrix, [len(numbers), columns] float32; no others are read."""
        return self._rows(self.tensors[name], numbers).dequantised()

    def _rows(self, tensor: GgufTensor, numbers: np.ndarray | None) -> Matrix:
        columns = tensor.shape[-1]
        if tensor.kind in _DENSE:
            kind, dtype = _DENSE[tensor.kind]
            values = self.mapped.array(tensor.start, self._matrix_shape(tensor), np.dtype(dtype))
            return DenseMatrix(values=values if numbers is None else values[numbers], kind=kind)
        block_type = BLOCK_TYPES[tensor.kind]
        row_bytes = columns // block_type.weights * block_type.size_bytes
        raw = self.mapped.array(tensor.start, (tensor.size_bytes // row_bytes, row_bytes), np.dtype(np.uint8))
        return grouped_matrix(block_type, raw if numbers is None else raw[numbers])

    @staticmethod
    def _matrix_shape(tensor: GgufTensor) -> tuple[int, int]:
        rows = 1
        for dimension in tensor.shape[:-1]:
            rows *= dimension
        return rows, tensor.shape[-1]


def is_gguf(path: Path) -> bool:
    """Whether a file begins as GGUF files do."""
    try:
        with path.open("rb") as stream:
            return stream.read(4) == b"GGUF"
    except OSError:
        return False


def open_gguf(path: Path) -> list[GgufFile]:
    """Open a GGUF file and, where it is part of a split one, all its parts in order."""
    first = GgufFile(path)
    total = first.metadata.get("split.count", 0)
    if not isinstance(total, int) or total <= 1:
        return [first]
    match = _PART_NAME.match(path.name)
    if match is None or int(match["total"]) != total:
        raise WeightsError(
            f"cannot read GGUF `{path.name}`: it is one of {total} parts but is not named as one",
            hint=f"keep the published names, which end in -00001-of-{total:05}.gguf",
        )
    return _open_parts(path, match["stem"], total)


def _open_parts(path: Path, stem: str, total: int) -> list[GgufFile]:
    paths = [path.with_name(f"{stem}-{number:05}-of-{total:05}.gguf") for number in range(1, total + 1)]
    missing = [part.name for part in paths if not part.is_file()]
    if missing:
        raise WeightsError(
            f"cannot read GGUF `{path.name}`: {len(missing)} of its {total} parts are missing: {', '.join(missing)}",
            hint="put all parts into one folder",
        )
    parts = [GgufFile(part) for part in paths]
    names = [name for part in parts for name in part.tensors]
    if len(set(names)) < len(names):
        raise WeightsError(f"cannot read GGUF `{path.name}`: its parts hold the same tensor twice", hint=_HINT)
    return parts
