"""A row for people: learned tokens in brackets, images as files."""

import io

import numpy as np
import pytest
from adapt.data.conftest import asked, picture, write_lines
from PIL import Image as Pillow

from osler.adapt.data.example import Examples
from osler.adapt.data.preview import preview_rich, preview_text, write_images
from osler.adapt.data.read import read_rows
from osler.errors import InputError


@pytest.fixture(name="example")
def _example(tmp_path, model):
    picture(tmp_path / "a.png"), picture(tmp_path / "b.png", 1)
    return Examples(
        read_rows(write_lines(tmp_path / "rows.jsonl", "", asked("New?", "left\nlung", "a.png", "b.png"))), model
    )[0]


def test_learned_tokens_stand_in_brackets_without_colour(example, model):
    assert preview_text(example, model.tokenizer) == (
        "line 2: 32 tokens, 8 of them for 2 images; 4 learned\n"
        "<bos><start_of_turn>user\n\n\n<start_of_image>‹image 1: 4 tokens›<end_of_image>\n\n\n\n"
        "<start_of_image>‹image 2: 4 tokens›<end_of_image>\n\nNew?<end_of_turn>\n"
        "<start_of_turn>model\n[[left|\\n\n|lung|<end_of_turn>]]\n"
    )


def test_the_same_is_shown_in_colour(example, model):
    from rich.console import Console

    shown = preview_rich(example, model.tokenizer)
    assert shown.plain == preview_text(example, model.tokenizer)
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard", width=200)
    console.print(shown)
    assert "\x1b[1;32mleft" in console.file.getvalue()
    assert "\x1b[36m‹image 1: 4 tokens›" in console.file.getvalue()


def test_characters_of_several_tokens_are_whole(tmp_path, model):
    row = asked("Wo?", "喉")  # not in the tiny vocabulary: three tokens of a byte
    example = Examples(read_rows(write_lines(tmp_path / "rows.jsonl", row)), model)[0]
    assert example.num_learned == 4
    assert "[[喉|<end_of_turn>]]" in preview_text(example, model.tokenizer)


def test_images_are_written_as_the_tower_sees_them(example, tmp_path):
    paths = write_images(example, tmp_path / "out")
    assert [path.name for path in paths] == ["row-2-image-1.png", "row-2-image-2.png"]
    for path, square in zip(paths, example.squares, strict=True):
        assert np.array_equal(np.asarray(Pillow.open(path)), square)
    with pytest.raises(InputError, match="it is there already"):
        write_images(example, tmp_path / "out")
