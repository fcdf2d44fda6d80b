"""Guessed tokens: fewer steps, the same answers."""

from itertools import pairwise

import numpy as np
import pytest

from osler.engine.engine import Engine
from osler.engine.lookup import Lookup
from osler.engine.request import Request
from osler.engine.sampling import Sampling
from osler.engine.scheduler import Limits
from osler.testing.runners import PagedRunner, TableRunner, tiny_config

FEW_WORDS = tiny_config(window=48, vocabulary_size=5)


def guess(ids, room=10, most=3):
    return Lookup(most).guess(np.array(ids), room).tolist()


def test_a_guess_is_what_followed_the_last_three_tokens_when_they_came_last():
    assert guess([1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 9, 8, 7, 6, 1, 2, 3]) == [9, 8, 7]


def test_two_tokens_alike_are_not_enough():
    assert guess([1, 2, 3, 4, 5, 9, 2, 3]) == []


def test_a_guess_is_no_longer_than_there_is_room():
    assert guess([1, 2, 3, 4, 5, 6, 1, 2, 3], room=2) == [4, 5]
    assert guess([1, 2, 3, 4, 5, 6, 1, 2, 3], room=0) == []


def test_a_place_with_a_whole_guess_behind_it_goes_before_a_later_one_without():
    assert guess([7] * 8) == [7, 7, 7]
    assert guess([7] * 4) == [7]


def test_a_text_too_short_has_no_guess():
    assert guess([1]) == guess([1, 1, 1]) == []


def test_guesses_that_are_wrong_come_to_an_end_and_are_tried_again_after_a_while():
    lookup, ids = Lookup(3), np.array([1, 2, 3, 4, 1, 2, 3])
    asked = []
    for _ in range(100):
        num = len(lookup.guess(ids, 10))
        asked.append(num > 0)
        if num:
            lookup.note(0)
    assert asked[:5] == [True, True, True, True, False]
    assert 5 < sum(asked) < 20


def make(guesses, runner=None):
    runner = runner or PagedRunner(FEW_WORDS, global_blocks=20, local_blocks=20)
    return Engine(runner, stop_ids=[1], global_blocks=20, local_blocks=20, limits=Limits(guesses=guesses))


def request(seed, num_new=60, **options):
    ids = np.random.default_rng(seed).integers(2, 5, 40)
    return Request(ids=ids, sampling=Sampling(max_new_tokens=num_new, ignore_eos=seed % 2 == 0), **options)


@pytest.mark.parametrize("seed", range(12))
def test_an_answer_is_the_same_with_guesses_and_without(seed):
    guessing = make(3)
    (plain,), (guessed,) = make(0).run([request(seed)]), guessing.run([request(seed)])
    assert guessed.token_ids == plain.token_ids
    assert guessed.finish_reason == plain.finish_reason


def test_right_and_wrong_guesses_both_occur_in_what_is_tested_here():
    steps = []
    for seed in range(12):
        engine = make(3)
        (answer,) = engine.run([request(seed)])
        steps += [(len(chunk.ids), engine) for chunks in engine._runner.chunks[1:] for chunk in chunks]
        assert len(engine._runner.chunks) <= len(answer.tokens)
    assert {length for length, _ in steps} >= {1, 4}


def test_a_text_in_circles_takes_a_quarter_of_the_steps():
    circle = [2, 3, 4, 5, 6, 2]
    engine = make(3, Counting(dict(pairwise(circle))))
    (answer,) = engine.run([Request(ids=[2, 3, 4], sampling=Sampling(max_new_tokens=100))])
    assert answer.token_ids == tuple((5, 6, 2, 3, 4)[place % 5] for place in range(100))
    assert engine._runner.num_steps < 35


class Counting(TableRunner):
    num_steps = 0

    def step(self, chunks):
        self.num_steps += 1
        return super().step(chunks)


def test_a_conversation_goes_on_rightly_from_an_answer_that_was_guessed():
    for seed in range(6):
        engine = make(3)
        (first,) = engine.run([request(seed, num_new=30)])
        ids = [*request(seed).ids, *first.token_ids, 3, 2, 4]
        second = Request(ids=ids, sampling=Sampling(max_new_tokens=20))
        (going_on,), (alone,) = engine.run([second]), make(0).run([second])
        assert going_on.cached >= 40
        assert going_on.token_ids == alone.token_ids


@pytest.mark.parametrize("count", range(1, 14, 3))
def test_an_interrupted_answer_is_gone_on_with_as_if_nothing_had_been(count):
    class Interrupted(PagedRunner):
        left = count

        def step(self, chunks):
            logits = super().step(chunks)
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
            return logits

    engine = make(3, Interrupted(FEW_WORDS, global_blocks=20, local_blocks=20))
    sequence = engine.add(request(2))
    with pytest.raises(KeyboardInterrupt):
        while engine.step():
            pass
    while engine.step():
        pass
    assert sequence.token_ids == make(0).run([request(2)])[0].token_ids


def test_nothing_is_guessed_beside_others_or_where_it_is_not_wanted_or_drawn():
    engine = make(3)
    engine.run([request(1, num_new=20), request(3, num_new=20)])
    engine.run([request(5, may_guess=False)])
    engine.run([Request(ids=[2] * 20, sampling=Sampling(max_new_tokens=20, temperature=1.0, seed=1))])
    engine.run([Request(ids=[2] * 20, sampling=Sampling(max_new_tokens=20, logprobs=True))])
    assert all(chunk.num_logits <= 1 for chunks in engine._runner.chunks for chunk in chunks if len(chunks) > 1)
    assert all(chunk.num_logits <= 1 for chunks in engine._runner.chunks[-40:] for chunk in chunks)
