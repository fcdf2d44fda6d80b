"""Tiny checkpoints that many tests read and none changes."""

from pathlib import Path

import pytest

from osler.testing.tiny import write_gguf, write_safetensors


@pytest.fixture(scope="session")
def gguf_path(tmp_path_factory) -> Path:
    """A tiny Q8_0 model with an F16 projector beside it."""
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf", "Q8_0")


@pytest.fixture(scope="session")
def safetensors_folder(tmp_path_factory) -> Path:
    """A tiny bfloat16 folder with vision."""
    return write_safetensors(tmp_path_factory.mktemp("safetensors"))
