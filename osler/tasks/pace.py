"""How long a piece of work took the last time, so that the next first one has an estimate."""

import json
from contextlib import suppress
from pathlib import Path

__all__ = ["Pace"]

WORTH_NOTING = 0.2
"""A share by which a new time must differ before it is written."""


class Pace:
    """The seconds of one kind of work, kept from run to run in a small file that may be deleted at any time.

    Args:
        path: the file, JSON, seconds by key; shared by all kinds of work.
        key: names the work: the same weights, computed in the same way.
    """

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self._key = key
        self.expected_s = self._read().get(key)

    def share(self, elapsed_s: float) -> float:
        """How much of the work is probably done, from 0 to just under 1; 0 where nothing is known."""
        return min(elapsed_s / self.expected_s, 0.99) if self.expected_s else 0.0

    def note(self, seconds: float) -> None:
        """Remember how long the work took; a file that cannot be written is no reason to fail."""
        known, self.expected_s = self.expected_s, seconds
        if known is not None and abs(known - seconds) <= WORTH_NOTING * known:
            return
        partial = self._path.with_suffix(".part")
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps({**self._read(), self._key: round(seconds, 6)}))
            partial.replace(self._path)

    def _read(self) -> dict[str, float]:
        """The whole file; empty where there is none, or none that can be read."""
        try:
            found = json.loads(self._path.read_bytes())
            return {key: seconds for key, seconds in found.items() if isinstance(seconds, float | int) and seconds > 0}
        except (OSError, ValueError, AttributeError):
            return {}
