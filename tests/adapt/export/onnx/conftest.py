"""A tiny model in Osler's engine and as ONNX."""

import pytest
from parity.twins import Ours

from osler.testing.tiny import write_safetensors


@pytest.fixture(scope="session")
def ours(tmp_path_factory):
    """Osler's engine over a tiny model: seven layers, the sixth global, a window of 32, rope factor 8."""
    return Ours(write_safetensors(tmp_path_factory.mktemp("tiny") / "model", kind="f32"), "f32")


@pytest.fixture(scope="session")
def written(ours, tmp_path_factory):
    """A function that exports it: the folder by type of numbers."""
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from osler.adapt.export.onnx.target import export_onnx
    from osler.adapt.export.targets import ExportOptions

    made = {}

    def folder(kind: str):
        if kind not in made:
            made[kind] = tmp_path_factory.mktemp("onnx") / kind
            export_onnx(ours.checkpoint, made[kind], ExportOptions(type=kind))
        return made[kind]

    return folder


@pytest.fixture(scope="session")
def exported(written):
    """Its networks in F32, ready to run."""
    from adapt.export.onnx.sessions import OnnxModel

    return OnnxModel(written("F32"))
