"""Boxes of an answer on the image that was asked about."""

import io

import numpy as np
from PIL import Image as Pillow

from osler.tasks.locate import overlay, png_of, with_boxes
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


def test_a_png_holds_the_pixels():
    assert (np.asarray(Pillow.open(io.BytesIO(png_of(GREY.pixels)))) == GREY.pixels).all()
