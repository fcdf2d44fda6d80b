"""What was measured, kept on disk as it is measured, so that an interrupted run goes on where it was."""

import json
import os
from pathlib import Path
from typing import Any

__all__ = ["KeptWork"]


class KeptWork:
    """Measurements by name, in one JSON file that is replaced whole.

    Args:
        path: the file; its folder is made. None keeps nothing beyond this process.
        key: all that the measurements depend on. What a file holds under another key is left behind.
    """

    def __init__(self, path: Path | None, key: str) -> None:
        self._path = path
        self._key = key
        self._values: dict[str, Any] = self._read()

    def get(self, name: str) -> Any:
        """A measurement, None where there is none yet."""
        return self._values.get(name)

    def put(self, name: str, value: Any) -> None:
        """Keep a measurement, on disk at once."""
        self._values[name] = value
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_name(f"{self._path.name}.part")
        partial.write_text(json.dumps({"key": self._key, "values": self._values}), encoding="utf-8")
        os.replace(partial, self._path)

    def drop(self) -> None:
        """Delete the file: the work is done."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _read(self) -> dict[str, Any]:
        if self._path is None:
            return {}
        try:
            kept = json.loads(self._path.read_bytes())
            return dict(kept["values"]) if kept["key"] == self._key else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}
