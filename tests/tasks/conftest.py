"""Tiny random models, as people have their weights, written once for all tests of this folder."""

import pytest

from osler.tasks.load import load
from osler.testing.tiny import TinyShape, write_gguf, write_safetensors


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A safetensors folder that reads images: 56 px, 4 tokens an image, 4,096 tokens of context."""
    return write_safetensors(tmp_path_factory.mktemp("tiny") / "safetensors", shape=TinyShape())


@pytest.fixture(scope="session")
def blind(tmp_path_factory):
    """A GGUF file without a projector beside it."""
    return write_gguf(tmp_path_factory.mktemp("tiny") / "blind.gguf", projector=None)


@pytest.fixture(scope="session")
def model(folder):
    """The safetensors folder, loaded in f32."""
    return load(folder, precision="f32", context=512)
