import numpy as np
import pytest

from osler.imaging.rescale import (
    hounsfield,
    modality_values,
    reduce_depth,
    rescaled_range,
    stretch_film,
    stretch_slice,
)


def test_rescale_multiplies_then_adds():
    stored = np.array([[0, 100], [200, 4095]], np.uint16)
    assert modality_values(stored, 2.0, -1024.0).tolist() == [[-1024.0, -824.0], [-624.0, 7166.0]]


def test_hounsfield_units_are_rounded_to_even_whole_numbers():
    hu = hounsfield(np.array([[1, 3, 5]], np.int16), 0.5, -1024.0)
    assert hu.dtype == np.int32
    assert hu.tolist() == [[-1024, -1022, -1022]]  # -1023.5, -1022.5, -1021.5


def test_unsigned_values_with_a_negative_intercept_do_not_wrap():
    assert hounsfield(np.array([[0]], np.uint16), 1.0, -1024.0).tolist() == [[-1024]]


def test_a_film_s_whole_range_is_laid_over_all_levels():
    film = stretch_film(np.array([[100, 2148, 4195]], np.uint16))
    assert film.dtype == np.uint8
    assert film.tolist() == [[0, 128, 255]]  # 2148: floor(2048 / 4095 * 65535) = 32775, / 257 = 127.53


def test_a_film_is_cut_to_16_bits_before_it_is_rounded_to_8():
    """3 of 510 is 385.5 of 65,535: cut to 385, which is 1.498 of 255. Rounding 1.5 in one step would make 2."""
    assert stretch_film(np.array([[0, 1, 3, 510]], np.uint16)).tolist() == [[0, 0, 1, 255]]


def test_an_inverted_film_is_its_negative():
    values = np.array([[0, 3, 510]], np.uint16)
    assert stretch_film(values, inverted=True).tolist() == [[255, 254, 0]]


def test_inverting_in_16_bits_as_the_container_does_gives_the_same_levels():
    wide = np.arange(65_536)
    assert np.array_equal(np.round((65_535 - wide) / 257), 255 - np.round(wide / 257))


@pytest.mark.parametrize("kind", [np.int16, np.int32, np.float64, np.uint16])
def test_shifting_a_film_s_values_changes_nothing(kind):
    base = np.array([[0, 17, 400], [1000, 4000, 4095]])
    shift = 0 if np.dtype(kind).kind == "u" else -2000
    assert np.array_equal(stretch_film((base + shift).astype(kind)), stretch_film(base.astype(np.uint16)))


def test_a_film_of_one_value_is_white_and_inverted_black():
    flat = np.full((2, 2), 700, np.uint16)
    assert (stretch_film(flat) == 255).all()
    assert (stretch_film(flat, inverted=True) == 0).all()


def test_a_tall_film_is_treated_the_same_in_every_band():
    column = np.repeat(np.arange(1000, dtype=np.uint16)[:, None], 2, axis=1)
    film = stretch_film(column)
    assert (np.diff(film[:, 0].astype(int)) >= 0).all()
    assert (film[0, 0], film[-1, 0]) == (0, 255)


def test_a_slice_is_stretched_between_the_given_values_and_rounded():
    assert stretch_slice(np.array([[10, 60, 110]], np.int16), 10, 110).tolist() == [[0, 128, 255]]  # 127.5 to even


def test_a_slice_of_a_flat_volume_is_white():
    assert (stretch_slice(np.zeros((2, 2)), 0, 0) == 255).all()


def test_a_rescaled_film_is_that_of_its_rescaled_values():
    stored = np.random.default_rng(0).integers(0, 4096, (600, 3)).astype(np.uint16)
    by_hand = stretch_film(modality_values(stored, -0.37, 12.5))
    assert np.array_equal(stretch_film(stored, slope=-0.37, intercept=12.5), by_hand)


def test_the_range_of_rescaled_values_is_in_order_for_negative_slopes():
    assert rescaled_range(np.array([[1, 5]], np.uint8), -2.0, 1.0) == (-9.0, -1.0)


def test_hounsfield_units_beyond_int32_are_cut_to_its_ends():
    assert hounsfield(np.array([[1, 0]], np.uint16), 1e12, 0.0).tolist() == [[2**31 - 1, 0]]


def test_the_highest_level_of_deep_colour_becomes_255():
    colour = np.array([[[0, 2048, 4095]]], np.uint16)
    assert reduce_depth(colour, 12).tolist() == [[[0, 128, 255]]]
