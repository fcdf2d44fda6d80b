"""`osler ask`, run as a person runs it."""

import json

import numpy as np
import pytest
from PIL import Image as Pillow

from osler.testing.dicom import PATIENT, make_dicom
from osler.values import NOTICE


@pytest.fixture
def film(tmp_path):
    """A picture of noise, 90 × 70 px."""
    Pillow.fromarray(np.random.default_rng(5).integers(0, 256, (70, 90, 3), np.uint8)).save(tmp_path / "film.png")
    return tmp_path / "film.png"


def test_the_answer_goes_to_stdout_and_the_talk_to_stderr(osler, tiny_gguf, film):
    asked = ("ask", film, "Where?", "--model", tiny_gguf, "--max-new-tokens", "6")
    result = osler(*asked)
    whole = json.loads(osler(*asked, "--json").stdout)
    assert result.returncode == 0
    assert result.stdout.rstrip("\n") == whole["text"].rstrip("\n")
    assert "model: tiny.gguf (GGUF" in result.stderr
    assert f"prompt {whole['usage']['prompt_tokens']} tokens" in result.stderr
    assert NOTICE in result.stderr


def test_json_is_the_whole_reply(osler, tiny_folder, film):
    result = osler("ask", film, film, "Compare.", "--model", tiny_folder, "--max-new-tokens", "3", "--json")
    reply = json.loads(result.stdout)
    assert reply["usage"]["image_tokens"] == 8
    assert [image["file"]["name"] for image in reply["provenance"]["images"]] == ["film.png", "film.png"]
    assert reply["notice"] == NOTICE
    assert NOTICE in result.stderr


def test_a_dicom_file_is_read_and_nothing_of_its_patient_is_told(osler, tiny_folder, tmp_path):
    pixels = np.random.default_rng(8).integers(0, 4096, (50, 40), np.uint16)
    film = make_dicom(tmp_path / "IM000001", pixels, photometric="MONOCHROME1", bits=12)
    result = osler("ask", film, "Describe this X-ray.", "-m", tiny_folder, "--max-new-tokens", "2", "--json")
    (image,) = json.loads(result.stdout)["provenance"]["images"]
    assert image["file"]["kind"] == "dicom"
    assert any("MONOCHROME1" in step for step in image["steps"])
    for value in PATIENT.values():
        assert value not in result.stdout + result.stderr


def test_a_question_without_files_may_come_from_stdin(osler, tiny_folder):
    result = osler("ask", "-", "-m", tiny_folder, "--max-new-tokens", "2", "--json", stdin="What is an effusion?\n")
    assert "user\nWhat is an effusion?<end_of_turn>" in json.loads(result.stdout)["provenance"]["prompt"]


def test_the_options_reach_the_model(osler, tiny_folder, film):
    result = osler(
        *("ask", film, "Where?", "-m", tiny_folder, "--json", "--max-new-tokens", "4", "--temperature", "0.7"),
        *("--top-k", "9", "--top-p", "0.9", "--min-p", "0.01", "--seed", "3", "--repetition-penalty", "1.1"),
        *("--frequency-penalty", "0.2", "--presence-penalty", "0.1", "--stop", "a b", "--system", "Be brief."),
        *("--think", "--no-pad", "--precision", "f32", "--threads", "1", "--context", "300", "--quantise", "8"),
    )
    made = json.loads(result.stdout)["provenance"]
    expected = {
        "temperature": 0.7,
        "top_k": 9,
        "top_p": 0.9,
        "min_p": 0.01,
        "seed": 3,
        "repetition_penalty": 1.1,
        "frequency_penalty": 0.2,
        "presence_penalty": 0.1,
        "stop": ["a b"],
        "max_new_tokens": 4,
    }
    assert expected.items() <= made["sampling"].items()
    assert "think silently if needed. Be brief." in made["prompt"]
    assert made["images"][0]["steps"][-1] == "resized to 56 × 56 px, bilinear"
    assert not any("padded" in step for step in made["images"][0]["steps"])
    assert made["precision"] == "f32"
    assert "8 bits" in made["model"]


def test_the_model_may_come_from_the_environment(osler, environment, tiny_gguf):
    environment["OSLER_MODEL"] = str(tiny_gguf)
    assert "model: tiny.gguf" in osler("ask", "Why?", "--max-new-tokens", "1").stderr


def test_an_answer_that_was_cut_off_is_said_to_be(osler, tiny_folder):
    assert "cut off after 2 tokens" in osler("ask", "Why?", "-m", tiny_folder, "--max-new-tokens", "2").stderr


def test_a_file_where_the_question_should_be_is_wrong_usage(osler, tiny_folder, film):
    result = osler("ask", film, "-m", tiny_folder)
    assert result.returncode == 2
    assert "what to ask" in result.stderr
