"""The curve of few examples, on vectors of the tiny model."""

from itertools import pairwise

import numpy as np
import pytest

from osler.adapt.medsiglip.curve import CurveOptions, compute_curve, over_seeds, write_curve
from osler.adapt.medsiglip.learners import LEARNERS
from osler.adapt.medsiglip.read import Wanted
from osler.adapt.medsiglip.shots import draw_examples, sizes_up_to
from osler.errors import InputError, OptionError
from osler.tasks.medsiglip import load_medsiglip

ONE = np.eye(2)[[0] * 10 + [1] * 6]
GROUPS = [str(number // 2) for number in range(16)]


def test_a_larger_draw_holds_the_smaller_ones_of_its_seed():
    draws = [set(draw_examples(ONE, GROUPS, size, 3).tolist()) for size in (1, 2, 4, 8)]
    assert [len(draw) for draw in draws] == [2, 4, 8, 14]
    assert all(one < other for one, other in pairwise(draws))


def test_other_patients_come_before_a_patients_second_picture():
    for seed in range(5):
        assert len({GROUPS[place] for place in draw_examples(ONE, GROUPS, 3, seed)}) == 6


def test_where_several_labels_may_hold_examples_of_none_are_drawn_too():
    targets = np.array([[1, 0], [1, 1], [0, 0], [0, 0], [0, 1]])
    drawn = draw_examples(targets, list("abcde"), 1, 0)
    assert (targets[drawn].sum(axis=1) == 0).sum() == 1 and (targets[drawn].sum(axis=0) >= 1).all()


def test_sizes_double_up_to_all():
    assert sizes_up_to(ONE) == [1, 2, 4, 8, 10]


@pytest.mark.parametrize("learner", list(LEARNERS))
def test_both_learners_tell_what_can_be_seen_and_nothing_else(learner):
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((80, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    targets = np.eye(2)[(vectors[:, 0] > 0).astype(int)]
    groups = [str(number) for number in range(60)]

    def right(wanted: np.ndarray) -> float:
        found = LEARNERS[learner](vectors[:60], wanted[:60], groups, vectors[60:], are_several=False, seed=0)
        return float((found.argmax(axis=1) == wanted[60:].argmax(axis=1)).mean())

    assert right(targets) >= 0.85
    assert right(np.eye(2)[rng.integers(0, 2, 80)]) < 0.75


def test_the_interval_holds_what_seeds_and_patients_bring():
    same, other = np.full((3, 400), 0.8), np.full((3, 400), 0.8) + np.array([[-0.1], [0], [0.1]])
    assert over_seeds(same) == pytest.approx((0.8, 0.8, 0.8))
    found = over_seeds(other)
    assert found.value == pytest.approx(0.8) and found.low < 0.75 and found.high > 0.85


@pytest.fixture(scope="module")
def curve(films, weights, tmp_path_factory):
    out = tmp_path_factory.mktemp("curve")
    options = CurveOptions(data=films, out=out, wanted=Wanted(labels=True), sizes=(1, 8), seeds=1)
    medsiglip = load_medsiglip(weights, precision="f32", threads=1)
    return compute_curve(medsiglip, options), options


def test_more_examples_do_better_than_chance(curve):
    found = curve[0]
    best = {point.learner: point for point in found.points if point.size == 8}
    assert best["logistic"].figures["accuracy"]["value"] > 0.8
    assert best["logistic"].figures["auroc"]["low"] > 0.8
    assert found.zero_shot["accuracy"]["value"] < 0.6
    assert [point.num_examples for point in found.points] == [4, 32, 4, 32]
    assert found.grouped_by == {"folder": 96} and found.counts["held out"] >= 20


def test_what_is_computed_is_not_computed_again(curve, weights, monkeypatch):
    found, options = curve
    medsiglip = load_medsiglip(weights, precision="f32", threads=1)
    monkeypatch.setattr(type(medsiglip), "vector_of", None)
    monkeypatch.setattr("osler.adapt.medsiglip.curve.LEARNERS", dict.fromkeys(LEARNERS))
    assert compute_curve(medsiglip, options).to_dict() == found.to_dict()


def test_the_curve_is_written_as_numbers_and_as_a_picture(curve, tmp_path):
    numbers, picture = write_curve(curve[0], tmp_path)
    assert numbers.stat().st_size > 1000 and picture.read_bytes().startswith(b"\x89PNG")
    assert not list(tmp_path.glob("*.part"))


def test_a_label_that_one_patient_has_cannot_be_measured(films, weights, tmp_path):
    rows = [f"{films}/nodule/n{number}/{2 * number}.png,common,{number}" for number in range(8)]
    rows.append(f"{films}/effusion/e0/0.png,rare,9")
    (tmp_path / "rows.csv").write_text("\n".join(["file,label,patient", *rows]))
    options = CurveOptions(data=tmp_path / "rows.csv", out=tmp_path / "out", wanted=Wanted(labels=True))
    with pytest.raises(InputError, match="1 of 2 labels have no example, first `rare`"):
        compute_curve(load_medsiglip(weights, precision="f32", threads=1), options)


def test_a_share_that_leaves_nothing_is_refused(films, tmp_path):
    with pytest.raises(OptionError, match="a share between 0 and 1"):
        CurveOptions(data=films, out=tmp_path, wanted=Wanted(labels=True), held_out=1.0)
