"""A tiny random Gemma 3 with vision, on the disk and as a network."""

import pytest
import torch

from osler.adapt.training.network import open_network
from osler.testing.tiny import write_safetensors
from osler.weights.checkpoint import open_checkpoint


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """On products this small, threads wait for each other longer than they compute."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Weights in f32."""
    return write_safetensors(tmp_path_factory.mktemp("tiny") / "model", kind="f32")


@pytest.fixture(scope="session")
def checkpoint(folder):
    return open_checkpoint(folder)


@pytest.fixture
def network(checkpoint):
    """A network of its own for each test, since wrapping by peft changes it."""
    return open_network(checkpoint, dtype=torch.float32)


@pytest.fixture(scope="session")
def frozen(checkpoint):
    """A network that no test may tune."""
    return open_network(checkpoint, dtype=torch.float32)
