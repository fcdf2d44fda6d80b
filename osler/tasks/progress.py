"""How long work tells how far it is."""

from collections.abc import Callable

__all__ = [
    "LOADING",
    "PREPARING",
    "READING_HEADERS",
    "READING_IMAGES",
    "READING_PROMPT",
    "STARTING_VISION",
    "Progress",
    "no_progress",
]

Progress = Callable[[str, float, int], None]
"""Called with what is being done (one of the sentences below), how much is done, and how much there is in all.

What is done is a whole number but for an image that is being read: of that, the share that is probably done."""

LOADING = "Loading the model"
READING_HEADERS = "Reading headers"
PREPARING = "Preparing images"
STARTING_VISION = "Preparing to read images"
READING_IMAGES = "Reading images"
READING_PROMPT = "Reading the prompt"


def no_progress(stage: str, done: float, total: int) -> None:
    """Tell nobody."""
