"""losses.jsonl: a line for each step and each evaluation, the same however often the training was cut off."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from osler.errors import InputError

__all__ = ["Journal"]


class Journal:
    """Lines that are only ever added at the end, or cut off behind what a checkpoint knows of.

    Times do not belong here: they differ from run to run.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, line: Mapping[str, Any]) -> None:
        """Add a line; numbers keep every digit."""
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")

    def settled(self) -> int:
        """The length in bytes, once all of it is on the disk."""
        if not self.path.exists():
            return 0
        with self.path.open("rb") as stream:
            os.fsync(stream.fileno())
            return os.fstat(stream.fileno()).st_size

    def cut(self, size_bytes: int) -> None:
        """Forget what was written behind a length.

        Raises:
            InputError: the file is shorter than that.
        """
        stored = self.path.stat().st_size if self.path.exists() else 0
        if stored < size_bytes:
            raise InputError(
                f"cannot go on with the training: `{self.path}` has {stored} bytes, "
                f"its checkpoint knows of {size_bytes}",
                hint="put the file back as it was, or begin again in another folder",
            )
        if stored > size_bytes:
            os.truncate(self.path, size_bytes)

    def lines(self) -> Iterator[dict[str, Any]]:
        """All lines, in order."""
        if self.path.exists():
            with self.path.open(encoding="utf-8") as stream:
                yield from map(json.loads, stream)
