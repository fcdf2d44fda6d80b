"""What is written on a contact sheet."""

import numpy as np
import pytest

from osler.imaging.digest import pixels_sha256
from osler.tasks.sheet import labels_of, origin_words, sheet_of, source_words
from osler.tasks.view import View
from osler.values import FileRecord, Image, ImagePart, ImageRecord, Origin, SourceRecord, TextPart

CT = ((-1024.0, 1024.0), (-135.0, 215.0), (0.0, 80.0))


def square(level: int) -> np.ndarray:
    return np.full((64, 64, 3), level, np.uint8)


def image(level: int) -> ImagePart:
    return ImagePart(image=Image(pixels=square(level)))


def record(level: int, origin: Origin | None = None) -> ImageRecord:
    return ImageRecord(
        file=None, width_px=64, height_px=64, steps=(), pixels_sha256=pixels_sha256(square(level)), origin=origin
    )


def slice_origin(number: int, windows=CT) -> Origin:
    return Origin(kind="slice", number=number, total=300, plane="axial", position_mm=-12.34, windows=windows)


def view(*parts, **source) -> View:
    return View(parts=parts, source=SourceRecord(**{"kind": "volume", "files": (), **source}))


def drawn(views, records, **more) -> np.ndarray:
    squares = [part.image.pixels for one in views for part in one.parts if isinstance(part, ImagePart)]
    return sheet_of(views, squares, records, titles=["series 3"] * len(views), footer="footer", **more)


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        (slice_origin(42), "42 of 300, -12.3 mm"),
        (Origin(kind="slice", number=2, total=9), "slice 2 of 9"),
        (Origin(kind="patch", number=3, total=9, region_px=(1792, 896, 896, 896)), "x 1792, y 896"),
        (Origin(kind="tile", number=2, total=5, region_px=(0, 50, 100, 50)), "x 0…100, y 50…100"),
        (Origin(kind="page", number=2, total=5), "page 2 of 5"),
        (Origin(kind="frame", number=1, total=40), "frame 1 of 40"),
        (Origin(kind="frame", number=1, total=1), ""),
        (None, ""),
    ],
)
def test_where_a_picture_was_taken_is_said_in_a_few_words(origin, words):
    assert origin_words(origin) == words


def test_the_label_of_an_image_is_the_short_text_after_it():
    parts = [
        TextPart(text="Opening."),
        image(1),
        TextPart(text=" SLICE 1 "),
        image(2),
        image(3),
        TextPart(text="x" * 99),
    ]
    assert labels_of(parts) == ("SLICE 1", "", "")


def test_every_square_of_every_source_is_on_the_sheet():
    views = [
        view(TextPart(text="Look."), image(101), TextPart(text="SLICE 1"), image(102)),
        view(image(103), kind="film"),
    ]
    sheet = drawn(views, [record(101), record(102), record(103)])
    assert [(sheet == level).all(axis=-1).sum() for level in (101, 102, 103)] == [64 * 64] * 3


def test_windows_notes_and_labels_change_the_sheet():
    parts = (image(101), TextPart(text="SLICE 1"))
    plain = drawn([view(*parts)], [record(101)])
    for views, records in (
        ([view(*parts)], [record(101, slice_origin(1))]),
        ([view(*parts, notes=("2 gaps",))], [record(101)]),
        ([view(image(101), TextPart(text="SLICE 2"))], [record(101)]),
        ([view(*parts, reason="the only series")], [record(101)]),
    ):
        changed = drawn(views, records)
        assert changed.shape != plain.shape or (changed != plain).any()


def test_a_wrong_image_is_crossed_out_and_no_other():
    views = [view(image(101), image(102))]
    sheet = drawn(views, [record(101), record(102)], wrong={1})
    assert (sheet == 101).all(axis=-1).sum() == 64 * 64
    assert (sheet == 102).all(axis=-1).sum() < 64 * 64


def test_a_source_is_told_in_one_line():
    source = SourceRecord(
        kind="volume", files=(), series="3", reason="the only volume of 4 series", num_available=300, num_sent=85
    )
    assert source_words(source) == "series 3: volume, 85 of 300 slices (the only volume of 4 series)"
    slide = FileRecord(name="a.svs", sha256="", size_bytes=1, kind="slide")
    assert source_words(SourceRecord(kind="slide", files=(slide,), num_available=40, num_sent=9)) == (
        "a.svs: slide, 9 of 40 patches"
    )
