"""The rule that keeps an answer from going round in circles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.engine.repeats import STRONGEST, Repeats
from osler.engine.sampler import Sampler
from osler.engine.sampling import Sampling
from osler.tasks.report import AGAINST_CIRCLES

END = 9


def penalties(ids, *, multiplier=1.0, base=2.0, allowed_length=2, allowed_times=1) -> dict[int, float]:
    repeats = Repeats(multiplier=multiplier, base=base, allowed_length=allowed_length, allowed_times=allowed_times)
    for token in ids:
        repeats.note(token)
    tokens, amounts = repeats.penalties()
    return dict(zip(tokens.tolist(), amounts.tolist(), strict=True))


def by_definition(ids, allowed_length) -> dict[int, float]:
    """Every earlier place is held against the end, token by token."""
    found: dict[int, float] = {}
    for place in range(len(ids) - 1):
        run = 0
        while run <= place and ids[place - run] == ids[len(ids) - 1 - run]:
            run += 1
        if run >= allowed_length:
            found[ids[place + 1]] = max(found.get(ids[place + 1], 0.0), 2.0 ** (run - allowed_length))
    return found


def circling(length: int, **options) -> list[int]:
    """What a model writes that always wants to go on with 0 1 2 0 1 2 …, and has an end as its second choice."""
    sampler = Sampler(Sampling(**options), np.zeros(1, np.int32))
    written: list[int] = []
    for number in range(length):
        logits = np.zeros(10, np.float32)
        logits[number % 3], logits[END] = 20, 10
        written.append(sampler.choose(logits).token)
        if written[-1] == END:
            break
    return written


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=90), st.integers(1, 5))
def test_penalties_are_those_of_the_definition(ids, allowed_length):
    assert penalties(ids, allowed_length=allowed_length) == by_definition(ids, allowed_length)


def test_a_run_of_the_allowed_length_costs_nothing_and_each_token_more_doubles_the_cost():
    assert penalties([1, 2, 3, 4, 5, 0, 1]) == {}
    assert penalties([1, 2, 3, 4, 5, 0, 1, 2]) == {3: 1.0}
    assert penalties([1, 2, 3, 4, 5, 0, 1, 2, 3]) == {4: 2.0}


def test_a_run_may_stand_as_often_as_is_allowed():
    twice = [1, 2, 3, 8, 1, 2, 3, 9]
    assert penalties([*twice[:4], 1, 2], allowed_times=2) == {}
    assert penalties([*twice, 1, 2], allowed_times=2) == {3: 1.0}
    assert penalties([*twice, 1, 2], allowed_times=3) == {}


def test_no_penalty_is_too_large_for_a_number():
    assert penalties([7] * 3000, base=10.0)[7] == STRONGEST


def test_a_greedy_answer_that_goes_in_circles_comes_to_its_end():
    assert END not in circling(200)
    written = circling(200, dry_multiplier=0.8, dry_allowed_length=12)
    assert written[-1] == END
    assert len(written) < 25


def test_an_answer_without_long_repetitions_is_left_as_it_is():
    assert circling(12, dry_multiplier=0.8, dry_allowed_length=12) == circling(12)


def test_a_report_that_goes_in_circles_says_a_thing_twice_and_comes_to_its_end():
    written = circling(200, **AGAINST_CIRCLES)
    assert written[-1] == END
    assert len(written) < 25


def test_the_prompt_is_not_looked_at():
    sampler = Sampler(Sampling(dry_multiplier=100.0, dry_allowed_length=1), np.array([0, 1, 0, 1, 0], np.int32))
    assert sampler.choose(np.array([0, 5], np.float32)).token == 1


@pytest.mark.parametrize(
    ("name", "value"), [("dry_multiplier", -1), ("dry_base", 0.5), ("dry_allowed_length", 0), ("dry_allowed_times", 0)]
)
def test_numbers_that_make_no_sense_are_refused(name, value):
    with pytest.raises(Exception, match=name):
        Sampling(**{name: value})
