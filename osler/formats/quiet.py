"""Keeping decoders from talking."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["silenced"]


@contextmanager
def silenced(library: str) -> Iterator[None]:
    """Let no warning and no log record of a library through while it decodes.

    pydicom's repeat the values they are about, which may be a patient's; Pillow's say again what an error says.
    """
    logger = logging.getLogger(library)
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
