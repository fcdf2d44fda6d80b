"""Any order of adding, stepping and cancelling: no image is split, no block is lost or shared, no answer changes."""

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.engine.engine import Engine
from osler.engine.request import Request
from osler.engine.sampling import Sampling
from osler.engine.scheduler import Limits
from osler.testing.runners import PagedRunner, tiny_config

CONFIG = tiny_config(window=48)


@st.composite
def shapes(draw):
    """(lengths of text and image by turns, new tokens or the share of the prompt before the scored part)."""
    images = draw(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), max_size=2))
    return tuple(images), draw(st.integers(2, 60)), draw(st.integers(1, 30)), draw(st.sampled_from([None, None, 0.4]))


@lru_cache(maxsize=512)
def request(shape, number):
    images, tail, num_new, scored = shape
    rng = np.random.default_rng(number)
    vectors, length = [], 0
    for text, width in images:
        vectors.append((length + text, rng.standard_normal((width, CONFIG.width)).astype(np.float32)))
        length += text + width
    length += tail
    sampling = Sampling(max_new_tokens=num_new, logprobs=True, temperature=0.8 * (number % 2), seed=number)
    start = None if scored is None else max(1, int(scored * length))
    return Request(ids=rng.integers(2, 64, length), images=tuple(vectors), sampling=sampling, score_from=start)


def engine(limits=None, num_blocks=60):
    runner = PagedRunner(CONFIG, global_blocks=num_blocks, local_blocks=num_blocks)
    return Engine(runner, stop_ids=[1], global_blocks=num_blocks, local_blocks=num_blocks, limits=limits)


@lru_cache(maxsize=512)
def answer_alone(shape, number):
    sequence = engine().run([request(shape, number)])[0]
    return sequence.token_ids, numbers(sequence)


def numbers(sequence):
    return sequence.scores if sequence.scores is not None else sequence.logprobs


def check_chunks(chunks, held):
    """What must hold of every step, whatever the schedule; `held` are the requests by the address of their images."""
    for chunk in chunks:
        stop = chunk.past + len(chunk.ids)
        assert chunk.local_start % 32 == 0
        assert chunk.local_start <= max(0, chunk.past - CONFIG.window + 1) < chunk.local_start + 32
        assert len(chunk.global_blocks) == -(-stop // 32)
        assert len(chunk.local_blocks) == -(-(stop - chunk.local_start) // 32)
        for at, image in chunk.images:
            assert at >= 0 and at + len(image) <= len(chunk.ids)
            assert held[id(image)] == chunk.past + at
    for tables in ([chunk.global_blocks for chunk in chunks], [chunk.local_blocks for chunk in chunks]):
        used = np.concatenate(tables)
        assert len(set(used.tolist())) == len(used)


@settings(max_examples=40, deadline=None)
@given(
    wanted=st.lists(shapes(), min_size=1, max_size=6),
    sequences=st.integers(1, 4),
    mixed=st.integers(5, 40),
    more=st.integers(0, 60),
    rows=st.integers(1, 12),
    num_blocks=st.integers(9, 20),
    actions=st.lists(st.integers(0, 9), max_size=60),
)
def test_any_schedule_keeps_every_promise(wanted, sequences, mixed, more, rows, num_blocks, actions):
    limits = Limits(sequences=sequences, mixed_tokens=mixed, prefill_tokens=mixed + more, logit_rows=rows)
    busy = engine(limits, num_blocks)
    requests = [request(shape, number) for number, shape in enumerate(wanted)]
    held = {id(image): at for asked in requests for at, image in asked.images}
    added = []
    for action in [*actions, *[0] * len(requests)]:
        if action < 3 and len(added) < len(requests):
            added.append(busy.add(requests[len(added)]))
        elif action == 9 and added:
            busy.cancel(added[len(actions) % len(added)])
        else:
            busy.step()
    while busy.step():
        pass
    for chunks in busy._runner.chunks:
        check_chunks(chunks, held)
    busy.forget()
    assert busy._scheduler.holdings.global_pool.num_free == num_blocks
    assert busy._scheduler.holdings.local_pool.num_free == num_blocks
    for number, sequence in enumerate(added):
        check_answer(sequence, *answer_alone(wanted[number], number))


def check_answer(sequence, token_ids, expected):
    """All of the answer, or of a cancelled one as much as there is."""
    assert sequence.is_done
    if sequence.finish_reason != "cancelled":
        assert sequence.token_ids == token_ids
        assert numbers(sequence) == pytest.approx(expected, abs=1e-5, nan_ok=True)
    else:
        assert sequence.token_ids == token_ids[: len(sequence.tokens)]
