"""Osler's own side: a worker that keeps the model, and fresh processes."""

import os
import signal
from dataclasses import replace

import pytest

from osler.bench import ours as module
from osler.bench.material import write_noise
from osler.bench.ours import Osler
from osler.bench.side import Job
from osler.bench.subject import look_at
from osler.errors import OslerError
from osler.testing.shape import BLOCK_SHAPE
from osler.testing.tiny_adapter import write_adapter


@pytest.fixture(scope="module")
def osler(tiny):
    side = Osler(look_at(tiny), threads=1)
    yield side
    side.close()


def job(phase, tmp_path) -> Job:
    images = {name: write_noise(tmp_path / f"{name}.png", 56, seed) for seed, name in enumerate(("image", "warm_up"))}
    return Job(phase=phase, image=images["image"], warm_up_image=images["warm_up"])


@pytest.mark.parametrize(
    ("phase", "names"),
    [
        ("image", {"image_s"}),
        ("prefill", {"prefill_256_tok_s", "prefill_1024_tok_s"}),
        ("decode", {"decode_tok_s"}),
        ("question", {"question_s", "question_prompt_tokens"}),
        ("streams", {"streams_tok_s"}),
    ],
)
def test_each_phase_gives_its_figures(osler, tmp_path, phase, names):
    figures = osler.measure(job(phase, tmp_path))
    assert set(figures) == names
    assert all(value > 0 for value in figures.values())


def test_a_prompt_that_the_context_does_not_hold_is_left_out(tmp_path, short):
    side = Osler(look_at(short), threads=1)
    try:
        assert set(side.measure(job("prefill", tmp_path))) == {"prefill_256_tok_s"}
    finally:
        side.close()


def test_a_model_without_eyes_is_not_asked_about_images(blind):
    assert Osler(look_at(blind), threads=1).phases == ("prefill", "decode", "streams", "start")


def test_an_error_in_the_worker_comes_back_whole(osler, tmp_path):
    broken = Job(phase="question", image=tmp_path / "missing.png", warm_up_image=tmp_path / "missing.png")
    with pytest.raises(OslerError, match=r"missing\.png"):
        osler.measure(broken)
    assert osler.measure(job("decode", tmp_path))


def test_a_model_that_cannot_be_loaded_is_one_clear_error(tiny, tmp_path):
    side = Osler(replace(look_at(tiny), path=tmp_path / "gone.gguf"), threads=1)
    with pytest.raises(OslerError, match=r"there is no file or folder .*gone\.gguf"):
        side.measure(job("decode", tmp_path))


def test_a_worker_that_was_killed_is_told_of_and_replaced(osler, tmp_path):
    osler.measure(job("decode", tmp_path))
    os.kill(osler._worker._process.pid, signal.SIGKILL)
    with pytest.raises(OslerError, match="the process that measures ended with code -9"):
        osler.measure(job("decode", tmp_path))
    assert osler.measure(job("decode", tmp_path))["decode_tok_s"] > 0


def test_the_model_is_given_up_only_where_memory_is_short(osler, tmp_path, monkeypatch):
    kept = []
    for free in (None, 1 << 40, 0):
        monkeypatch.setattr(module, "available_bytes", lambda free=free: free)
        osler.measure(job("decode", tmp_path))
        osler.make_room()
        kept.append(osler._worker is not None)
    assert kept == [True, True, False]


def test_an_adapter_is_measured_with_in_the_worker_and_in_fresh_processes(tiny, tmp_path):
    subject = look_at(tiny, write_adapter(tmp_path / "tuned", shape=BLOCK_SHAPE))
    assert subject.weights_id.startswith(look_at(tiny).weights_id + "+")
    assert subject.description.endswith("with adapter tuned")
    (tmp_path / "tuned").rename(tmp_path / "gone")
    side = Osler(subject, threads=1)
    for phase in ("decode", "start"):
        with pytest.raises(OslerError, match="there is no adapter folder"):
            side.measure(job(phase, tmp_path))
    side.close()
