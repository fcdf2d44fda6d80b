import itertools

import pytest

from osler.imaging.sample import equidistant, official


def test_short_volumes_are_taken_whole():
    assert official(85, 85) == equidistant(85, 85) == tuple(range(85))


def test_the_official_formula_skips_the_first_slice_and_ends_with_the_last():
    assert official(300, 85)[:3] == (4, 7, 11)  # 299 / 85 = 3.5176…: 3.52, 7.04, 10.55
    assert official(300, 85)[-1] == 299


@pytest.mark.parametrize("num_slices", [86, 87, 128, 171, 300, 1001])
def test_the_official_formula_is_that_of_the_notebook(num_slices):
    assert official(num_slices, 85) == tuple(round(i / 85 * (num_slices - 1)) for i in range(1, 86))


def test_equidistant_slices_reach_both_ends():
    picked = equidistant(300, 85)
    assert (picked[0], picked[-1], len(set(picked))) == (0, 299, 85)
    gaps = {second - first for first, second in itertools.pairwise(picked)}
    assert gaps == {3, 4}


def test_one_equidistant_slice_is_the_middle_one():
    assert equidistant(9, 1) == (4,)
