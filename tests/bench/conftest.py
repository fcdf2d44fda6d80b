"""Tiny random models and programs that stand in for llama.cpp's."""

import pytest
from stand_in_llama import write_programs

from osler.testing.tiny import TinyShape, write_gguf, write_safetensors


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A folder with a GGUF model and its projector."""
    return write_gguf(tmp_path_factory.mktemp("bench") / "tiny.gguf", "Q4_K").parent


@pytest.fixture(scope="session")
def blind(tmp_path_factory):
    """A GGUF file without a projector."""
    return write_gguf(tmp_path_factory.mktemp("bench") / "blind.gguf", projector=None)


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """The folder of stand-in programs, named by the environment."""
    folder = write_programs(tmp_path / "programs")
    monkeypatch.setenv("LLAMA_CPP_BIN", str(folder))
    return folder


@pytest.fixture(scope="session")
def short(tmp_path_factory):
    """A safetensors folder with a context of 512 tokens."""
    return write_safetensors(tmp_path_factory.mktemp("bench") / "short", shape=TinyShape(context_length=512))
