"""What is measured and what Osler aims at."""

import pytest

from osler.bench.figures import FIGURES, PHASES, Target, figures_of

BY_NAME = {figure.name: figure for figure in FIGURES}


def test_every_phase_gives_a_figure_and_every_figure_has_a_phase():
    assert {figure.phase for figure in FIGURES} == set(PHASES)
    assert [figure.name for figure in figures_of("prefill")] == ["prefill_256_tok_s", "prefill_1024_tok_s"]


def test_half_the_seconds_are_twice_as_fast():
    assert BY_NAME["image_s"].ratio(10.0, 20.0) == 2


def test_twice_the_tokens_a_second_are_twice_as_fast():
    assert BY_NAME["decode_tok_s"].ratio(20.0, 10.0) == 2


def test_half_the_memory_is_half_as_much():
    assert BY_NAME["memory_gib"].ratio(3.0, 6.0) == 0.5


@pytest.mark.parametrize(
    ("name", "value", "ratio", "met"),
    [
        ("image_s", 8.0, 3.0, True),
        ("image_s", 8.0, 2.99, False),
        ("decode_tok_s", 14.0, 0.8, True),
        ("memory_gib", 6.0, 1.0, True),
        ("memory_gib", 6.0, 1.01, False),
        ("start_s", 3.9, 0.5, True),
        ("start_s", 4.0, 9.0, False),
        ("start_s", 3.9, None, True),
        ("image_s", 1.0, None, None),
    ],
)
def test_a_target_is_held_against_its_ratio_or_its_value(name, value, ratio, met):
    assert BY_NAME[name].target.is_met(value, ratio) is met


def test_targets_read_as_in_the_table():
    assert Target(sign="≥", number=1.9).text("tok/s") == "≥ 1.9×"
    assert Target(sign="<", number=4, of="value").text("s") == "< 4 s"
