"""Importance matrices in llama.cpp's files: GGUF, and the form before it (.dat), which is only read.

GGUF: for each matrix two tensors, `NAME.in_sum2` (the sums of squares) and `NAME.counts` (tokens), in float32.
Before: little-endian int32 and float32: number of entries; for each the length of its name, the name, a number of
calls, the number of values, the values (mean square times calls); then the number of calls and the text's name.
Source: save_imatrix and save_imatrix_legacy in llama.cpp's tools/imatrix/imatrix.cpp.
"""

import os
import struct
from pathlib import Path

import numpy as np

from osler.adapt.quantise.importance import Importance
from osler.errors import WeightsError
from osler.weights.gguf_file import GgufFile, is_gguf
from osler.weights.gguf_names import text_names
from osler.weights.names import is_text_matrix

__all__ = ["read_importance", "write_importance"]

MOST_LAYERS = 512
MOST_BYTES = 1 << 30
"""No importance matrix is as large: 27B's has 7 MB."""

SUMS, COUNTS = ".in_sum2", ".counts"

TENSORS = {canonical: tensor for canonical, tensor in text_names(MOST_LAYERS).items() if is_text_matrix(canonical)}


def write_importance(path: Path, importance: Importance) -> None:
    """Write an importance matrix as llama.cpp's programs read it; the file is put in place when it is whole.

    The embedding's entry bears its own name (`token_embd.weight`): llama-quantize uses it where the embedding is the
    output too. llama-imatrix itself leaves it out.
    """
    from gguf import GGUFWriter

    partial = path.with_name(f"{path.name}.part")
    writer = GGUFWriter(partial, "imatrix")
    writer.add_type("imatrix")
    writer.add_array("imatrix.datasets", list(importance.datasets) or [""])
    writer.add_uint32("imatrix.chunk_count", -(-max(importance.counts.values()) // importance.chunk_tokens))
    writer.add_uint32("imatrix.chunk_size", importance.chunk_tokens)
    for name in sorted(importance.sums, key=lambda name: TENSORS[name]):
        writer.add_tensor(TENSORS[name] + SUMS, importance.sums[name].astype(np.float32)[None])
        writer.add_tensor(TENSORS[name] + COUNTS, np.array([[importance.counts[name]]], np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(partial, path)


def read_importance(path: Path) -> Importance:
    """Read an importance matrix of either form; entries of matrices that Gemma 3 does not have are left out.

    Raises:
        WeightsError: it is neither, or damaged.
    """
    if not path.is_file():
        raise WeightsError(f"cannot read `{path.name}`: there is no such file", hint="check the path of --imatrix")
    found = _read_gguf(path) if is_gguf(path) else _read_older(path)
    if not found.sums:
        raise WeightsError(f"cannot use `{path.name}`: it holds no importance of a matrix that Gemma 3 has")
    return found


def _read_gguf(path: Path) -> Importance:
    file = GgufFile(path)
    sums, counts = {}, {}
    for canonical, tensor in TENSORS.items():
        if tensor + SUMS not in file.tensors or tensor + COUNTS not in file.tensors:
            continue
        sums[canonical] = file.matrix(tensor + SUMS).dequantised().reshape(-1).astype(np.float64)
        counts[canonical] = round(float(file.matrix(tensor + COUNTS).dequantised().reshape(-1)[0]))
    datasets = file.metadata.get("imatrix.datasets", [])
    size = file.metadata.get("imatrix.chunk_size", 512)
    return Importance(sums=sums, counts=counts, datasets=tuple(map(_text, datasets)), chunk_tokens=int(size))


def _read_older(path: Path) -> Importance:
    if path.stat().st_size > MOST_BYTES:
        raise _damaged(path)
    names = {tensor: canonical for canonical, tensor in TENSORS.items()}
    sums, counts = {}, {}
    reader = _Reader(path)
    for _ in range(reader.integer()):
        name = reader.take(reader.integer()).decode("utf-8", "replace")
        calls = reader.integer()
        values = np.frombuffer(reader.take(4 * reader.integer()), "<f4")
        if name in names:
            sums[names[name]], counts[names[name]] = values.astype(np.float64), max(1, calls)
    return Importance(sums=sums, counts=counts)


class _Reader:
    """The bytes of a file, front to back, never beyond its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bytes = path.read_bytes()
        self._at = 0

    def take(self, count: int) -> bytes:
        if count < 0 or self._at + count > len(self._bytes):
            raise _damaged(self._path)
        self._at += count
        return self._bytes[self._at - count : self._at]

    def integer(self) -> int:
        return struct.unpack("<i", self.take(4))[0]


def _damaged(path: Path) -> WeightsError:
    return WeightsError(
        f"cannot read `{path.name}`: it is no importance matrix, or is cut short",
        hint="give a file of llama-imatrix (GGUF or .dat), or make one with --calibrate",
    )


def _text(value: object) -> str:
    return bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | bytearray | memoryview) else str(value)
