"""Figures with intervals from patients drawn again."""

import numpy as np
import pytest

from osler.adapt.medsiglip.resampling import accuracies, aurocs, drawn_weights, interval_of, macro_aurocs
from osler.tasks.probe import area_under_curve


def test_areas_are_the_probes_with_ties():
    rng = np.random.default_rng(0)
    scores, positive = rng.integers(0, 6, 50).astype(float), rng.random(50) < 0.4
    assert aurocs(scores, positive, np.ones((1, 50)))[0] == pytest.approx(area_under_curve(scores, positive))


def test_a_weight_of_two_is_the_picture_twice():
    rng = np.random.default_rng(1)
    scores, positive, times = rng.random(20), rng.random(20) < 0.5, rng.integers(0, 3, 20)
    twice = np.repeat(np.arange(20), times)
    assert aurocs(scores, positive, times[None])[0] == pytest.approx(area_under_curve(scores[twice], positive[twice]))
    assert accuracies(positive.astype(float), times[None])[0] == pytest.approx(positive[twice].mean())


def test_all_pictures_of_a_patient_are_drawn_together():
    weights = drawn_weights(["a", "b", "a", "c"], 0, resamples=50)
    assert (weights[0] == 1).all() and (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()


def test_a_label_that_nobody_held_out_has_is_left_out():
    scores, targets = np.array([[0.2, 0.1], [0.9, 0.3]]), np.array([[0, 0], [1, 0]])
    assert macro_aurocs(scores, targets, np.ones((1, 2))).tolist() == [1.0]
    assert interval_of(macro_aurocs(scores[:, 1:], targets[:, 1:], np.ones((1, 2)))).value is None


def test_the_interval_of_single_pictures_is_that_of_a_share():
    rng = np.random.default_rng(0)
    right = (rng.random(200) < 0.7).astype(float)
    found = interval_of(accuracies(right, drawn_weights([str(number) for number in range(200)], 0)))
    assert found.low < found.value < found.high
    assert found.high - found.low == pytest.approx(2 * 1.96 * (right.std() / 200**0.5), rel=0.1)
