"""Exporting to ONNX as `osler export` does it."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from osler.adapt.export.targets import ExportOptions, target
from osler.errors import InputError, MissingExtraError, OptionError, WeightsError
from osler.model.matrix import DenseMatrix
from osler.tasks.load import DEMONSTRATION
from osler.weights.checkpoint import open_checkpoint

DOCUMENT = Path(__file__).parents[4] / "docs" / "exporting-graphs.md"
QUESTION = "What does this picture show?"


@pytest.fixture
def export():
    pytest.importorskip("onnx")
    return target("onnx")


def test_the_documented_program_gives_the_words_of_osler_ask(export, tmp_path):
    pytest.importorskip("onnxruntime")
    import osler

    program = tmp_path / "ask.py"
    program.write_text(re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)[0])
    export(open_checkpoint(DEMONSTRATION), tmp_path / "onnx", ExportOptions())
    picture = DEMONSTRATION / "chest.jpg"
    told = subprocess.run(
        [sys.executable, program, tmp_path / "onnx", picture, QUESTION], capture_output=True, text=True, check=True
    )
    with osler.load(DEMONSTRATION, precision="f32") as model:
        wanted = model.ask(picture, QUESTION, max_new_tokens=200).text
    assert len(wanted) > 20
    assert told.stdout.strip() == wanted


def test_the_embedding_is_written_once_for_both_that_read_it(written):
    import onnx

    folder = written("F32")
    rows = onnx.load(folder / "embed_tokens.onnx", load_external_data=False).graph.initializer
    output = onnx.load(folder / "decoder_model.onnx", load_external_data=False).graph.initializer
    places = [
        {entry.key: entry.value for entry in tensor.external_data}
        for tensor in (*rows, *output)
        if tensor.name == "text.embedding"
    ]
    assert len(places) == 2
    assert places[0] == places[1]
    assert not (folder / "embed_tokens.data").exists()


def test_a_model_without_eyes_has_no_image_encoder(export, tmp_path):
    from osler.testing.tiny import write_safetensors

    folder = write_safetensors(tmp_path / "text", vision=False, prefixes="text")
    names = {path.name for path in export(open_checkpoint(folder), tmp_path / "onnx", ExportOptions()).files}
    assert {"decoder_model.onnx", "embed_tokens.onnx", "tokenizer.json", "config.json"} <= names
    assert "vision_encoder.onnx" not in names


def test_weights_too_large_for_f16_are_refused_and_nothing_is_left(export, tmp_path, monkeypatch):
    checkpoint = open_checkpoint(DEMONSTRATION)
    plain = checkpoint.matrix

    def huge(name: str):
        matrix = plain(name)
        return DenseMatrix(values=np.full(matrix.shape, 1e5, np.float32), kind="f32") if "up" in name else matrix

    monkeypatch.setattr(checkpoint, "matrix", huge)
    with pytest.raises(WeightsError, match="above 65,504") as caught:
        export(checkpoint, tmp_path / "onnx", ExportOptions(type="F16"))
    assert "F32" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(export, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        export(open_checkpoint(DEMONSTRATION), tmp_path, ExportOptions())
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_bf16_is_no_type_of_an_onnx_export(export, tmp_path):
    with pytest.raises(OptionError, match="BF16"):
        export(open_checkpoint(DEMONSTRATION), tmp_path / "onnx", ExportOptions(type="BF16"))


def test_without_onnx_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError) as caught:
        target("onnx")(open_checkpoint(DEMONSTRATION), tmp_path / "onnx", ExportOptions())
    assert "osler[export]" in caught.value.hint
    assert list(tmp_path.iterdir()) == []
