"""Choosing tokens from rows of logits, against the definitions written out plainly."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.engine.sampler import Sampler, candidates, log_probability, log_sum_exp
from osler.engine.sampling import Sampling
from osler.errors import WeightsError

NO_PROMPT = np.array([0], np.int32)


def choose(logits, *, prompt=NO_PROMPT, allowed=None, **options):
    return Sampler(Sampling(**options), np.asarray(prompt)).choose(np.array(logits, np.float32), allowed)


def drawn(logits, num=400, **options):
    """The tokens that turn up in many draws."""
    sampler = Sampler(Sampling(temperature=options.pop("temperature", 1.0), seed=0, **options), NO_PROMPT)
    row = np.array(logits, np.float32)
    return {sampler.choose(row).token for _ in range(num)}


def probabilities(logits, temperature=1.0):
    scaled = np.array(logits, np.float64) / temperature
    weights = np.exp(scaled - scaled.max())
    return weights / weights.sum()


def candidates_by_definition(logits, temperature, top_k, top_p, min_p):
    """Sort everything, then cut, as the docstring of Sampling says."""
    shares = probabilities(logits, temperature)
    order = sorted(range(len(shares)), key=lambda token: (-logits[token], token))
    order = order[:top_k] if top_k else order
    total, kept, mass = sum(shares[token] for token in order), [], 0.0
    for token in order:
        if mass < top_p * total or top_p == 1:
            kept.append(token)
        mass += shares[token]
    return {token for token in kept if shares[token] >= min_p * shares.max()}


def test_greedy_takes_the_highest():
    assert choose([0, 3, 1]).token == 1


def test_greedy_takes_the_lowest_id_of_equals():
    assert choose([0, 3, 1, 3]).token == 1


def test_greedy_needs_no_other_option():
    assert choose([0, 3, 1], top_k=1, top_p=0.1, min_p=1.0).token == 1


def test_draws_follow_the_softmax_at_the_temperature():
    logits, temperature, num = [0.0, 1.0, 2.0, -1.0], 0.7, 20_000
    sampler = Sampler(Sampling(temperature=temperature, seed=3), NO_PROMPT)
    row = np.array(logits, np.float32)
    counts = np.bincount([sampler.choose(row).token for _ in range(num)], minlength=4)
    assert counts / num == pytest.approx(probabilities(logits, temperature), abs=4 * math.sqrt(0.25 / num))


def test_draws_over_a_large_vocabulary_follow_the_softmax():
    rng = np.random.default_rng(1)
    logits = rng.standard_normal(5000).astype(np.float32)
    sampler = Sampler(Sampling(temperature=1.0, seed=3), NO_PROMPT)
    tokens = np.array([sampler.choose(logits).token for _ in range(8000)])
    expected = np.add.reduceat(probabilities(logits), np.arange(0, 5000, 500))
    assert np.bincount(tokens // 500, minlength=10) / 8000 == pytest.approx(expected, abs=4 * math.sqrt(0.1 / 8000))


def test_a_seed_makes_draws_repeat_and_another_changes_them():
    logits = np.zeros(1000, np.float32)

    def tokens(seed):
        sampler = Sampler(Sampling(temperature=1.0, seed=seed), NO_PROMPT)
        return [sampler.choose(logits).token for _ in range(20)]

    assert tokens(7) == tokens(7)
    assert tokens(7) != tokens(8)


def test_without_a_seed_draws_differ():
    logits = np.zeros(100_000, np.float32)
    first, second = (
        [sampler.choose(logits).token for _ in range(5)]
        for sampler in (Sampler(Sampling(temperature=1.0), NO_PROMPT) for _ in range(2))
    )
    assert first != second


def test_top_k_keeps_the_lowest_ids_of_equals():
    assert drawn([1, 0, 1, 1, 1], top_k=2) == {0, 2}


def test_top_p_keeps_the_token_that_reaches_it():
    logits = np.log([0.5, 0.3, 0.15, 0.05])
    assert drawn(logits, top_p=0.7) == {0, 1}
    assert drawn(logits, top_p=0.81) == {0, 1, 2}


def test_top_p_keeps_one_token_at_least():
    assert drawn([0.0, 5.0, 0.0], top_p=1e-6) == {1}


def test_top_p_counts_what_top_k_left():
    assert drawn(np.log([0.4, 0.3, 0.2, 0.1]), top_k=2, top_p=0.55) == {0}
    assert drawn(np.log([0.4, 0.3, 0.2, 0.1]), top_k=2, top_p=0.6) == {0, 1}


def test_min_p_compares_with_the_most_probable():
    assert drawn(np.log([0.5, 0.3, 0.15, 0.05]), min_p=0.25) == {0, 1, 2}


def test_temperature_comes_before_the_cuts():
    logits = np.log([0.6, 0.3, 0.1])
    assert drawn(logits, top_p=0.59) == {0}
    assert drawn(logits, top_p=0.59, temperature=4.0) == {0, 1}


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    size=st.sampled_from([5, 200, 20_000]),
    temperature=st.sampled_from([0.3, 1.0, 3.0]),
    top_k=st.sampled_from([0, 1, 3, 50, 3000]),
    top_p=st.sampled_from([1.0, 0.99, 0.9, 0.3]),
    min_p=st.sampled_from([0.0, 0.02, 0.5]),
)
def test_candidates_are_those_of_the_definition(seed, size, temperature, top_k, top_p, min_p):
    logits = np.random.default_rng(seed).standard_normal(size).astype(np.float32) * 3
    logits = np.round(logits, 1) if seed % 2 else logits  # every other time many are equal
    sampling = Sampling(temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p)
    kept = candidates((logits - logits.max()) / np.float32(temperature), sampling)
    kept = set(range(size)) if kept is None else set(kept.tolist())
    expected = candidates_by_definition(logits, temperature, top_k, top_p, min_p)
    assert len(kept ^ expected) <= 1 + len(expected) // 1000, "only rounding of a border may differ"


def test_frequency_counts_each_time_and_presence_once():
    sampler = Sampler(Sampling(frequency_penalty=0.5, presence_penalty=0.25), NO_PROMPT)
    row = np.array([1.0, 0.9, 0.1], np.float32)
    # 0 falls to 0.25, so 1 is next; 1 falls to 0.15, so 0 again; then 0 has -0.25
    assert [sampler.choose(row).token for _ in range(4)] == [0, 1, 0, 1]


def test_frequency_and_presence_leave_the_prompt_out():
    assert choose([1.0, 0.9], prompt=[0, 0, 0], frequency_penalty=2, presence_penalty=2).token == 0


def test_repetition_penalty_divides_positive_and_multiplies_negative_logits():
    assert choose([1.0, 0.9], prompt=[0], repetition_penalty=1.2).token == 1
    assert choose([-1.0, -1.1], prompt=[0], repetition_penalty=1.2).token == 1
    assert choose([-1.0, -1.3], prompt=[0], repetition_penalty=1.2).token == 0


def test_repetition_penalty_counts_what_was_generated():
    sampler = Sampler(Sampling(repetition_penalty=1.5), np.array([2]))
    row = np.array([1.0, 0.9, 0.0], np.float32)
    assert [sampler.choose(row).token for _ in range(2)] == [0, 1]


def test_repetition_penalty_passes_over_prompt_ids_outside_the_vocabulary():
    assert choose([1.0, 0.9], prompt=[262_144, 0], repetition_penalty=1.2).token == 1


def test_a_bias_is_added_before_the_penalties():
    assert choose([0.0, 1.0], logit_bias={0: 1.5}).token == 0
    assert choose([0.0, 1.0], logit_bias={0: 1.5}, prompt=[0], repetition_penalty=2.0).token == 1


def test_the_row_is_left_as_it_was():
    row = np.array([1.0, 0.5], np.float32)
    row.flags.writeable = False
    sampler = Sampler(Sampling(logit_bias={1: 3.0}, repetition_penalty=1.3, temperature=1.0, seed=0), NO_PROMPT)
    sampler.choose(row, np.array([True, True]))
    assert row.tolist() == [1.0, 0.5]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_only_allowed_tokens_are_chosen(temperature):
    allowed = np.array([False, True, False, True])
    sampler = Sampler(Sampling(temperature=temperature, seed=0), NO_PROMPT)
    tokens = {sampler.choose(np.array([9, 1, 9, 1], np.float32), allowed).token for _ in range(50)}
    assert tokens == ({1} if temperature == 0 else {1, 3})


def test_a_bias_does_not_bring_a_forbidden_token_back():
    assert choose([0, 1], logit_bias={1: 100}, allowed=np.array([True, False])).token == 0


def test_logprobs_are_the_models_own_before_any_option():
    logits = [1.0, 0.5, -2.0]
    choice = choose(logits, logprobs=True, logit_bias={2: 50.0}, temperature=0.5, seed=0)
    assert choice.token == 2
    assert choice.logprob == pytest.approx(math.log(probabilities(logits)[2]), abs=1e-6)


def test_top_logprobs_come_most_probable_first_equals_by_id():
    top = choose([1.0, 2.0, 1.0, 0.0], logprobs=True, top_logprobs=3).top
    assert [token for token, _ in top] == [1, 0, 2]
    assert top[0][1] == pytest.approx(math.log(probabilities([1, 2, 1, 0])[1]), abs=1e-6)


def test_top_logprobs_of_a_small_vocabulary_are_all_of_it():
    assert len(choose([1.0, 2.0], logprobs=True, top_logprobs=5).top) == 2


def test_no_logprobs_are_recorded_unasked():
    assert choose([1.0, 2.0]).logprob is None


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_model_that_computes_no_numbers_is_an_error(broken, temperature):
    with pytest.raises(WeightsError, match="where a number was expected"):
        choose([0.0, broken, 1.0], temperature=temperature)


def test_log_sum_exp_survives_large_logits():
    assert log_sum_exp(np.array([1000.0, 1000.0], np.float32)) == pytest.approx(1000 + math.log(2))


def test_log_probability_is_exact_over_a_large_vocabulary():
    logits = np.random.default_rng(0).standard_normal(262_208).astype(np.float32) * 4
    exact = logits.astype(np.float64)
    expected = exact[5] - (exact.max() + math.log(np.exp(exact - exact.max()).sum()))
    assert log_probability(logits, 5) == pytest.approx(expected, abs=1e-6)


def test_log_probability_of_no_number_is_an_error():
    with pytest.raises(WeightsError):
        log_probability(np.array([np.nan, 1.0], np.float32), 1)
