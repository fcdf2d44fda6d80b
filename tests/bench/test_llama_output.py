"""Reading what llama.cpp's programs print: parser tests on recorded output, no llama.cpp runs here."""

from pathlib import Path

import pytest

from osler.bench.llama_output import (
    answer_seconds,
    batched_rate,
    bench_rates,
    encoding_seconds,
    prompt_tokens,
    version_in,
)
from osler.bench.process import Output
from osler.errors import OslerError

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> str:
    return (RECORDED / name).read_text()


def test_prefill_rates_are_read_by_their_lengths():
    rates = bench_rates(recorded("llama-bench-prefill.json"))
    assert set(rates) == {(256, 0), (1024, 0)}
    assert 1000 < rates[1024, 0] < 10000


def test_the_decode_rate_is_read():
    assert list(bench_rates(recorded("llama-bench-decode.json"))) == [(0, 64)]


def test_the_batched_rate_is_that_of_generating_and_not_of_reading_prompts():
    assert batched_rate(recorded("llama-batched-bench.jsonl")) == pytest.approx(2649.801758)


@pytest.mark.parametrize("read", [bench_rates, batched_rate, encoding_seconds])
@pytest.mark.parametrize("text", ["", "error: out of memory", "[1]"])
def test_anything_else_is_an_error_that_names_the_program(read, text):
    with pytest.raises(OslerError, match="llama-"):
        read(text)


def test_the_encoding_time_of_the_recorded_log_is_read():
    log = recorded("llama-mtmd-cli.err")
    assert "batch encoding done in 0 ms" in log
    assert encoding_seconds(log) == 0


@pytest.mark.parametrize(
    "line",
    [
        "1.29.315.586 I mtmd batch encoding done in 77831 ms",
        "image slice encoded in 77831 ms",
        "image/slice 0 encoded in 77831 ms",
    ],
)
def test_the_encoding_time_is_read_in_the_words_of_several_builds(line):
    assert encoding_seconds(f"loading\n{line}\nmore in 3 ms\n") == 77.831


def test_the_number_of_prompt_tokens_is_read_where_it_was_printed():
    assert prompt_tokens(recorded("llama-mtmd-cli.err")) == 22
    assert prompt_tokens("nothing") is None


def test_the_version_is_read():
    assert version_in(recorded("llama-bench-version.err")) == "0.5.0-dev (build 1, commit 0c1e570)"
    assert version_in("") == ""


def log_at(at_s: float) -> list[Output]:
    return [Output(0.1, b"I loading\n"), Output(at_s, b"0.00.035.504 I main: loading model: tiny.gguf\n")]


def test_an_answer_lasts_from_the_loaded_models_to_its_last_token():
    written = [Output(5.0, b"\n"), Output(6.0, b"It"), Output(6.5, b" is"), Output(6.75, b"\n\n")]
    assert answer_seconds(written, log_at(2.0)) == 4.5


def test_an_answer_that_ends_in_an_empty_line_loses_nothing_of_it():
    written = [Output(6.0, b"It"), Output(6.5, b"\n\n"), Output(6.75, b"\n\n")]
    assert answer_seconds(written, log_at(2.0)) == 4.5


@pytest.mark.parametrize(("out", "err"), [([], log_at(2.0)), ([Output(3.0, b"It")], [Output(1.0, b"I loading\n")])])
def test_an_answer_whose_ends_are_unknown_is_an_error(out, err):
    with pytest.raises(OslerError, match="llama-mtmd-cli"):
        answer_seconds(out, err)
