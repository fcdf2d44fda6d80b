"""The head that a tuned MedSigLIP carries."""

import json

import numpy as np
import pytest

from osler.errors import InputError, WeightsError
from osler.tasks.medsiglip import load_medsiglip
from osler.tasks.tuned_head import HEAD_FILE, TunedHead, read_head
from osler.testing.tiny_medsiglip import write_medsiglip

WEIGHTS = np.random.default_rng(0).standard_normal((2, 5)).astype(np.float32)


def head(kind: str = "one") -> TunedHead:
    return TunedHead(labels=("a", "b"), kind=kind, weights=WEIGHTS, score={"after": {}})


def test_a_head_is_read_as_it_was_written(tmp_path):
    (tmp_path / HEAD_FILE).write_bytes(head().to_bytes())
    found = read_head(tmp_path, 4)
    assert found.labels == ("a", "b") and found.kind == "one" and np.array_equal(found.weights, WEIGHTS)


def test_one_label_has_shares_and_several_have_each_their_own():
    vectors = np.eye(4, dtype=np.float32)[:3]
    assert np.allclose(head("one").probabilities(vectors).sum(axis=1), 1)
    logits = vectors @ WEIGHTS[:, :4].T + WEIGHTS[:, 4]
    assert np.allclose(head("several").probabilities(vectors), 1 / (1 + np.exp(-logits)))


def test_a_folder_without_a_head_has_none(tmp_path):
    assert read_head(tmp_path, 4) is None


@pytest.mark.parametrize("change", [{"weights": [[1, 2]]}, {"kind": "some"}, {"layout": 2}, {"labels": ["a"]}])
def test_a_head_that_does_not_fit_is_refused(tmp_path, change):
    told = {**json.loads(head().to_bytes()), **change}
    (tmp_path / HEAD_FILE).write_text(json.dumps(told))
    with pytest.raises(WeightsError, match="cannot use"):
        read_head(tmp_path, 4)


def test_a_damaged_head_is_refused(tmp_path):
    (tmp_path / HEAD_FILE).write_bytes(head().to_bytes()[:50])
    with pytest.raises(WeightsError, match="no head of Osler's"):
        read_head(tmp_path, 4)


def test_a_model_without_a_head_needs_labels(tmp_path):
    medsiglip = load_medsiglip(write_medsiglip(tmp_path), precision="f32", threads=1)
    assert medsiglip.head is None
    with pytest.raises(InputError, match="expected a list of labels"):
        medsiglip.classify(np.zeros((8, 8, 3), np.uint8))
