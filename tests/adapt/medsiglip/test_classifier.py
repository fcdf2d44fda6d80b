"""The head, its losses, and what they begin with."""

import numpy as np
import pytest
import torch
from torch import nn

from osler.adapt.medsiglip.classifier import label_loss, label_weights
from osler.adapt.medsiglip.logistic import choose_strength, fit_logistic, shares_of
from osler.errors import InputError
from osler.tasks.probe import _fit, _shares, _with_one

SEVERAL = np.array([[1, 0], [1, 1], [0, 0], [0, 1], [0, 1]], np.float32)
ONE = np.eye(3, dtype=np.float32)[[0, 0, 0, 1, 2, 1]]


def test_one_label_has_torchs_weighted_cross_entropy():
    logits = torch.randn((6, 3), generator=torch.Generator().manual_seed(0))
    weights = torch.from_numpy(label_weights(ONE, are_several=False, weighted=True))
    total, weight = label_loss(logits, torch.from_numpy(ONE), weights, are_several=False)
    theirs = nn.CrossEntropyLoss(weight=weights)(logits, torch.from_numpy(ONE).argmax(dim=1))
    assert float(total) / weight == pytest.approx(float(theirs), abs=1e-6)
    assert weights.tolist() == pytest.approx([2 / 3, 1, 2])


def test_several_labels_have_torchs_binary_loss_with_positive_weights():
    logits = torch.randn((5, 2), generator=torch.Generator().manual_seed(0))
    weights = torch.from_numpy(label_weights(SEVERAL, are_several=True, weighted=True))
    total, weight = label_loss(logits, torch.from_numpy(SEVERAL), weights, are_several=True)
    theirs = nn.BCEWithLogitsLoss(pos_weight=weights)(logits, torch.from_numpy(SEVERAL))
    assert float(total) / weight == pytest.approx(float(theirs), abs=1e-6)
    assert weights.tolist() == pytest.approx([3 / 2, 2 / 3])


def test_a_loss_cut_into_parts_is_that_of_the_whole():
    logits = torch.randn((6, 3), generator=torch.Generator().manual_seed(0))
    weights, targets = torch.tensor([0.5, 1.0, 3.0]), torch.from_numpy(ONE)
    parts = [label_loss(logits[some], targets[some], weights, are_several=False) for some in (slice(2), slice(2, 6))]
    whole = label_loss(logits, targets, weights, are_several=False)
    assert sum(float(total) for total, _ in parts) / sum(weight for _, weight in parts) == pytest.approx(
        float(whole[0]) / whole[1], rel=1e-6
    )


def test_a_label_without_an_example_is_refused():
    with pytest.raises(InputError, match="1 of 2 labels have no example"):
        label_weights(np.array([[1, 0], [1, 0]], np.float32), are_several=False, weighted=True)


def vectors(count: int, width: int) -> np.ndarray:
    found = np.random.default_rng(0).standard_normal((count, width)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.mark.parametrize("count", [12, 60])
def test_the_regression_is_the_probes(count):
    places = np.arange(count) % 3
    seen = vectors(count, 24)
    ours = shares_of(seen, fit_logistic(seen, np.eye(3)[places], are_several=False, strength=10.0), are_several=False)
    examples = _with_one(seen.astype(np.float64))
    assert np.abs(ours - _shares(examples, _fit(examples, places, 3, 10.0))).max() < 1e-3


def test_labels_by_themselves_are_fitted_by_themselves():
    seen = vectors(40, 8)
    targets = np.stack([seen[:, 0] > 0, seen[:, 1] > 0.1], axis=1).astype(np.float32)
    both = fit_logistic(seen, targets, are_several=True, strength=10.0)
    alone = fit_logistic(seen, targets[:, 1:], are_several=True, strength=10.0)
    assert np.allclose(both[1], alone[0], atol=1e-3)
    right = (shares_of(seen, both, are_several=True) > 0.5) == (targets > 0)
    assert right.mean() > 0.9


def test_noise_is_held_back_more_than_what_can_be_seen():
    groups = [str(number // 2) for number in range(60)]
    seen = vectors(60, 16)
    noise = np.eye(2)[np.random.default_rng(1).integers(0, 2, 60)]
    told = np.eye(2)[(seen[:, 0] > 0).astype(int)]
    weak = choose_strength(seen, noise, groups, are_several=False)
    assert weak < choose_strength(seen, told, groups, are_several=False)
