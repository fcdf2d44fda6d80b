"""Starting another process that runs Osler."""

import os
from pathlib import Path

__all__ = ["osler_environment"]


def osler_environment() -> dict[str, str]:
    """This process's environment, in which a child finds this same Osler, wherever it was imported from."""
    here = str(Path(__file__).parents[1])
    others = [place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place]
    return {**os.environ, "PYTHONPATH": os.pathsep.join([here, *others])}
