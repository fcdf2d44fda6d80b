"""Telling which MedGemma a checkpoint is."""

import json

import pytest

from osler.testing.tiny import TinyShape, write_gguf, write_safetensors
from osler.weights.checkpoint import open_checkpoint
from osler.weights.generation import generation_of


@pytest.mark.parametrize(
    ("name", "generation"),
    [
        ("medgemma-1.5-4b-it", "1.5"),
        ("medgemma-1.5-4b-it-Q4_K_M.gguf", "1.5"),
        ("Medgemma 1.5 4B It", "1.5"),
        ("models--google--medgemma-1.5-4b-it", "1.5"),
        ("medgemma-4b-it", "1"),
        ("medgemma-27b-text-it", "1"),
        ("https://huggingface.co/google/medgemma-4b-it", "1"),
        ("MedGemma_4B_it_Q8_0", "1"),
        ("gemma-3-4b-it", None),
        ("medgemma", None),
        ("medgemma-2-4b", None),
        ("", None),
        (15, None),
    ],
)
def test_the_generation_is_read_from_published_names(name, generation):
    assert generation_of([name]) == generation


def test_the_first_name_that_tells_decides():
    assert generation_of([None, "model", "medgemma-4b-it", "medgemma-1.5-4b-it"]) == "1"


def test_a_gguf_file_is_known_by_its_name(tmp_path):
    assert open_checkpoint(write_gguf(tmp_path / "medgemma-1.5-4b-it-Q8_0.gguf", projector=None)).recipe == "1.5"
    assert open_checkpoint(write_gguf(tmp_path / "weights.gguf", projector=None)).recipe is None


def test_a_safetensors_folder_is_known_by_its_configuration_before_its_name(tmp_path):
    folder = write_safetensors(tmp_path / "medgemma-4b-it", shape=TinyShape(), vision=False)
    assert open_checkpoint(folder).recipe == "1"
    assert open_checkpoint(folder, quantise=8).recipe == "1"
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "_name_or_path": "google/medgemma-1.5-4b-it"}))
    assert open_checkpoint(folder).recipe == "1.5"
