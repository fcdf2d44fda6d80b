"""Checked access to config.json."""

from collections.abc import Mapping
from typing import Any

from osler.errors import WeightsError

__all__ = ["Fields"]


class Fields:
    """Checked access to one table of config.json."""

    def __init__(self, values: Mapping[str, Any], place: str) -> None:
        self.values = values
        self.place = place

    def fail(self, key: str, expected: str) -> WeightsError:
        return WeightsError(
            f"cannot use config.json: `{self.place}{key}` must be {expected}, got {str(self.values.get(key))[:60]!r}",
            hint="fetch config.json of the model again",
        )

    def get(self, key: str, default: Any) -> Any:
        """A value; null counts as left out."""
        value = self.values.get(key)
        return default if value is None else value

    def count(self, key: str, default: int) -> int:
        value = self.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 2**31:
            raise self.fail(key, "a whole number of at least 1")
        return value

    def positive(self, key: str, default: float) -> float:
        value = self.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
            raise self.fail(key, "a number above 0")
        return float(value)

    def table(self, key: str) -> "Fields":
        value = self.get(key, {})
        if not isinstance(value, Mapping):
            raise self.fail(key, "a table")
        return Fields(value, f"{self.place}{key}.")

    def require(self, key: str, allowed: tuple[Any, ...]) -> None:
        """Refuse a variant of the architecture that the graphs do not compute."""
        if self.values.get(key) not in (None, *allowed):
            raise self.fail(key, f"{allowed[0]!r} or left out")
