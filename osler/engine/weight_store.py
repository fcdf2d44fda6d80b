"""Decoded weights on disk, so that a model is decoded once and mapped from then on.

A GGUF file's blocks are not in the form that OpenVINO computes with. Decoding a 4B model's takes seconds; mapping
the result takes none, and pages of a mapped file can be given back to the system once they have been packed.
The store holds numbers of weights and nothing else, is keyed by the checkpoint's identity, and may be deleted
at any time.
"""

import json
import mmap
import os
import shutil
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from osler.model.matrix import DenseMatrix, GroupedMatrix
from osler.model.stack import Stack

__all__ = ["WeightStore", "open_store"]

LAYOUT = 3
"""Raised whenever the meaning of the stored bytes changes."""

DENSE_NUMBERS = {"f32": np.float32, "f16": np.float16, "bf16": np.uint16}

ALIGNMENT = mmap.ALLOCATIONGRANULARITY


WORTHWHILE_BYTES = 256 << 20
"""Smaller checkpoints are decoded in a moment."""

KEPT = 4
"""Stores to keep: each is as large as the model."""

STALE_S = 3600.0
"""A file that has been growing for so long is not growing any more."""

DISK_FACTOR = 2
"""Free disk that must be there, as a multiple of the checkpoint: decoded weights take 1.2 to 1.5 times its size."""


def open_store(folder: Path, identity: str, checkpoint_bytes: int) -> "WeightStore | None":
    """A store for a checkpoint, or None where it is not worth while, or where the disk has no room for it."""
    if checkpoint_bytes < WORTHWHILE_BYTES:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        store = WeightStore(folder, identity)
        if store.is_complete or shutil.disk_usage(folder).free >= DISK_FACTOR * checkpoint_bytes:
            return store
        store.abandon()
    except OSError:
        pass  # a cache that cannot be written is no reason not to answer
    return None


class WeightStore:
    """Stacks of grouped matrices in one file, with an index beside it that makes it valid.

    Until `finish` has written the index, other processes do not see the file; a process that is stopped before
    leaves nothing that would be believed.

    Args:
        folder: where stores lie; made when something is written.
        identity: of the checkpoint.

    Raises:
        OSError: the folder cannot be written.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        self._path = folder / f"{identity}-{LAYOUT}.weights"
        self._index_path = self._path.with_suffix(".json")
        self._maps: list[mmap.mmap] = []
        self._entries = self._read_index()
        self.is_complete = self._entries is not None
        self._file: BinaryIO = self._path.open("rb") if self.is_complete else self._begin()

    def get(self, names: Sequence[str]) -> list[tuple[tuple[str, ...], Stack | None]] | None:
        """How these matrices were stacked, each stack mapped (None for those whose numbers were left out).

        Returns:
            None where they are not in the store, or it is not complete.
        """
        entries = (self._entries or {}).get("+".join(names))
        return None if entries is None else [(tuple(entry["names"]), self._stack(entry)) for entry in entries]

    def put(self, names: Sequence[str], stacks: Sequence[Stack], leave_out: Collection[str] = ()) -> list[Stack]:
        """Write how matrices were stacked, and their numbers.

        Args:
            names: all that were asked for together.
            stacks: of them.
            leave_out: matrices that are mapped from the checkpoint itself, so that their numbers need no copy.

        Returns:
            The same stacks, mapped from the file.
        """
        entries = [self._entry(stack, is_stored=stack.names[0] not in leave_out) for stack in stacks]
        self._written["+".join(names)] = entries
        self._file.flush()
        return [self._stack(entry) or stack for entry, stack in zip(entries, stacks, strict=True)]

    def _entry(self, stack: Stack, *, is_stored: bool) -> dict[str, Any]:
        entry: dict[str, Any] = {"names": stack.names, "heights": stack.heights}
        matrix = stack.matrix
        if isinstance(matrix, DenseMatrix):
            return entry | ({"kind": matrix.kind, "values": self._write(matrix.values)} if is_stored else {})
        if isinstance(matrix, GroupedMatrix):
            entry |= {"bits": matrix.bits, "group": matrix.group}
            entry |= {"codes": self._write(matrix.codes), "scale": self._write(matrix.scale)}
            entry["offset"] = None if matrix.offset is None else self._write(matrix.offset)
        return entry

    def _stack(self, entry: dict[str, Any]) -> Stack | None:
        names, heights = tuple(entry["names"]), tuple(entry["heights"])
        if "values" in entry:
            values = self._map(entry["values"], DENSE_NUMBERS[entry["kind"]])
            return Stack(names=names, heights=heights, matrix=DenseMatrix(values=values, kind=entry["kind"]))
        if "codes" not in entry:
            return None
        matrix = GroupedMatrix(
            codes=self._map(entry["codes"], np.int8 if entry["bits"] == 8 else np.uint8),
            bits=entry["bits"],
            scale=self._map(entry["scale"], np.float32),
            offset=self._map(entry["offset"], np.float32) if entry["offset"] else None,
            group=entry["group"],
        )
        return Stack(names=names, heights=heights, matrix=matrix)

    def finish(self) -> None:
        """Make what was written valid, for this and other processes."""
        if self.is_complete:
            os.utime(self._path)
            return
        self._entries, self.is_complete = self._written, True
        index = {"size": self._file.tell(), "entries": self._written}
        self._partial.replace(self._path)
        partial_index = self._partial.with_suffix(".json-part")
        partial_index.write_text(json.dumps(index))
        partial_index.replace(self._index_path)
        self._trim()

    def _trim(self) -> None:
        """Delete what processes left that were stopped, and the stores that were not used for longest."""
        folder = self._path.parent
        stores = sorted(folder.glob("*.weights"), key=lambda path: path.stat().st_mtime, reverse=True)
        left_over = [path for path in folder.glob("*.part") if time.time() - path.stat().st_mtime > STALE_S]
        for path in [*stores[KEPT:], *left_over]:
            path.with_suffix(".json").unlink(missing_ok=True)
            path.unlink(missing_ok=True)

    def abandon(self) -> None:
        """Drop what was not finished. Maps already handed out stay good."""
        self._file.close()
        if not self.is_complete:
            self._partial.unlink(missing_ok=True)

    def release(self) -> None:
        """Give the mapped pages back to the system; they are read again when touched."""
        for memory in self._maps:
            if hasattr(mmap, "MADV_DONTNEED"):
                memory.madvise(mmap.MADV_DONTNEED)

    def _read_index(self) -> dict[str, Any] | None:
        """The entries of a finished store, or None."""
        try:
            index = json.loads(self._index_path.read_bytes())
            return index["entries"] if self._path.stat().st_size == index["size"] else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _begin(self) -> BinaryIO:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._partial = self._path.with_name(f"{self._path.stem}.{os.getpid()}.part")
        self._written: dict[str, Any] = {}
        return self._partial.open("w+b")

    def _write(self, values: np.ndarray) -> list[Any]:
        """Append an array at the next aligned byte: [position, shape]."""
        position = -(-self._file.tell() // ALIGNMENT) * ALIGNMENT
        self._file.seek(position)
        self._file.write(np.ascontiguousarray(values).data)
        return [position, values.shape]

    def _map(self, place: Sequence[Any], kind: type) -> np.ndarray:
        position, shape = place
        size = int(np.prod(shape)) * np.dtype(kind).itemsize
        memory = mmap.mmap(self._file.fileno(), size, access=mmap.ACCESS_READ, offset=position)
        self._maps.append(memory)
        return np.frombuffer(memory, kind).reshape(shape)
