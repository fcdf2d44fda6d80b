"""`osler bench`: the whole verb on a tiny model, alone and beside programs that stand in for llama.cpp's.

The stand-ins print recorded output, so the figures of llama.cpp here are parsed, not measured.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from stand_in_llama import write_programs
from typer.testing import CliRunner

from osler.cli.main import app
from osler.testing.tiny import write_gguf

ROOT = Path(__file__).parents[2]
QUICK = "prefill,decode"


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("OSLER_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("OSLER_MODEL", raising=False)
    monkeypatch.delenv("LLAMA_CPP_BIN", raising=False)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return write_gguf(tmp_path_factory.mktemp("bench") / "tiny.gguf", "Q4_K").parent


@pytest.fixture
def programs(tmp_path, monkeypatch):
    monkeypatch.setenv("LLAMA_CPP_BIN", str(write_programs(tmp_path / "programs")))
    return tmp_path / "programs"


def run(*arguments):
    return CliRunner().invoke(app, ["bench", *map(str, arguments), "--threads", "1"])


def test_every_figure_is_measured_without_a_peer(tiny):
    result = run(tiny, "--repeat", "1", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert [figure["name"] for figure in found["figures"]] == [
        "image_s",
        "prefill_256_tok_s",
        "prefill_1024_tok_s",
        "decode_tok_s",
        "question_s",
        "streams_tok_s",
        "start_s",
        "memory_gib",
    ]
    assert all(len(figure["osler"]) == 1 and figure["osler"][0] > 0 for figure in found["figures"])
    assert all(figure["peer"] == [] and figure["ratio"] is None for figure in found["figures"])
    assert found["peer"] is None
    assert found["threads"] == 1
    assert {file["name"] for file in found["model"]["files"]} == {"tiny.gguf", "mmproj.gguf"}
    assert found["machine"]["processor"]["usable_cores"] >= 1
    assert found["versions"]["openvino"].startswith("2026.")
    assert found["details"]["osler"]["question_prompt_tokens"][0] > 4


def test_with_a_peer_every_figure_has_its_ratios_pair_by_pair(tiny, programs):
    result = run(tiny, "--repeat", "2", "--json", "--peer", "llama.cpp", "--only", "decode,question")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert "0.5.0-dev" in found["peer"]
    assert len(found["figures"]) == 2
    for figure in found["figures"]:
        ours, theirs = figure["osler"], figure["peer"]
        swapped = figure["unit"] == "s"
        expected = [b / a if swapped else a / b for a, b in zip(ours, theirs, strict=True)]
        assert len(figure["ratios"]) == 2
        assert figure["ratios"] == pytest.approx(expected)
        assert figure["target_met"] in (True, False)


def test_the_table_tells_it_all_without_colour(tiny, programs):
    result = run(tiny, "--repeat", "2", "--peer", "llama.cpp", "--only", QUICK)
    assert result.exit_code == 0, result.stderr
    shown = result.stdout
    assert "\x1b" not in shown
    assert "tiny.gguf (" in shown and "mmproj.gguf (" in shown
    assert "1 thread, median of 2 pairs taken in turns" in shown
    assert "llama.cpp 0.5.0-dev" in shown
    assert "OpenVINO 2026." in shown
    row = next(line for line in shown.splitlines() if line.startswith("decode, one stream"))
    assert row.count("tok/s") == 2
    assert "× as fast (" in row
    assert "≥ 0.8×" in row
    assert "met" in row.lower()


def test_without_a_peer_the_table_has_no_ratios(tiny):
    result = run(tiny, "--repeat", "1", "--only", "decode")
    assert "LLAMA.CPP" not in result.stdout
    assert "as fast" not in result.stdout
    row = next(line for line in result.stdout.splitlines() if line.startswith("decode, one stream"))
    assert "≥" not in row


def test_each_step_is_told_on_stderr_with_what_is_left(tiny):
    result = run(tiny, "--repeat", "2", "--only", "decode")
    told = [line for line in result.stderr.splitlines() if line.startswith("osler: ")]
    assert len(told) == 2
    assert "(1 of 2, " in told[0] and "left)" in told[0]
    assert "decode, one stream" in told[0] and "tok/s (2 of 2)" in told[1]


def test_a_peer_that_fails_costs_only_its_own_figures(tiny, programs):
    (programs / "llama-bench").write_text("#!/bin/sh\necho no such model >&2\nexit 1\n")
    result = run(tiny, "--repeat", "1", "--json", "--peer", "llama.cpp", "--only", "decode,streams")
    assert result.exit_code == 1
    found = {figure["name"]: figure for figure in json.loads(result.stdout)["figures"]}
    assert found["decode_tok_s"]["osler"] and not found["decode_tok_s"]["peer"]
    assert found["streams_tok_s"]["ratio"] > 0
    notes = json.loads(result.stdout)["notes"]
    assert any("llama.cpp failed in decode, run 1: `llama-bench` ended with code 1: no such model" in n for n in notes)


def test_what_the_peer_has_no_program_for_is_measured_of_osler_alone(tiny, programs):
    (programs / "llama-batched-bench").unlink()
    result = run(tiny, "--repeat", "1", "--peer", "llama.cpp", "--only", "streams")
    assert result.exit_code == 0
    assert "not measured of llama.cpp: streams" in result.stdout
    assert "decode, eight streams" in result.stdout


def test_a_model_without_eyes_is_measured_on_text_and_that_is_said(tmp_path):
    path = write_gguf(tmp_path / "blind.gguf", projector=None)
    result = run(path, "--repeat", "1", "--only", "image,decode", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert [figure["name"] for figure in found["figures"]] == ["decode_tok_s"]
    assert any("not measured: image (" in note and "mmproj" in note for note in found["notes"])


def test_only_images_of_a_model_without_eyes_are_refused(tmp_path):
    result = run(write_gguf(tmp_path / "blind.gguf", projector=None), "--only", "image")
    assert result.exit_code == 1
    assert "cannot measure image" in result.stderr
    assert "mmproj" in result.stderr


@pytest.mark.parametrize("only", ["speed", "decode,speed", ","])
def test_an_unknown_phase_is_wrong_usage_and_the_known_ones_are_named(tiny, only):
    result = run(tiny, "--only", only)
    assert result.exit_code == 2
    assert "question" in result.stderr


def test_a_peer_that_is_not_here_is_told_before_anything_is_measured(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("LLAMA_CPP_BIN", str(tmp_path))
    result = run(tiny, "--peer", "llama.cpp")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "error: $LLAMA_CPP_BIN names" in result.stderr


def test_a_path_without_a_model_is_one_clear_error(tmp_path):
    result = run(tmp_path / "nothing.gguf")
    assert result.exit_code == 1
    assert "there is no file or folder" in result.stderr


def test_ctrl_c_prints_what_was_measured_so_far_and_leaves_nothing_running(tiny):
    command = [sys.executable, "-m", "osler", "bench", str(tiny), "--only", "decode", "--repeat", "100000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    for line in process.stderr:
        if line.startswith("osler: "):
            break
    workers = children_of(process.pid)
    process.send_signal(signal.SIGINT)
    shown, talk = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "decode, one stream" in shown
    assert "interrupted after" in shown
    assert talk.endswith("error: interrupted\n")
    assert "Traceback" not in talk
    assert workers and not any(is_running(worker) for worker in workers)


def children_of(process_id: int) -> list[int]:
    """Linux's list of a process's children."""
    return [int(word) for word in Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()]


def is_running(process_id: int) -> bool:
    for _ in range(50):
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.05)
    return True
