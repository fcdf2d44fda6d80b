"""`osler demo`, and the demonstration model that answers where no other is named."""

import json

import numpy as np
from PIL import Image as Pillow

from osler.tasks.load import DEMONSTRATION
from osler.values import NOTICE_DEMONSTRATION


def test_the_demonstration_answers_draws_and_says_what_it_is(osler, tmp_path):
    result = osler("demo")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == lines[-1] == NOTICE_DEMONSTRATION
    for wanted in ("Describe this X-ray.", "Is there pneumonia?", "Where is the white blood cell?", "osler models"):
        assert wanted in result.stdout
    assert f"drawn in {tmp_path / 'osler-demo.png'}" in result.stdout
    drawn = np.asarray(Pillow.open(tmp_path / "osler-demo.png"))
    smear = np.asarray(Pillow.open(DEMONSTRATION / "smear.jpg"))
    assert drawn.shape[0] > smear.shape[0]


def middle_of_the_nucleus() -> tuple[float, float]:
    """Column and row of the median of the smear's violet pixels: only a white blood cell's nucleus is so blue."""
    red, _, blue = np.moveaxis(np.asarray(Pillow.open(DEMONSTRATION / "smear.jpg"), int), -1, 0)
    rows, columns = np.nonzero(blue - red > 40)
    return float(np.median(columns)), float(np.median(rows))


def test_the_box_lies_on_the_white_blood_cell_and_inside_the_picture(osler):
    film, pneumonia, cell = (answer["reply"] for answer in json.loads(osler("demo", "--json").stdout)["answers"])
    assert "chest X-ray" in film["text"]
    assert pneumonia["text"].startswith(("Yes", "No"))
    height, width, _ = np.asarray(Pillow.open(DEMONSTRATION / "smear.jpg")).shape
    (box,) = cell["boxes"]
    assert box["label"] == "white blood cell"
    assert 0 <= box["x0"] < box["x1"] <= width
    assert 0 <= box["y0"] < box["y1"] <= height
    x, y = middle_of_the_nucleus()
    assert box["x0"] < x < box["x1"]
    assert box["y0"] < y < box["y1"]
    assert all(reply["notice"] == NOTICE_DEMONSTRATION for reply in (film, pneumonia, cell))


def test_a_picture_that_is_there_is_never_written_over(osler, refused, tmp_path):
    (tmp_path / "osler-demo.png").write_bytes(b"mine")
    assert "osler-demo-2.png" in osler("demo").stdout
    assert (tmp_path / "osler-demo.png").read_bytes() == b"mine"
    assert "there already" in refused("demo", "--out", tmp_path / "osler-demo.png")


def test_without_a_model_the_demonstration_model_answers_and_says_so(osler):
    result = osler("ask", DEMONSTRATION / "chest.jpg", "What kind of image is this?")
    assert "chest X-ray" in result.stdout
    assert result.stderr.splitlines()[0].startswith("model: osler-nano, the demonstration model")
    assert result.stderr.splitlines()[-1] == NOTICE_DEMONSTRATION
