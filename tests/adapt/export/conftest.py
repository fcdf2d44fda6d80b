"""Tiny models to export, and what an export must keep."""

import numpy as np
import pytest

from osler.testing.tiny import write_safetensors
from osler.testing.tiny_adapter import ALL_TEXT, ALL_TOWER, write_adapter
from osler.weights.adapted import AdaptedCheckpoint
from osler.weights.adapter import open_adapter
from osler.weights.checkpoint import Checkpoint, open_checkpoint


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A tiny bfloat16 folder with vision."""
    return write_safetensors(tmp_path_factory.mktemp("source") / "medgemma-1.5-4b-it")


@pytest.fixture
def checkpoint(folder):
    return open_checkpoint(folder)


@pytest.fixture
def merged(folder, tmp_path_factory):
    """The same with an adapter of every part merged into it."""
    base = open_checkpoint(folder)
    place = tmp_path_factory.mktemp("adapter") / "tuned"
    write_adapter(place, targets=(*ALL_TEXT, *ALL_TOWER), projector=True)
    return AdaptedCheckpoint(base, open_adapter(place, base.config))


@pytest.fixture
def numbers():
    """A weight in float32, whatever its form."""

    def of(checkpoint: Checkpoint, name: str) -> np.ndarray:
        if len(checkpoint.shape(name)) == 1:
            return checkpoint.vector(name)
        return checkpoint.matrix(name).dequantised()

    return of
