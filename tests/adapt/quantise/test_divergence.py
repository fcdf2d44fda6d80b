"""Divergence slab by slab against the same computed at once."""

import numpy as np
import pytest
from adapt.quantise.models import tiny

from osler.adapt.quantise import divergence as module
from osler.adapt.quantise.divergence import Expectations, compare, likeliest, normal_of
from osler.adapt.quantise.encoder import BlockEncoder
from osler.adapt.quantise.exchanged import Exchanged

TEXT = tiny().config.text
PLACES = 7


def normals(seed: int) -> np.ndarray:
    hidden = np.random.default_rng(seed).standard_normal((PLACES, TEXT.width)).astype(np.float32)
    return normal_of(TEXT, tiny(), hidden) * 3


def log_probabilities(normal: np.ndarray, table: np.ndarray) -> np.ndarray:
    logits = (normal @ table.T).astype(np.float64)
    return (
        logits
        - np.log(np.exp(logits - logits.max(1, keepdims=True)).sum(1, keepdims=True))
        - logits.max(1, keepdims=True)
    )


@pytest.fixture
def small_slabs(monkeypatch):
    monkeypatch.setattr(module, "SLAB_TOKENS", 100)
    monkeypatch.setattr(module, "PLACES_AT_ONCE", 3)


def test_divergence_top_and_surprise_equal_those_of_whole_rows(small_slabs):
    table = tiny().matrix("text.embedding").dequantised()
    other = Exchanged(tiny(), {"text.embedding": "Q8_0"}, BlockEncoder())
    p, q = normals(0), normals(0) + np.float32(0.02) * normals(1)
    targets = np.array([0, 1, 99, 100, 101, 500, len(table) - 1])
    mine, theirs = compare(
        TEXT, Expectations(normal=p, numbers=tiny()), [Expectations(normal=q, numbers=other)], targets
    )
    lp, lq = log_probabilities(p, table), log_probabilities(q, other.matrix("text.embedding").dequantised())
    np.testing.assert_allclose(theirs.divergence, (np.exp(lp) * (lp - lq)).sum(1), rtol=1e-3, atol=1e-7)
    np.testing.assert_array_equal(theirs.same_top, lp.argmax(1) == lq.argmax(1))
    np.testing.assert_allclose(theirs.surprise, -lq[np.arange(PLACES), targets], rtol=1e-5)
    np.testing.assert_allclose(mine.divergence, 0, atol=1e-6)
    assert mine.same_top.all()


def test_over_some_tokens_it_is_that_of_probabilities_that_sum_to_one_over_them(small_slabs):
    table = tiny().matrix("text.embedding").dequantised()
    p, q = normals(0), normals(2)
    ids = np.arange(3, 600, 2)
    reference = Expectations(normal=p, numbers=tiny())
    _, found = compare(TEXT, reference, [Expectations(normal=q, numbers=tiny())], np.full(PLACES, 5), vocabulary=ids)
    lp, lq = log_probabilities(p, table[ids]), log_probabilities(q, table[ids])
    np.testing.assert_allclose(found.divergence, (np.exp(lp) * (lp - lq)).sum(1), rtol=1e-4)


def test_the_likeliest_tokens_are_those_of_each_place(small_slabs):
    table = tiny().matrix("text.embedding").dequantised()
    expected = np.unique(np.argsort(normals(0) @ table.T, axis=1)[:, -3:])
    np.testing.assert_array_equal(likeliest(TEXT, Expectations(normal=normals(0), numbers=tiny()), 3), expected)
