"""Things that were used lately, kept because they may be wanted again."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Recent"]

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Values by key up to a bound; those that were not used for longest go first, the last one always stays.

    Args:
        most_bytes: how much is kept.
        size_of: of a value, in bytes.
        most: how many are kept, None for any number.

    >>> recent = Recent(5, len)
    >>> for word in ("one", "to", "three"):
    ...     _ = recent.keep(word, word)
    >>> "to" in recent, "three" in recent
    (False, True)
    """

    def __init__(self, most_bytes: float, size_of: Callable[[V], int], *, most: int | None = None) -> None:
        self._most_bytes, self._size_of, self._most = most_bytes, size_of, most
        self._values: OrderedDict[K, V] = OrderedDict()
        self._bytes = 0

    def __contains__(self, key: K) -> bool:
        return key in self._values

    def get(self, key: K) -> V | None:
        """A value that is kept, now used last; None where it is not."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def keep(self, key: K, value: V) -> V:
        """Keep a value, as the one that was used last, and give it back."""
        self._drop(key)
        self._values[key] = value
        self._bytes += self._size_of(value)
        while len(self._values) > 1 and self._is_full():
            self._drop(next(iter(self._values)))
        return value

    def _is_full(self) -> bool:
        return self._bytes > self._most_bytes or (self._most is not None and len(self._values) > self._most)

    def _drop(self, key: K) -> None:
        if key in self._values:
            self._bytes -= self._size_of(self._values.pop(key))
