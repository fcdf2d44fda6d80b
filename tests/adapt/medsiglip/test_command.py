"""`osler tune-medsiglip` as a person runs it."""

import json

import pytest
from typer.testing import CliRunner

from osler.cli.main import app
from osler.cli.tune_medsiglip import figure_words

TEMPLATE = ("--template", "a film with {}")


@pytest.fixture
def run(weights, films, tmp_path):
    """A sub-command on the films."""

    def call(name: str, *options: str):
        arguments = [name, str(films), "--out", str(tmp_path / "out"), "--model", str(weights), *options]
        return CliRunner().invoke(app, ["tune-medsiglip", *arguments])

    return call


def test_check_tells_what_there_is_and_trains_nothing(run, tmp_path):
    result = run("contrastive", *TEMPLATE, "--check", "--json")
    found = json.loads(result.stdout)
    assert found["rows"] == 96 and sum(found["pictures"].values()) == 96
    assert found["grouped_by"] == {"folder": 96} and len(found["labels"]) == 4
    assert not (tmp_path / "out" / "config.json").exists()


def test_contrastive_tuning_prints_before_and_after(run, tmp_path):
    result = run("contrastive", *TEMPLATE, "--epochs", "0.2", "--layers", "1", "--evaluations", "1", "--device", "cpu")
    assert result.exit_code == 0
    assert "BEFORE" in result.stdout and "accuracy" in result.stdout
    assert "so few steps learn little" in result.stderr and "memory: about" in result.stderr
    assert (tmp_path / "out" / "training" / "report.html").is_file()
    origin = json.loads((tmp_path / "out" / "osler.json").read_text())
    assert origin["plan"]["scope"]["layers"] == 1 and origin["plan"]["epochs"] == 0.2


def test_a_classifier_is_used_by_classify_without_labels(run, films, tmp_path):
    options = ("--epochs", "0.2", "--head-only", "--evaluations", "1", "--json", "--device", "cpu")
    told = json.loads(run("classifier", *options).stdout)
    assert told["outcome"]["ended"] == "finished" and told["after"]["accuracy"]["value"] > 0.5
    picture = str(films / "nodule" / "n0" / "0.png")
    result = CliRunner().invoke(app, ["classify", picture, "--model", str(tmp_path / "out"), "--json"])
    found = json.loads(result.stdout)
    assert found["pictures"][0]["scores"][0]["label"] == "nodule"
    assert "own tuned head" in found["meaning"]


def test_a_folder_with_other_things_is_refused(run, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "model.safetensors").write_bytes(b"")
    result = run("contrastive", *TEMPLATE, "--device", "cpu")
    assert result.exit_code == 1
    assert "cannot tune into `out`: it holds what no tuning wrote, such as `model.safetensors`" in result.stderr


def test_the_curve_prints_a_table(run, tmp_path):
    result = run("curve", "--sizes", "1,4", "--seeds", "1", "--learner", "logistic", "--precision", "f32")
    assert [line.split()[:2] for line in result.stdout.splitlines()[2:]] == [
        ["zero-shot", "0"],
        ["logistic", "1"],
        ["logistic", "4"],
    ]
    assert (tmp_path / "out" / "curve.png").is_file()


def test_sizes_that_are_no_numbers_are_a_wrong_use(run):
    assert run("curve", "--sizes", "few").exit_code == 2


def test_a_figure_that_is_not_defined_is_said_in_words():
    assert figure_words({"value": None, "low": None, "high": None}) == "not defined"
    assert figure_words({"value": 0.5, "low": None, "high": None}) == "0.500"
