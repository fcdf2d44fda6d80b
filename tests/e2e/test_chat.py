"""`osler chat` through a pipe: each line is a question or a command."""

import json

import numpy as np
import pytest
from PIL import Image as Pillow


@pytest.fixture
def film(tmp_path):
    Pillow.fromarray(np.random.default_rng(6).integers(0, 256, (30, 30, 3), np.uint8)).save(tmp_path / "film.png")
    return tmp_path / "film.png"


@pytest.fixture
def talk(osler, tiny_folder):
    """Say lines to a chat; --stop keeps each answer in one line of stdout."""
    return lambda *lines, files=(): osler(
        *("chat", *files, "-m", tiny_folder, "--max-new-tokens", "4", "--stop", "\n"), stdin="\n".join(lines)
    )


def test_the_conversation_is_kept_and_saved(talk, film, tmp_path):
    result = talk("/system Be brief.", "/image film.png", "Where?", "", "And now?", "/save talk.json", "/quit", "Lost?")
    assert result.returncode == 0, result.stderr
    saved = json.loads((tmp_path / "talk.json").read_text(encoding="utf-8"))
    assert [message["role"] for message in saved["messages"]] == ["system", "user", "assistant", "user", "assistant"]
    assert [part["type"] for part in saved["messages"][1]["content"]] == ["image", "text"]
    assert [reply["usage"]["image_tokens"] for reply in saved["replies"]] == [4, 4]
    assert result.stdout == "".join(reply["text"] + "\n" for reply in saved["replies"])
    assert "attached film.png (30 × 30 px)" in result.stderr


def test_images_on_the_command_line_go_with_the_first_question(talk, film, tmp_path):
    talk("Where?", "/save talk.json", files=[film])
    saved = json.loads((tmp_path / "talk.json").read_text(encoding="utf-8"))
    assert saved["messages"][0]["content"][0] == {
        "type": "image",
        "image": "film.png",
        "sha256": saved["replies"][0]["provenance"]["images"][0]["file"]["sha256"],
    }


def test_clearing_forgets(talk, tmp_path):
    talk("One?", "/clear", "Two?", "/save talk.json")
    assert len(json.loads((tmp_path / "talk.json").read_text(encoding="utf-8"))["messages"]) == 2


def test_an_error_ends_a_line_and_not_the_conversation(talk, tmp_path):
    result = talk("/image nowhere.png", "/dance", "/save", "One?", "/save talk.json")
    assert result.returncode == 1
    assert result.stderr.count("error:") == 3
    assert "nowhere.png" in result.stderr
    assert (tmp_path / "talk.json").exists()


def test_help_lists_the_commands(talk):
    result = talk("/help")
    for command in ("/image", "/system", "/clear", "/save", "/quit"):
        assert command in result.stderr
    assert result.stdout == ""
