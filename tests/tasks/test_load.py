"""From a path to a model: which one, how large, and what is refused."""

import json

import pytest

import osler
from osler.tasks.load import DEMONSTRATION, MODEL_VARIABLE, is_demonstration, load, model_path, open_model
from osler.tasks.progress import LOADING
from osler.testing.tiny import TinyShape, write_safetensors
from osler.values import NOTICE, NOTICE_DEMONSTRATION


def test_a_path_goes_before_the_environment_and_that_before_the_demonstration(monkeypatch, tmp_path):
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    assert model_path(None) == DEMONSTRATION
    monkeypatch.setenv(MODEL_VARIABLE, str(tmp_path / "mine.gguf"))
    assert model_path(None) == tmp_path / "mine.gguf"
    assert model_path(tmp_path / "other.gguf") == tmp_path / "other.gguf"


def test_a_tilde_in_a_path_is_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert model_path("~/model.gguf") == tmp_path / "model.gguf"


def test_what_is_no_path_is_refused():
    with pytest.raises(osler.InputError, match="expected a path, got int"):
        load(3)


def test_a_path_without_a_model_is_refused(tmp_path):
    with pytest.raises(osler.WeightsError, match="nothing"):
        load(tmp_path / "nothing")


def test_a_context_beyond_the_model_s_is_refused_before_weights_are_read(folder):
    told = []
    with pytest.raises(osler.ContextError, match=r"context of 5,000 tokens: the model's limit is 4,096"):
        load(folder, context=5000, progress=lambda *event: told.append(event))
    assert told == []


def test_a_context_that_the_memory_beside_the_weights_does_not_hold_is_refused(folder, monkeypatch):
    weights = sum(path.stat().st_size for path in folder.iterdir())
    monkeypatch.setattr("osler.engine.memory.available_bytes", lambda: weights + 1_000_000)
    with pytest.raises(osler.ContextError, match=r"need 0\.\d+ GiB, 0\.00 GiB are free"):
        open_model(folder, context=4096)


def test_the_context_asked_for_is_the_one_there_is(folder):
    assert open_model(folder, context=100).context == 100


def test_loading_is_told_from_nothing_to_all(folder):
    told = []
    with load(folder, context=256, progress=lambda *event: told.append(event)):
        pass
    assert {event[0] for event in told} == {LOADING}
    assert told[0][1] == 0
    assert told[-1][1] == told[-1][2]


def test_an_opened_model_reads_its_weights_when_it_is_first_asked(folder):
    told = []
    with open_model(folder, context=256, progress=lambda *event: told.append(event)) as model:
        stream = model.stream(None, "Why?", max_new_tokens=2)
        assert told == []
        list(stream)
    assert told[0][0] == LOADING


def test_gguf_and_safetensors_are_both_loaded(blind, folder):
    for path in (blind, folder):
        with load(path, context=256) as model:
            assert model.ask(None, "Why?", max_new_tokens=2).usage.completion_tokens == 2


@pytest.mark.parametrize("bits", [8, 4])
def test_safetensors_are_quantised_on_request(folder, bits):
    with load(folder, quantise=bits, context=256) as model:
        assert f"{bits} bits" in model.identity.description
        assert model.ask(None, "Why?", max_new_tokens=2).usage.completion_tokens == 2


def test_a_number_of_bits_that_is_not_offered_is_refused(folder):
    with pytest.raises(osler.WeightsError, match="expected 8 or 4"):
        load(folder, quantise=5)


def test_an_unknown_precision_is_refused(folder):
    with pytest.raises(osler.InputError, match="f16"):
        load(folder, precision="f16")


def test_a_copy_of_the_demonstration_model_is_known_by_its_config(tmp_path):
    copy = write_safetensors(tmp_path / "copy", shape=TinyShape())
    assert not is_demonstration(copy)
    assert open_model(copy).notice == NOTICE
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "osler_demonstration": True}))
    assert is_demonstration(copy)
    assert is_demonstration(copy / "model.safetensors")
    assert open_model(copy).notice == NOTICE_DEMONSTRATION
