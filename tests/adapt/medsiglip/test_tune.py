"""Whole tunings of the tiny model: they learn, are killed and go on, and what they write is used."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import osler
from osler.adapt.medsiglip.network import Scope
from osler.adapt.medsiglip.read import Wanted
from osler.adapt.medsiglip.tune import ClassifierTuning, ContrastiveTuning, tune_classifier, tune_contrastive
from osler.adapt.medsiglip.tuning import Tuning
from osler.errors import InputError, OptionError

ROOT = Path(__file__).parents[3]
TEMPLATES = ("a photo of {}", "a film with {}")


def tuning(films, weights, out, **given) -> Tuning:
    usual = {
        "wanted": Wanted(templates=TEMPLATES),
        "learning_rate": 1e-3,
        "epochs": 8.0,
        "parts": 1,
        "held_out": (0.15, 0.2),
        "evaluations": 3,
        "device": "cpu",
    }
    return Tuning(data=films, model=weights, out=out, **{**usual, **given})


@pytest.fixture(scope="module")
def contrastive(films, weights, tmp_path_factory):
    """A tuning of 20 seconds' worth of pictures in one or two, and where it lies."""
    out = tmp_path_factory.mktemp("contrastive")
    return tune_contrastive(ContrastiveTuning(common=tuning(films, weights, out))), out


def test_contrastive_tuning_finds_labels_of_pictures_that_it_has_not_seen(contrastive):
    tuned, out = contrastive
    assert tuned.measured_on == "test" and tuned.counts["test"] >= 8
    assert tuned.before["accuracy"]["value"] < 0.5
    assert tuned.after["accuracy"]["value"] == 1.0 and tuned.after["auroc"]["value"] > 0.99
    lines = [json.loads(line) for line in (out / "training" / "losses.jsonl").read_text().splitlines()]
    losses = [line["evaluation"]["validation_loss"] for line in lines if "evaluation" in line]
    assert losses[-1] < losses[0] / 4


def test_the_tuned_model_is_loaded_and_labels_by_texts(contrastive, films):
    medsiglip = osler.load_medsiglip(contrastive[1], precision="f32", threads=1)
    found = medsiglip.classify(
        [films / label / f"{label[0]}0" / "0.png" for label in ("nodule", "fracture")],
        ["effusion", "fracture", "nodule", "pneumonia"],
        templates=TEMPLATES,
    )
    assert [picture.label for picture in found.pictures] == ["nodule", "fracture"]


def test_what_is_written_says_what_it_was_made_of_and_keeps_no_picture(contrastive):
    out = contrastive[1]
    origin = json.loads((out / "osler.json").read_text())
    assert origin["kind"] == "contrastive" and origin["grouped_by"] == {"folder": 96}
    assert origin["result"]["after"] == contrastive[0].after
    assert not list((out / "training").glob("squares*"))
    page = (out / "training" / "report.html").read_text()
    assert "http" not in page.replace("http-equiv", "") and "effusion" not in page


def test_another_plan_in_the_same_folder_is_refused(contrastive, films, weights):
    with pytest.raises(InputError, match="another plan, model or data"):
        tune_contrastive(ContrastiveTuning(common=tuning(films, weights, contrastive[1], decay=0.5)))


PROGRAM = """
import sys, torch
from pathlib import Path
from osler.adapt.medsiglip.read import Wanted
from osler.adapt.medsiglip.tune import ContrastiveTuning, tune_contrastive
from osler.adapt.medsiglip.tuning import Tuning
torch.set_num_threads(1)
tune_contrastive(ContrastiveTuning(common=Tuning(
    data=Path(sys.argv[1]), model=Path(sys.argv[2]), out=Path(sys.argv[3]),
    wanted=Wanted(templates=("a photo of {}", "a film with {}")), learning_rate=1e-3, epochs=8.0, parts=1,
    held_out=(0.15, 0.2), evaluations=3, device="cpu",
)))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_tuning_that_was_killed_goes_on_to_the_same_losses(contrastive, films, weights, tmp_path):
    command = [sys.executable, "-c", PROGRAM, str(films), str(weights), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    journal = tmp_path / "training" / "losses.jsonl"
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while time.monotonic() < until and not (journal.exists() and journal.read_text().count("\n") > 30):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "config.json").exists()
    tuned = tune_contrastive(ContrastiveTuning(common=tuning(films, weights, tmp_path)))
    assert tuned.outcome.resumed_from > 0 and tuned.after == contrastive[0].after
    assert journal.read_text() == (contrastive[1] / "training" / "losses.jsonl").read_text()
    assert (tmp_path / "model.safetensors").read_bytes() == (contrastive[1] / "model.safetensors").read_bytes()


def test_low_rank_terms_of_the_last_layer_learn_too(films, weights, tmp_path):
    common = tuning(films, weights, tmp_path, scope=Scope(lora=8), learning_rate=1e-2)
    tuned = tune_contrastive(ContrastiveTuning(common=common, whole_step=True))
    assert tuned.after["accuracy"]["value"] > 0.6 > tuned.before["accuracy"]["value"]


def test_texts_without_labels_are_measured_by_finding_them(films, weights, tmp_path):
    rows = [
        f"{place},a {place.parent.parent.name} in film {number},{place.parent.name}"
        for number, place in enumerate(sorted(films.rglob("*.png")))
    ]
    (tmp_path / "rows.csv").write_text("\n".join(["file,text,patient", *rows]))
    common = tuning(tmp_path / "rows.csv", weights, tmp_path / "out", wanted=Wanted(), epochs=1.0)
    tuned = tune_contrastive(ContrastiveTuning(common=common))
    assert set(tuned.after) == {"first", "first_five"}
    assert tuned.outcome.best_step > 0 and tuned.after["first_five"]["low"] is not None


def test_a_tuned_classifier_labels_by_its_own_head(films, weights, tmp_path):
    common = tuning(films, weights, tmp_path, wanted=Wanted(labels=True), scope=Scope(words=False), epochs=1.0)
    tuned = tune_classifier(ClassifierTuning(common=common))
    assert tuned.after["accuracy"]["value"] >= tuned.before["accuracy"]["value"] > 0.5
    medsiglip = osler.load_medsiglip(tmp_path, precision="f32", threads=1)
    head = medsiglip.head
    assert head.labels == ("effusion", "fracture", "nodule", "pneumonia") and head.kind == "one"
    found = medsiglip.classify(films / "nodule" / "n0" / "0.png")
    assert found.pictures[0].label == "nodule" and found.pictures[0].scores[0].softmax > 0.5
    assert found.pictures[0].scores[0].cosine is None


def test_several_labels_are_learnt_with_the_tower_left_alone(films, weights, tmp_path):
    rows = []
    for number, place in enumerate(sorted(films.rglob("*.png"))):
        name = place.parent.parent.name
        labels = {"effusion": "fluid|ill", "nodule": "ill", "fracture": "", "pneumonia": "ill|fluid"}[name]
        rows.append(f"{place},{labels},{number // 2}")
    (tmp_path / "rows.csv").write_text("\n".join(["file,labels,patient", *rows]))
    wanted = Wanted(labels=True, are_several=True)
    common = tuning(tmp_path / "rows.csv", weights, tmp_path / "out", wanted=wanted, epochs=1.0)
    tuned = tune_classifier(ClassifierTuning(common=common, head_only=True))
    assert set(tuned.after) == {"auroc"} and tuned.after["auroc"]["value"] > 0.9
    medsiglip = osler.load_medsiglip(tmp_path / "out", precision="f32", threads=1)
    one = films / "nodule" / "n0" / "0.png"
    assert np.array_equal(
        medsiglip.embed(one).vectors, osler.load_medsiglip(weights, precision="f32", threads=1).embed(one).vectors
    )
    scores = {score.label: score.sigmoid for score in medsiglip.classify(one).pictures[0].scores}
    assert scores["ill"] > 0.5 > scores["fluid"]


@pytest.mark.parametrize(("name", "value"), [("epochs", 0), ("batch", 0), ("held_out", (0.6, 0.5))])
def test_numbers_without_sense_are_refused(films, weights, tmp_path, name, value):
    with pytest.raises(OptionError):
        tuning(films, weights, tmp_path, **{name: value})
