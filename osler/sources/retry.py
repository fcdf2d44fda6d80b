"""Asking again when a server is away for a moment."""

import time
from collections.abc import Callable
from typing import TypeVar

from osler.errors import DownloadError

__all__ = ["WAITS_S", "Unreachable", "persist"]

WAITS_S = (0.5, 2.0, 5.0)
"""Pauses before each further try."""

Result = TypeVar("Result")


class Unreachable(DownloadError):  # noqa: N818 (it is a DownloadError that is worth another try)
    """The server did not answer, is in trouble, or the connection broke."""


def persist(work: Callable[[], Result]) -> Result:
    """Do something, again after each of `WAITS_S` where the server is out of reach.

    Raises:
        Unreachable: it is so the last time, too.
    """
    for wait_s in WAITS_S:
        try:
            return work()
        except Unreachable:
            time.sleep(wait_s)
    return work()
