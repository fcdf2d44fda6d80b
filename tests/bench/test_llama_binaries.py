"""Calling llama.cpp's programs and reading their figures: a parser test, on programs that print recorded output."""

import pytest
from stand_in_llama import calls_in

from osler.bench.llama_binaries import LlamaBinaries
from osler.bench.peer import find_llama
from osler.bench.side import Job
from osler.bench.subject import look_at
from osler.errors import OslerError


@pytest.fixture
def llama(programs, tiny) -> LlamaBinaries:
    return find_llama(look_at(tiny), 2)


def measure(llama, phase, tmp_path):
    return llama.measure(Job(phase=phase, image=tmp_path / "noise.png", warm_up_image=None))


def option(arguments: list[str], name: str) -> str:
    return arguments[arguments.index(name) + 1]


def test_prefill_is_measured_at_both_lengths(llama, programs, tmp_path):
    figures = measure(llama, "prefill", tmp_path)
    assert set(figures) == {"prefill_256_tok_s", "prefill_1024_tok_s"}
    (arguments,) = calls_in(programs, "llama-bench")
    assert (option(arguments, "-p"), option(arguments, "-n"), option(arguments, "-t")) == ("256,1024", "0", "2")


def test_decode_is_measured_alone(llama, programs, tmp_path):
    assert measure(llama, "decode", tmp_path)["decode_tok_s"] > 0
    assert option(calls_in(programs, "llama-bench")[0], "-n") == "64"


def test_eight_streams_are_asked_for_and_fit_the_context(llama, programs, tmp_path):
    assert measure(llama, "streams", tmp_path) == {"streams_tok_s": pytest.approx(2649.801758)}
    (arguments,) = calls_in(programs, "llama-batched-bench")
    assert option(arguments, "-npl") == "8"
    assert int(option(arguments, "-c")) >= 8 * (int(option(arguments, "-npp")) + int(option(arguments, "-ntg")))


def test_an_image_is_encoded_and_one_token_written(llama, programs, tmp_path):
    assert measure(llama, "image", tmp_path) == {"image_s": 0.0}
    (arguments,) = calls_in(programs, "llama-mtmd-cli")
    assert option(arguments, "-n") == "1"
    assert option(arguments, "--image") == str(tmp_path / "noise.png")
    assert option(arguments, "--mmproj").endswith("mmproj.gguf")


def test_a_question_is_timed_and_its_prompt_counted(llama, programs, tmp_path):
    figures = measure(llama, "question", tmp_path)
    assert figures["question_s"] > 0
    assert figures["question_prompt_tokens"] == 22
    (arguments,) = calls_in(programs, "llama-mtmd-cli")
    assert option(arguments, "-n") == "64"
    assert "--ignore-eos" in arguments


def test_memory_is_that_of_the_program_at_4096_tokens(llama, programs, tmp_path):
    assert 0 < measure(llama, "memory", tmp_path)["memory_gib"] < 0.1
    assert option(calls_in(programs, "llama-mtmd-cli")[0], "-c") == "4096"


def test_the_first_start_is_not_measured(llama, programs, tmp_path):
    assert measure(llama, "start", tmp_path)["start_s"] > 0
    measure(llama, "start", tmp_path)
    assert len(calls_in(programs, "llama-cli")) == 3


def test_a_program_that_fails_is_an_error(llama, programs, tmp_path):
    (programs / "llama-bench").write_text("#!/bin/sh\necho cannot load >&2\nexit 1\n")
    with pytest.raises(OslerError, match="`llama-bench` ended with code 1:\ncannot load"):
        measure(llama, "decode", tmp_path)


def test_a_program_that_prints_other_lengths_is_an_error(llama, programs, tmp_path):
    (programs / "llama-bench").write_text("#!/bin/sh\necho '[]'\n")
    with pytest.raises(OslerError, match="no figure for 0 tokens in and 64 out"):
        measure(llama, "decode", tmp_path)
