"""Safetensors files written tensor by tensor, in shards where they are large.

Source: the format of huggingface/safetensors (eight bytes of length, a JSON header, then the data), and the names of
shards and their index as transformers writes them.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from osler.weights.names import Shape

__all__ = ["SHARD_BYTES", "Entry", "write_shards"]

SHARD_BYTES = 5_000_000_000
"""The largest shard, as Hugging Face's hub has them."""

_INDEX = "model.safetensors.index.json"
_ITEM_BYTES = {"F32": 4, "F16": 2, "BF16": 2}
_ALIGNMENT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A tensor to write.

    Attributes:
        name: as it is stored.
        kind: safetensors' name of its numbers: "F32", "F16", "BF16" or, copied as it is, another.
        shape: as it is stored.
        size_bytes: of its data.
        pieces: gives the data in order, any arrays.
    """

    name: str
    kind: str
    shape: Shape
    size_bytes: int
    pieces: Callable[[], Iterable[np.ndarray]]

    @classmethod
    def dense(cls, name: str, kind: str, shape: Shape, pieces: Callable[[], Iterable[np.ndarray]]) -> "Entry":
        """An entry whose size follows from shape and number format."""
        size = int(np.prod(shape, dtype=np.int64)) * _ITEM_BYTES[kind]
        return cls(name=name, kind=kind, shape=shape, size_bytes=size, pieces=pieces)


def write_shards(folder: Path, entries: Sequence[Entry], wrote: Callable[[int], None]) -> None:
    """Write model.safetensors, or shards of at most `SHARD_BYTES` with their index.

    Args:
        wrote: called with the bytes of each piece.
    """
    shards = list(_shards(entries))
    if len(shards) == 1:
        _write(folder / "model.safetensors", shards[0], wrote)
        return
    weight_map = {}
    for number, shard in enumerate(shards, start=1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        _write(folder / name, shard, wrote)
        weight_map.update({entry.name: name for entry in shard})
    total = sum(entry.size_bytes for entry in entries)
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
    (folder / _INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def _shards(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    shard: list[Entry] = []
    for entry in entries:
        if shard and sum(e.size_bytes for e in shard) + entry.size_bytes > SHARD_BYTES:
            yield shard
            shard = []
        shard.append(entry)
    yield shard


def _write(path: Path, entries: Sequence[Entry], wrote: Callable[[int], None]) -> None:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for entry in entries:
        header[entry.name] = {
            "dtype": entry.kind,
            "shape": list(entry.shape),
            "data_offsets": [offset, offset + entry.size_bytes],
        }
        offset += entry.size_bytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    with path.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        for entry in entries:
            for piece in entry.pieces():
                piece.tofile(stream)
                wrote(piece.nbytes)
