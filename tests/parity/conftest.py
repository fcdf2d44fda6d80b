"""Tiny models, the same weights in transformers and in Osler, loaded once for all parity tests."""

import pytest
from parity.twins import Loaded, Ours, Theirs

from osler.testing.tiny import write_safetensors


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """A tiny safetensors folder in each precision; the numbers in both are the same."""
    root = tmp_path_factory.mktemp("parity")
    return {kind: write_safetensors(root / kind, kind=kind) for kind in ("f32", "bf16")}


@pytest.fixture(scope="session")
def theirs(folders):
    """transformers' model by precision, loaded when asked for."""
    pytest.importorskip("torch")
    return Loaded(lambda precision: Theirs(folders[precision], precision))


@pytest.fixture(scope="session")
def ours(folders):
    """Osler's runner and vision encoder by precision, compiled when asked for."""
    return Loaded(lambda precision: Ours(folders[precision], precision))
