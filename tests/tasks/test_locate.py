"""Boxes of an answer on the image that was asked about."""

import numpy as np
import pytest
from PIL import Image as Pillow

from osler.errors import InputError
from osler.tasks.locate import free_path, overlay, save_png, with_boxes
from osler.values import Box, Image, Provenance, Reply, Timings, Usage

GREY = Image(pixels=np.full((100, 200, 3), 90, np.uint8))


def answered(text: str) -> Reply:
    nothing = Provenance(
        model="", weights_id="", precision="", images=(), prompt="", prompt_sha256="", sampling={}, versions={}
    )
    return Reply(
        text=text,
        thinking=None,
        finish_reason="stop",
        usage=Usage(prompt_tokens=1, image_tokens=0, completion_tokens=1),
        timings=Timings(image_s=0, prefill_s=0, decode_s=0, first_token_s=0, total_s=0),
        provenance=nothing,
        token_ids=(),
    )


def test_boxes_come_in_the_pixels_of_the_image_without_its_padding():
    reply = with_boxes(answered('[{"box_2d": [250, 0, 500, 500], "label": "cell"}]'), GREY)
    assert reply.boxes == (Box(label="cell", x0=0, y0=0, x1=100, y1=50),)


def test_an_answer_without_boxes_has_none():
    assert with_boxes(answered("There is none."), GREY).boxes == ()


def test_the_overlay_has_the_box_where_it_belongs_and_the_notice_below():
    reply = with_boxes(answered('[{"box_2d": [375, 250, 625, 500], "label": ""}]'), GREY)  # x 50..100, y 25..75
    drawn = overlay(GREY, reply)  # 4 times as large: at least 640 px
    changed = (drawn[:400] != 90).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (100, 299, 200, 399)
    assert not changed[150:250, 250:350].any()
    assert drawn.shape[0] > 400
    assert drawn[400:].min() == 0


def test_a_large_picture_is_not_enlarged():
    large = Image(pixels=np.zeros((700, 900, 3), np.uint8))
    assert overlay(large, answered("")).shape[1] == 900


def test_a_picture_that_is_there_is_not_written_over(tmp_path):
    save_png(GREY.pixels, tmp_path / "a.png")
    with pytest.raises(InputError, match="there already"):
        save_png(255 - GREY.pixels, tmp_path / "a.png")
    assert (np.asarray(Pillow.open(tmp_path / "a.png")) == 90).all()
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_folder_that_is_not_there_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="cannot write"):
        save_png(GREY.pixels, tmp_path / "nowhere" / "a.png")


def test_the_next_free_name_has_a_number(tmp_path):
    assert free_path(tmp_path / "a.png") == tmp_path / "a.png"
    (tmp_path / "a.png").touch()
    (tmp_path / "a-2.png").touch()
    assert free_path(tmp_path / "a.png") == tmp_path / "a-3.png"
