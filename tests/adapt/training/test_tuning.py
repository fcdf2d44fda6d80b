"""A whole tuning of a tiny model, by each method."""

import json
import os
import signal

import pytest
import torch
from adapt.training.small_data import QUESTION, write_classes
from safetensors.torch import load_file

from osler.adapt.data.example import Examples
from osler.adapt.data.read import read_rows
from osler.adapt.data.split import split_rows
from osler.adapt.training.answers import Reader
from osler.adapt.training.method import Method
from osler.adapt.training.network import Network, open_network
from osler.adapt.training.precision import Precision
from osler.adapt.training.settings import Settings
from osler.adapt.training.tuned import TuningData
from osler.adapt.training.tuning import Tuning
from osler.errors import InputError, MissingExtraError, OptionError
from osler.tasks.load import open_model
from osler.testing.tiny import TinyShape, write_gguf
from osler.weights.adapter import open_adapter
from osler.weights.checkpoint import open_checkpoint

F32 = Precision(name="f32", reason="", device="cpu")
LORA = Method(rank=4, dropout=0.1)
SETTINGS = Settings(method=LORA, steps=6, batch=4, rate=3e-3, evaluate_every=3)


@pytest.fixture(scope="module")
def data(folder, tmp_path_factory):
    rows = read_rows(write_classes(tmp_path_factory.mktemp("data") / "rows"), question=QUESTION)
    model = open_model(folder, precision="f32", context=512)
    parts = split_rows(rows, test=0.25, validation=0.25)
    train, validation, test = (Examples(each, model) for each in (parts.train, parts.validation, parts.test))
    return TuningData(train=train, validation=validation, test=test, digest=rows.digest(), about=parts.to_dict())


@pytest.fixture(scope="module")
def tuned(checkpoint, data, tmp_path_factory):
    """A LoRA tuning that was done, with what it told."""
    out, told = tmp_path_factory.mktemp("out") / "adapter", []
    tuning = Tuning(checkpoint, data, SETTINGS, out, note=told.append)
    return {"out": out, "told": told, "tuned": tuning.run(), "tuning": tuning}


def loss_of(network, data):
    with torch.no_grad():
        network.model.eval()
        reader = Reader(network, F32)
        return reader.losses(reader.batch([data.train[0], data.train[1]])).mean().item()


def test_the_loss_on_examples_that_are_not_learned_from_falls(tuned):
    figures = tuned["tuned"].figures
    assert figures["after"]["test_loss"] < 0.7 * figures["before"]["test_loss"]
    assert set(figures["after"]) == {"validation_loss", "validation_accuracy", "test_loss", "test_accuracy"}


def test_precision_memory_and_plan_are_told_beforehand(tuned):
    told = " ".join(tuned["told"])
    assert "f32 on cpu: the model is small" in told
    assert "6 steps of 4 examples" in told
    assert "GB (weights" in told


def test_the_adapter_is_what_peft_loads(tuned, checkpoint, data):
    from peft import PeftModel

    base = open_network(checkpoint, dtype=torch.float32)
    before = loss_of(base, data)
    adapted = Network(PeftModel.from_pretrained(base.base, tuned["out"]))
    assert loss_of(adapted, data) < 0.9 * before
    config = json.loads((tuned["out"] / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == checkpoint.path.name


def test_the_adapter_is_what_the_engine_reads_with_the_projector_whole(tuned, checkpoint):
    adapter = open_adapter(tuned["out"], checkpoint.config)
    assert set(adapter.replaced) == {"projector.weight", "projector.norm"}
    assert len(adapter.terms) == 7 * checkpoint.config.text.num_layers
    assert all((term.b != 0).any() and term.rank == 4 for term in adapter.terms.values())


def test_the_folder_says_what_it_was_made_of_and_holds_no_name_of_the_data(tuned, checkpoint, data):
    about = json.loads((tuned["out"] / "osler.json").read_text())
    assert about["base"]["weights_id"] == checkpoint.identity
    assert about["data"]["digest"] == data.digest
    assert about["data"]["parts"]["train"]["rows"] == len(data.train)
    assert str(data.train.rows[0].files[0].parent.parent) not in json.dumps(about)
    assert {path.name for path in tuned["out"].iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "best.pt",
        "checkpoint.pt",
        "losses.jsonl",
        "osler.json",
        "plan.json",
    }


def test_interrupted_and_gone_on_with_it_ends_with_the_same_adapter(tuned, checkpoint, data, tmp_path):
    def interrupt(progress):
        if progress.step == 2:
            os.kill(os.getpid(), signal.SIGINT)

    first = Tuning(checkpoint, data, SETTINGS, tmp_path).run(progress=interrupt)
    assert (first.outcome.ended, first.outcome.step) == ("interrupted", 2)
    second = Tuning(checkpoint, data, SETTINGS, tmp_path).run()
    assert second.outcome.resumed_from == 2
    for name in ("losses.jsonl", "adapter_model.safetensors", "osler.json"):
        assert (tmp_path / name).read_bytes() == (tuned["out"] / name).read_bytes()


def test_other_settings_or_data_are_not_gone_on_with(tuned, checkpoint, data):
    other = Settings(method=LORA, steps=7, batch=4, rate=3e-3, evaluate_every=3)
    with pytest.raises(InputError, match="another steps"):
        Tuning(checkpoint, data, other, tuned["out"])
    changed = TuningData(train=data.train, validation=data.validation, test=data.test, digest="x")
    with pytest.raises(InputError, match="another data"):
        Tuning(checkpoint, changed, SETTINGS, tuned["out"])


def test_an_evaluation_is_given_the_adapter_of_its_step(checkpoint, data, tmp_path):
    seen = {}

    def evaluate(step, saved):
        seen[step] = load_file(saved / "adapter_model.safetensors")
        return {"own": float(step)}

    settings = Settings(method=LORA, steps=2, batch=2, rate=3e-3, evaluate_every=1)
    Tuning(checkpoint, data, settings, tmp_path).run(evaluations=[evaluate])
    name = next(name for name in seen[0] if "q_proj.lora_B" in name)
    assert not seen[0][name].any()
    assert not torch.equal(seen[1][name], seen[2][name])
    figures = [json.loads(line).get("evaluation", {}) for line in (tmp_path / "losses.jsonl").read_text().splitlines()]
    assert [one["own"] for one in figures if one] == [0.0, 1.0, 2.0]
    assert not (tmp_path / "latest").exists()


def test_the_tower_is_tuned_on_request(checkpoint, data, tmp_path):
    settings = Settings(method=Method(rank=2, vision=True), steps=1, batch=2)
    Tuning(checkpoint, data, settings, tmp_path).run()
    names = open_adapter(tmp_path, checkpoint.config).terms
    assert sum(name.startswith("vision.") for name in names) == 6 * checkpoint.config.vision.num_layers


def test_a_frozen_tower_looks_at_each_picture_once(checkpoint, data, tmp_path, monkeypatch):
    seen = []
    pooled = Network.pooled
    monkeypatch.setattr(Network, "pooled", lambda self, squares: seen.append(len(squares)) or pooled(self, squares))
    Tuning(checkpoint, data, Settings(method=LORA, steps=12, batch=4, evaluate_every=4), tmp_path).run()
    assert sum(seen) <= len(data.train) + len(data.validation) + len(data.test)
    assert not (tmp_path / "kept").exists()


def test_full_tuning_writes_a_model_that_opens(checkpoint, data, tmp_path):
    done = Tuning(checkpoint, data, Settings(method=Method(name="full"), steps=6, batch=4, rate=1e-3), tmp_path).run()
    other = open_checkpoint(tmp_path)
    assert other.config == checkpoint.config
    network = open_network(other, dtype=torch.float32)
    assert loss_of(network, data) < 0.9 * loss_of(open_network(checkpoint, dtype=torch.float32), data)
    assert (
        torch.equal(network.tower.state_dict()["post_layernorm.bias"], torch.zeros(64)) or done.about["kind"] == "model"
    )
    assert other.tokenizer().size == checkpoint.tokenizer().size


def test_gguf_is_tuned_by_lora_and_refused_whole(data, tmp_path):
    gguf = open_checkpoint(write_gguf(tmp_path / "tiny.gguf", "Q8_0", shape=TinyShape()))
    Tuning(gguf, data, Settings(method=LORA, steps=1, batch=2), tmp_path / "out").run()
    assert len(open_adapter(tmp_path / "out", gguf.config).terms) == 49
    with pytest.raises(OptionError, match="folder of safetensors"):
        Tuning(gguf, data, Settings(method=Method(name="full")), tmp_path / "whole")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_four_bits_are_refused_without_cuda_and_before_anything_is_written(checkpoint, data, tmp_path):
    with pytest.raises((OptionError, MissingExtraError), match="CUDA"):
        Tuning(checkpoint, data, Settings(method=Method(name="qlora")), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_computing_layers_twice_changes_no_loss(tuned, checkpoint, data, tmp_path):
    settings = Settings(method=LORA, steps=2, batch=4, rate=3e-3, evaluate_every=3, recomputes=True)
    Tuning(checkpoint, data, settings, tmp_path).run()
    ours = [json.loads(line) for line in (tmp_path / "losses.jsonl").read_text().splitlines()]
    theirs = [json.loads(line) for line in (tuned["out"] / "losses.jsonl").read_text().splitlines()]
    assert ours[1]["loss"] == pytest.approx(theirs[1]["loss"], rel=1e-5)
    assert ours[1]["gradient_norm"] == pytest.approx(theirs[1]["gradient_norm"], rel=1e-4)


@pytest.mark.parametrize("numbers", [{"rate": 0.0}, {"epochs": 0.0}, {"rate": float("nan")}])
def test_numbers_from_which_nothing_is_learned_are_refused(numbers):
    with pytest.raises(OptionError, match="is not above 0"):
        Settings(**numbers)
