"""Reading boxes from answers, and placing them in the original image."""

import pytest

from osler.tasks.boxes import RelativeBox, place_boxes, read_boxes


def corners(answer: str) -> list[tuple[float, ...]] | None:
    boxes = read_boxes(answer)
    return None if boxes is None else [tuple(box[1:]) for box in boxes]


def test_the_official_example_is_read_from_its_fence():
    answer = 'It lies high. Final Answer: ```json[{"box_2d": [140, 110, 340, 470], "label": "right clavicle"}]```'
    assert read_boxes(answer) == (RelativeBox("right clavicle", 0.14, 0.11, 0.34, 0.47),)


def test_a_bare_list_in_prose_is_read():
    assert corners('I see it [here]: [{"box_2d": [0, 0, 500, 1000], "label": "a"}] as asked.') == [(0, 0, 0.5, 1)]


def test_a_fence_that_is_left_open_is_read():
    assert corners('```json\n[{"box_2d": [0, 0, 500, 1000], "label": "a"}]') == [(0, 0, 0.5, 1)]


def test_the_last_list_counts_because_the_model_argues_first():
    answer = '[{"box_2d": [0, 0, 10, 10]}] no, rather [{"box_2d": [0, 0, 20, 20]}]'
    assert corners(answer) == [(0, 0, 0.02, 0.02)]


def test_a_list_of_fractions_is_recognised_as_such():
    assert corners('[{"box_2d": [0.25, 0, 0.5, 1], "label": "a"}]') == [(0.25, 0, 0.5, 1)]


def test_small_numbers_beside_a_large_one_count_from_0_to_1000():
    assert corners('[{"box_2d": [0, 0, 1, 1]}, {"box_2d": [0, 0, 500, 500]}]') == [
        (0, 0, 0.001, 0.001),
        (0, 0, 0.5, 0.5),
    ]


@pytest.mark.parametrize(
    "box",
    [
        "[1, 2, 3]",
        "[1, 2, 3, 4, 5]",
        "[500, 0, 100, 10]",
        "[0, 500, 10, 100]",
        "[0, 0, 0, 10]",
        '[0, 0, "10", 10]',
        "[0, 0, true, 10]",
        "[0, 0, NaN, 10]",
        "[0, 0, Infinity, 10]",
        '"0, 0, 10, 10"',
        "null",
    ],
)
def test_an_object_without_a_proper_box_is_left_out(box):
    assert corners(f'[{{"box_2d": {box}, "label": "a"}}, {{"box_2d": [0, 0, 1000, 1000]}}]') == [(0, 0, 1, 1)]


@pytest.mark.parametrize(
    "answer",
    ["", "The heart is not visible.", '[{"box_2d": [1, 2, 3, 4], "label": "cut of', "[1, 2, 3, 4]", "[" * 5000],
)
def test_an_answer_without_a_readable_list_is_none_and_not_an_empty_list(answer):
    assert read_boxes(answer) is None


def test_an_empty_list_says_that_there_is_no_box():
    assert read_boxes("```json\n[]\n```") == ()


def test_a_number_beyond_every_float_is_no_box():
    assert read_boxes(f'[{{"box_2d": [0, 0, 1{"0" * 5000}, 1]}}]') == ()


def test_the_padding_of_a_wide_film_is_taken_off():
    (box,) = place_boxes((RelativeBox("film", 0.25, 0.0, 0.75, 1.0),), width_px=2000, height_px=1000)
    assert (box.x0, box.y0, box.x1, box.y1) == (0, 0, 2000, 1000)
    assert box.label == "film"


def test_the_padding_of_a_tall_film_is_taken_off():
    (box,) = place_boxes((RelativeBox("", 0.5, 0.5, 1.0, 0.75),), width_px=500, height_px=1000)
    assert (box.x0, box.y0, box.x1, box.y1) == (250, 500, 500, 1000)


def test_a_stretched_image_has_no_padding_to_take_off():
    (box,) = place_boxes((RelativeBox("", 0.25, 0.5, 0.75, 1.0),), width_px=2000, height_px=1000, padded=False)
    assert (box.x0, box.y0, box.x1, box.y1) == (1000, 250, 2000, 750)


def test_a_box_is_clipped_to_the_image():
    (box,) = place_boxes((RelativeBox("", -1.0, -1.0, 0.5, 3.0),), width_px=2000, height_px=1000)
    assert (box.x0, box.y0, box.x1, box.y1) == (0, 0, 2000, 500)


def test_a_box_in_the_padding_is_left_out():
    assert place_boxes((RelativeBox("", 0.0, 0.0, 0.2, 1.0),), width_px=2000, height_px=1000) == ()
