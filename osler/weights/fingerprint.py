"""A short identity for files of gigabytes."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import numpy as np

from osler.values import FileRecord

__all__ = ["WHOLE_BYTES", "Place", "file_record", "identity"]

WHOLE_BYTES = 32 * 1024 * 1024
"""Files up to this size are digested whole."""

_HEAD_BYTES = 8 * 1024 * 1024
_SAMPLE_BYTES = 4096
_SMALL_BYTES = 64 * 1024


class Place(Protocol):
    """Where a tensor lies in its file."""

    @property
    def start(self) -> int: ...

    @property
    def size_bytes(self) -> int: ...


def file_record(path: Path, data: np.ndarray, kind: str, tensors: Iterable[Place] = ()) -> FileRecord:
    """A record of a mapped file.

    A larger file's digest is that of its size, its first 8 MiB (where the header stands) and 4 KiB from the middle of
    every tensor but the smallest. That tells builds apart, fine-tuned ones too in which only some matrices differ (even
    pieces of the whole file would miss those), and costs a few disk accesses; it does not prove that every byte is
    right.
    """
    return FileRecord(name=path.name, sha256=_digest(data, tensors), size_bytes=data.size, kind=kind)


def identity(files: tuple[FileRecord, ...]) -> str:
    """16 hex digits for a set of files."""
    lines = [f"{record.kind} {record.size_bytes} {record.sha256}" for record in files]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _digest(data: np.ndarray, tensors: Iterable[Place]) -> str:
    if data.size <= WHOLE_BYTES:
        return hashlib.sha256(data.data).hexdigest()
    digest = hashlib.sha256(data.size.to_bytes(8, "little"))
    digest.update(data[:_HEAD_BYTES].data)
    middles = [tensor.start + tensor.size_bytes // 2 for tensor in tensors if tensor.size_bytes >= _SMALL_BYTES]
    for middle in sorted(middles):
        digest.update(data[middle : middle + _SAMPLE_BYTES].data)
    return digest.hexdigest()
