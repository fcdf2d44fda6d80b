"""The most probable token through a coarse output matrix, among all tokens and among those that a grammar allows."""

import numpy as np
import pytest

from osler.engine import head
from osler.engine.compilation import Compilation
from osler.engine.head import OutputHead
from osler.engine.stacked_weights import StackedWeights
from osler.testing.tiny import TinyShape, write_safetensors
from osler.weights.checkpoint import open_checkpoint

SHAPE = TinyShape()


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    """A head over a tiny vocabulary that takes the way of large ones."""
    checkpoint = open_checkpoint(write_safetensors(tmp_path_factory.mktemp("tiny"), shape=SHAPE, vision=False))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(head, "COARSE_FROM", 0)
        weights = StackedWeights(checkpoint, is_narrow=True)
        built = OutputHead(checkpoint.config.text, checkpoint, weights, Compilation(precision="bf16"))
    assert built._coarse is not None
    return built


@pytest.fixture
def hidden():
    return np.random.default_rng(0).standard_normal((20, SHAPE.width)).astype(np.float32)


def test_the_greatest_is_that_of_the_exact_matrix(output, hidden):
    exact = output.logits(hidden).copy()
    found = output.best(hidden, [None] * len(hidden)).argmax(axis=1)
    assert exact[np.arange(len(hidden)), found] == pytest.approx(exact.max(axis=1), abs=0.05)


def test_the_greatest_of_those_allowed_is_that_of_the_exact_matrix(output, hidden):
    exact = output.logits(hidden).copy()
    allowed = np.random.default_rng(1).random(exact.shape) < 0.05
    best = output.best(hidden, list(allowed))
    found = np.where(allowed, best, -np.inf).argmax(axis=1)
    expected = np.where(allowed, exact, -np.inf).max(axis=1)
    assert exact[np.arange(len(hidden)), found] == pytest.approx(expected, abs=0.05)
    assert (found != exact.argmax(axis=1)).any()
