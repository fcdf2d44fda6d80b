"""One engine for a model and for all that share it."""

import threading
from collections.abc import Callable

from osler.engine.engine import Engine
from osler.errors import OslerError
from osler.tasks.progress import Progress

__all__ = ["SharedEngine", "closed"]


class SharedEngine:
    """An engine that is built when it is first asked for, and gone once it was closed.

    Args:
        build: makes it; called once.
    """

    def __init__(self, build: Callable[[Progress], Engine]) -> None:
        self._build: Callable[[Progress], Engine] | None = build
        self._engine: Engine | None = None
        self._lock = threading.Lock()

    @property
    def is_closed(self) -> bool:
        return self._build is None

    @property
    def if_built(self) -> Engine | None:
        """The engine where it is there already."""
        return self._engine

    def get(self, progress: Progress) -> Engine:
        """The engine; `progress` is told of its building."""
        with self._lock:
            if self._build is None:
                raise closed()
            if self._engine is None:
                self._engine = self._build(progress)
            return self._engine

    def close(self) -> None:
        """Let it go."""
        with self._lock:
            self._build = self._engine = None


def closed() -> OslerError:
    """What is said to whoever goes on using a model that was closed."""
    return OslerError("cannot use the model: it was closed", hint="load it again")
