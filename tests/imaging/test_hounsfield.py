import numpy as np

from osler.imaging.hounsfield import looks_like_hounsfield


def test_a_body_in_air_is_recognised():
    assert looks_like_hounsfield(np.repeat([-1000, -990, 40, 60, 700, -3024], 100))


def test_mr_is_not():
    assert not looks_like_hounsfield(np.random.default_rng(0).gamma(2, 150, 10_000).astype(np.int32))


def test_standardised_values_are_not():
    assert not looks_like_hounsfield(np.random.default_rng(0).standard_normal(10_000).astype(np.float32))


def test_a_phase_image_is_not():
    assert not looks_like_hounsfield(np.random.default_rng(0).integers(-4096, 4096, 10_000))


def test_numbers_that_are_none_are_not():
    assert not looks_like_hounsfield(np.full(10, np.nan, np.float32))
