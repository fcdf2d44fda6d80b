"""A safetensors file, memory-mapped and checked.

Source: the format of huggingface/safetensors: eight bytes of length, a JSON header, then the data. Read here and not
through the package, whose numpy reader knows no bfloat16 and copies.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from osler.errors import WeightsError
from osler.model.matrix import DenseMatrix
from osler.weights.mapped import MappedFile

__all__ = ["SafetensorsFile", "StoredTensor"]

_DENSE = {"F32": ("f32", "<f4"), "F16": ("f16", "<f2"), "BF16": ("bf16", "<u2")}
_MAX_HEADER_BYTES = 100_000_000
_HINT = "the file is damaged or cut short: fetch it again and compare its size with the published one"


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor's place: `kind` is safetensors' name of its numbers ("BF16"), `start` its first byte in the file."""

    shape: tuple[int, ...]
    kind: str
    start: int
    size_bytes: int


class SafetensorsFile:
    """One safetensors file: tensors that surely lie inside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mapped = MappedFile(path)
        header, data_start = self._read_header()
        self.tensors = {
            name: self._locate(name, entry, data_start) for name, entry in header.items() if name != "__metadata__"
        }
        self._check_overlaps()

    def _damaged(self, reason: str) -> WeightsError:
        return WeightsError(f"cannot read safetensors `{self.path.name}`: {reason}", hint=_HINT)

    def _read_header(self) -> tuple[dict[str, Any], int]:
        size = int.from_bytes(self.mapped.memory[:8], "little")
        if self.mapped.size < 8 or size > min(_MAX_HEADER_BYTES, self.mapped.size - 8):
            raise self._damaged(f"its header of {size:,} bytes does not fit into its {self.mapped.size:,} bytes")
        try:
            header = json.loads(self.mapped.memory[8 : 8 + size])
        except (ValueError, RecursionError) as error:
            raise self._damaged("its header is not JSON") from error
        if not isinstance(header, dict):
            raise self._damaged("its header is not a table")
        return header, 8 + size

    def _locate(self, name: str, entry: Any, data_start: int) -> StoredTensor:
        try:
            shape, kind = tuple(map(int, entry["shape"])), str(entry["dtype"])
            first, last = map(int, entry["data_offsets"])
        except (KeyError, TypeError, ValueError) as error:
            raise self._damaged(f"the entry of tensor `{name}` is malformed") from error
        if not 0 <= first <= last <= self.mapped.size - data_start or min(shape, default=1) < 0:
            raise self._damaged(f"tensor `{name}` ends at byte {data_start + last:,} of {self.mapped.size:,}")
        count = 1
        for dimension in shape:
            count *= dimension
        if kind in _DENSE and count * np.dtype(_DENSE[kind][1]).itemsize != last - first:
            raise self._damaged(f"tensor `{name}` of shape {list(shape)} and type {kind} has {last - first:,} bytes")
        return StoredTensor(shape, kind, data_start + first, last - first)

    def _check_overlaps(self) -> None:
        end = 0
        for name, tensor in sorted(self.tensors.items(), key=lambda item: (item[1].start, item[1].size_bytes)):
            if tensor.start < end:
                raise self._damaged(f"tensor `{name}` overlaps the one before it")
            end = tensor.start + tensor.size_bytes

    def matrix(self, name: str) -> DenseMatrix:
        """A tensor as [first dimension, all others], a view of the map; a vector is [1, all]."""
        tensor = self.tensors[name]
        if tensor.kind not in _DENSE:
            raise WeightsError(
                f"cannot read tensor `{name}` of `{self.path.name}`: expected BF16, F16 or F32, got {tensor.kind}",
                hint="use the weights as published (bfloat16); Osler can quantise them on load",
            )
        kind, dtype = _DENSE[tensor.kind]
        shape = tensor.shape if len(tensor.shape) > 1 else (1, *tensor.shape)
        values = self.mapped.array(tensor.start, shape, np.dtype(dtype))
        return DenseMatrix(values=values.reshape(shape[0], -1), kind=kind)
