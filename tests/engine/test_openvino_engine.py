"""The engine over the real decoder, tiny and random."""

import numpy as np
import pytest

from osler.engine.compilation import Compilation
from osler.engine.engine import Engine
from osler.engine.request import Request
from osler.engine.runner import OpenVinoRunner
from osler.engine.sampling import Sampling
from osler.engine.scheduler import Limits
from osler.testing.tiny import TinyShape, write_safetensors
from osler.weights.checkpoint import open_checkpoint

NUM_BLOCKS = 40
SMALL_STEPS = Limits(sequences=3, prefill_tokens=45, mixed_tokens=23, logit_rows=7)


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    folder = write_safetensors(tmp_path_factory.mktemp("tiny"), shape=TinyShape(window=48), vision=False)
    checkpoint = open_checkpoint(folder)
    return OpenVinoRunner(
        checkpoint.config.text,
        checkpoint,
        compilation=Compilation(precision="f32"),
        global_blocks=NUM_BLOCKS,
        local_blocks=NUM_BLOCKS,
    )


def engine(runner, limits=None):
    return Engine(runner, stop_ids=[1], global_blocks=NUM_BLOCKS, local_blocks=NUM_BLOCKS, limits=limits)


def request(runner, number, length, images=(), num_new=20):
    rng = np.random.default_rng(number)
    width = runner.config.width
    vectors = tuple((at, rng.standard_normal((size, width)).astype(np.float32)) for at, size in images)
    sampling = Sampling(max_new_tokens=num_new, logprobs=True, ignore_eos=True)
    return Request(ids=rng.integers(3, runner.config.vocabulary_size, length), images=vectors, sampling=sampling)


@pytest.fixture(scope="module")
def requests(runner):
    return [
        request(runner, 1, 5, num_new=70),
        request(runner, 2, 200, images=[(20, 30), (100, 12)]),
        request(runner, 3, 90),
        request(runner, 4, 64, images=[(1, 47)]),
    ]


@pytest.fixture(scope="module")
def alone(runner, requests):
    return [engine(runner).run([asked])[0] for asked in requests]


def test_requests_run_together_answer_as_they_do_alone(runner, requests, alone):
    together = engine(runner, SMALL_STEPS).run(requests)
    for one, other in zip(alone, together, strict=True):
        assert one.token_ids == other.token_ids
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-4)


def test_scores_are_the_log_probabilities_that_generating_gave(runner, requests, alone):
    for asked, answer in zip(requests, alone, strict=True):
        whole = [*asked.ids, *answer.token_ids]
        scores = engine(runner, SMALL_STEPS).score(whole, asked.images, start=len(asked.ids))
        assert scores == pytest.approx(answer.logprobs, abs=1e-4)


def test_requests_that_begin_as_others_did_answer_as_they_do_alone(runner, requests, alone):
    busy = engine(runner, SMALL_STEPS)
    busy.run(requests)
    again = busy.run(requests)
    for one, other in zip(alone, again, strict=True):
        assert one.token_ids == other.token_ids
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-4)
    assert [sequence.cached for sequence in again] == [0, 112, 0, 48]


def test_a_conversation_goes_on_as_if_it_were_computed_whole(runner, requests):
    first = requests[1]
    busy = engine(runner)
    (answer,) = busy.run([first])
    ids = [*first.ids, *answer.token_ids, *requests[2].ids]
    second = Request(ids=ids, images=first.images, sampling=first.sampling)
    (going_on,), (whole,) = busy.run([second]), engine(runner).run([second])
    assert (going_on.cached, whole.cached) == (219, 0)
    assert going_on.token_ids == whole.token_ids
    assert going_on.logprobs == pytest.approx(whole.logprobs, abs=1e-4)
