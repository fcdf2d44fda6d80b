"""Tiny models in Osler's engine and as IR."""

import pytest
from adapt.export.openvino.requests import IrModel
from parity.twins import Ours

from osler.adapt.export.targets import ExportOptions, target
from osler.testing.tiny import write_gguf, write_safetensors


@pytest.fixture(scope="session")
def ours(tmp_path_factory):
    """Osler's engine over a tiny model: seven layers, the sixth global, a window of 32, rope factor 8."""
    return Ours(write_safetensors(tmp_path_factory.mktemp("tiny") / "model", kind="bf16"), "f32")


@pytest.fixture(scope="session")
def quantised(tmp_path_factory):
    """The same over a GGUF of 4 bits with offsets, the embedding too."""
    path = tmp_path_factory.mktemp("tiny") / "tiny.gguf"
    return Ours(write_gguf(path, "Q4_1", projector="F32", soft_token=True), "f32")


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """A function that exports a checkpoint into a folder."""

    def write(checkpoint, kind: str | None = None):
        folder = tmp_path_factory.mktemp("openvino") / "model"
        target("openvino")(checkpoint, folder, ExportOptions(type=kind))
        return folder

    return write


@pytest.fixture(scope="session")
def networks(ours, written):
    """The tiny model as IR, every weight in the form that it has."""
    return written(ours.checkpoint)


@pytest.fixture(scope="session")
def exported(networks):
    return IrModel(networks)


@pytest.fixture(scope="session")
def exported_quantised(quantised, written):
    return IrModel(written(quantised.checkpoint))
