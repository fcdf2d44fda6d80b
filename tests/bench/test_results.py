"""Medians, and ratios pair by pair."""

import pytest

from osler.bench.results import Measurement, details_of, rows_of


def taken(side, phase, *runs, first=0):
    return [
        Measurement(side=side, phase=phase, pair=pair, figures=figures)
        for pair, figures in enumerate(runs, start=first)
    ]


def seconds(*values):
    return [{"image_s": value} for value in values]


def test_the_ratio_is_the_median_of_the_pairs_and_not_that_of_the_medians():
    both = taken("osler", "image", *seconds(1, 2, 4)) + taken("llama.cpp", "image", *seconds(10, 6, 40))
    row = rows_of(both, "osler", "llama.cpp")[0]
    assert row.ratios == (10, 3, 10)
    assert row.ratio == 10
    assert (row.our_median, row.their_median) == (2, 10)


def test_a_run_without_its_counterpart_counts_for_the_median_but_gives_no_ratio():
    failed = Measurement(side="llama.cpp", phase="image", pair=0, figures={}, error="it failed")
    both = [*taken("osler", "image", *seconds(1, 2)), failed, *taken("llama.cpp", "image", *seconds(8), first=1)]
    row = rows_of(both, "osler", "llama.cpp")[0]
    assert row.ours == (1, 2)
    assert row.ratios == (4,)


def test_what_took_less_than_a_tick_of_the_peers_clock_gives_no_ratio():
    both = taken("osler", "decode", {"decode_tok_s": 9.0}) + taken("llama.cpp", "decode", {"decode_tok_s": 0.0})
    assert rows_of(both, "osler", "llama.cpp")[0].ratio is None


def test_without_a_peer_there_are_no_ratios_and_no_verdicts_on_them():
    row = rows_of(taken("osler", "image", *seconds(1, 3, 2)), "osler", None)[0]
    assert (row.our_median, row.their_median, row.ratio, row.is_met) == (2, None, None, None)


def test_what_was_not_measured_has_no_row():
    assert [row.figure.name for row in rows_of(taken("osler", "image", *seconds(1)), "osler", None)] == ["image_s"]


def test_values_that_explain_a_figure_are_kept_apart():
    runs = taken("osler", "question", {"question_s": 1.0, "question_prompt_tokens": 272})
    assert details_of(runs) == {"osler": {"question_prompt_tokens": [272]}}
    assert rows_of(runs, "osler", None)[0].our_median == pytest.approx(1)
