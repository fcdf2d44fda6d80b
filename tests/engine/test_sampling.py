"""The sampler's options."""

import re
from dataclasses import asdict

import pytest

from osler.engine.sampling import Sampling
from osler.errors import InputError


def test_the_defaults_are_greedy():
    assert Sampling().is_greedy
    assert not Sampling().changes_logits


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"temperature": -0.1}, "temperature=-0.1: expected 0 (greedy) or a number from 0.001 to 100"),
        ({"temperature": float("nan")}, "temperature=nan"),
        ({"temperature": True}, "temperature=True"),
        ({"temperature": 1e-9}, "temperature=1e-09"),
        ({"top_k": -1}, "top_k=-1: expected a whole number >= 0"),
        ({"top_k": 2.0}, "top_k=2.0"),
        ({"top_p": 0}, "top_p=0: expected a number above 0, at most 1"),
        ({"top_p": 1.5}, "top_p=1.5"),
        ({"min_p": 1.1}, "min_p=1.1: expected a number from 0 to 1"),
        ({"frequency_penalty": 2.5}, "frequency_penalty=2.5: expected a number from -2 to 2"),
        ({"presence_penalty": -3}, "presence_penalty=-3"),
        ({"repetition_penalty": 0}, "repetition_penalty=0: expected a number above 0"),
        ({"seed": -1}, "seed=-1"),
        ({"logit_bias": {-1: 2.0}}, "logit_bias={-1: 2.0}"),
        ({"logit_bias": {3: float("inf")}}, "logit_bias={3: inf}"),
        ({"logit_bias": [3]}, "logit_bias=[3]"),
        ({"logprobs": 5}, "logprobs=5: expected True or False"),
        ({"logprobs": True, "top_logprobs": 101}, "top_logprobs=101: expected a whole number from 0 to 100"),
        ({"max_new_tokens": 0}, "max_new_tokens=0: expected a whole number >= 1"),
        ({"stop": [""]}, "stop=['']: expected one or more texts of at least one character"),
        ({"stop": 5}, "stop=5"),
        ({"ignore_eos": "no"}, "ignore_eos='no'"),
    ],
)
def test_an_option_out_of_range_is_named_with_its_range(options, expected):
    with pytest.raises(InputError, match=re.escape(expected)):
        Sampling(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 0.001},
        {"temperature": 100},
        {"top_p": 1.0},
        {"min_p": 1},
        {"frequency_penalty": -2, "presence_penalty": 2},
        {"seed": 0},
        {"max_new_tokens": 1},
    ],
)
def test_the_ends_of_a_range_are_allowed(options):
    assert asdict(Sampling(**options)).items() >= options.items()


def test_top_logprobs_alone_says_what_it_needs():
    with pytest.raises(InputError, match="it needs logprobs"):
        Sampling(top_logprobs=3)


def test_a_single_stop_text_may_come_alone():
    assert Sampling(stop="###").stop == ("###",)
    assert Sampling(stop=["a", "b"]).stop == ("a", "b")


def test_changing_the_mapping_of_biases_afterwards_changes_nothing():
    bias = {3: 1.0}
    sampling = Sampling(logit_bias=bias)
    bias[4] = 2.0
    assert sampling.logit_bias == {3: 1.0}


def test_an_unknown_option_names_the_nearest_known_one():
    with pytest.raises(InputError, match="did you mean temperature"):
        Sampling.from_options({"temprature": 1})


def test_options_can_be_read_by_name():
    assert Sampling.from_options({"top_k": 3, "temperature": 0.5}) == Sampling(top_k=3, temperature=0.5)
