import numpy as np
import pytest

from osler.errors import InputError
from osler.tasks.brightness import brightness_of
from osler.tasks.study_options import StudyOptions
from osler.testing.volumes import make_volume

PLAIN = StudyOptions()
HU = np.array([[[-1225, -1024, -135, 0, 40, 80, 215, 1024]]], np.int32)
MR = np.array([[[0, 100]], [[50, 200]]], np.int32)


def levels(volume, options=PLAIN, recipe="1.5") -> list:
    return brightness_of(volume, options, recipe).develop(volume.read_slice(0))[0].T.tolist()


def test_ct_has_the_three_windows_of_1_5():
    assert levels(make_volume(HU, modality="CT")) == [
        [0, 0, 111, 128, 132, 137, 154, 255],
        [0, 0, 0, 98, 128, 157, 255, 255],
        [0, 0, 0, 0, 128, 255, 255, 255],
    ]


def test_ct_of_the_first_version_has_a_wider_red_window():
    assert levels(make_volume(HU, modality="CT"), recipe="1")[0] == [0, 23, 124, 139, 143, 148, 163, 255]


def test_mr_is_stretched_over_the_whole_volume_not_the_slice():
    volume = make_volume(MR)
    assert levels(volume) == [[0, 128]] * 3
    chosen = brightness_of(volume, PLAIN, "1.5")
    assert (chosen.windows, chosen.whole_volume) == (((0.0, 200.0),), True)
    assert chosen.step == "MR: lowest 0 to highest 200 of the whole volume over 0 to 255"


def test_a_window_takes_the_place_of_any_other():
    options = StudyOptions(window=(50, 100))
    volume = make_volume(MR)
    assert levels(volume, options) == [[0, 255]] * 3
    assert volume.read_slice.read == [0]
    assert levels(make_volume(HU, modality="CT"), options)[1] == [0, 0, 0, 0, 102, 204, 255, 255]


def test_a_volume_of_one_value_is_white_as_in_the_container():
    assert levels(make_volume(np.full((1, 1, 2), 7, np.int32))) == [[255, 255]] * 3


def test_values_that_are_no_numbers_are_black_and_counted():
    values = np.array([[[np.nan, 1.0, np.inf, 3.0]]], np.float32)
    assert levels(make_volume(values))[0] == [0, 0, 255, 255]
    assert brightness_of(make_volume(values), PLAIN, "1.5").notes == (
        "2 values that are not finite numbers are shown black",
    )


def test_a_volume_without_any_number_is_refused():
    with pytest.raises(InputError, match="finite"):
        brightness_of(make_volume(np.full((2, 2, 2), np.nan, np.float32)), PLAIN, "1.5")


def body() -> np.ndarray:
    """Half air, half soft tissue."""
    values = np.full((20, 32, 32), -1000, np.int32)
    values[:, 8:24, :] = 50
    return values


def test_a_volume_that_looks_like_ct_is_shown_as_ct_and_that_is_said():
    chosen = brightness_of(make_volume(body(), modality=""), PLAIN, "1.5")
    assert (chosen.modality, len(chosen.windows)) == ("CT", 3)
    assert "look like Hounsfield units" in chosen.notes[0] and "--modality" in chosen.notes[0]


def test_a_volume_that_looks_like_none_is_shown_as_mr_and_that_is_said():
    chosen = brightness_of(make_volume(MR, modality=""), PLAIN, "1.5")
    assert (chosen.modality, chosen.windows) == ("", ((0.0, 200.0),))
    assert "as for MR" in chosen.notes[0]


def test_a_person_s_word_goes_before_looks_and_before_the_file():
    assert len(brightness_of(make_volume(MR, modality=""), StudyOptions(modality="CT"), "1.5").windows) == 3
    assert len(brightness_of(make_volume(body(), modality=""), StudyOptions(modality="MR"), "1.5").windows) == 1
    assert brightness_of(make_volume(MR, modality=""), StudyOptions(modality="CT"), "1.5").notes == ()
