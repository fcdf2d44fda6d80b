"""A file mapped into memory for reading."""

import mmap
from pathlib import Path

import numpy as np

from osler.errors import WeightsError

__all__ = ["MappedFile"]


class MappedFile:
    """A read-only memory map of a whole file; arrays made from it share its pages.

    The file must not change or shrink while it is mapped.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as stream:
                self.size = stream.seek(0, 2)
                if self.size == 0:
                    raise WeightsError(f"cannot read `{path.name}`: the file is empty", hint="fetch the file again")
                self.memory = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise WeightsError(
                f"cannot read `{path.name}`: {error.strerror or error}",
                hint="check that the file is where it should be and that you may read it",
            ) from error
        self.bytes = np.frombuffer(self.memory, np.uint8)

    def array(self, start: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """`shape` numbers of `dtype` from byte `start`: a view where they are aligned, else a copy."""
        count = int(np.prod(shape, dtype=np.int64))
        part = self.bytes[start : start + count * dtype.itemsize]
        if start % dtype.itemsize:
            part = part.copy()
        return part.view(dtype).reshape(shape)

    def release(self) -> None:
        """Tell the system that pages read so far are not needed for now (they are read again when touched)."""
        if hasattr(self.memory, "madvise") and hasattr(mmap, "MADV_DONTNEED"):
            self.memory.madvise(mmap.MADV_DONTNEED)
