"""`osler tune` as a person uses it, on a tiny model and two classes of small pictures."""

import json
import os
import signal
from types import SimpleNamespace

import pytest
from adapt.training.small_data import QUESTION, write_classes
from typer.testing import CliRunner

from osler.cli import tune_run
from osler.cli.main import app
from osler.cli.tune_evals import saved_evaluations
from osler.errors import MissingExtraError
from osler.tasks.load import MODEL_VARIABLE


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("OSLER_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    return write_classes(tmp_path_factory.mktemp("command") / "rows", each=10)


def call(rows, folder, *words, code=0):
    arguments = ["tune", str(rows), "--model", str(folder), "--question", QUESTION, *map(str, words)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code, result.output
    return result


TRAINING = ("--allow-duplicates", "--rank", "4", "--steps", "4", "--batch", "4", "--rate", "0.003", "--samples", "2")


@pytest.fixture(scope="module")
def ran(rows, folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("command") / "adapter"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OSLER_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        result = call(rows, folder, "--out", out, *TRAINING, "--eval-every", "2", "--json")
    return SimpleNamespace(out=out, json=json.loads(result.stdout), talk=result.stderr)


def test_it_writes_the_adapter_curves_and_report_and_prints_json(ran):
    names = {path.name for path in ran.out.iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "osler.json"} <= names
    assert (ran.out / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert ran.json["figures"]["after"]["test_loss"] < ran.json["figures"]["before"]["test_loss"]
    assert "step 4/4" in ran.talk
    assert "Computed in f32" in ran.talk


def test_the_report_fetches_nothing_and_tells_no_word_or_name_of_the_data(ran, rows):
    page = (ran.out / "report.html").read_text()
    assert "http" not in page.replace('http-equiv="', "")
    assert "src=" not in page.replace('src="data:image/png;base64,', "")
    for secret in (QUESTION, str(rows), "0.png"):
        assert secret not in page
    assert "test accuracy" in page


def test_the_same_command_again_trains_no_further_and_may_tell_more(ran, rows, folder):
    before = (ran.out / "losses.jsonl").read_bytes()
    result = call(rows, folder, "--out", ran.out, *TRAINING, "--eval-every", "2", "--with-text")
    assert "is tuned already" in result.stderr
    assert "test accuracy" in result.stdout
    assert (ran.out / "losses.jsonl").read_bytes() == before
    assert QUESTION in (ran.out / "report.html").read_text()


def test_the_engine_answers_with_the_adapter(ran, rows, folder):
    words = ["ask", str(rows / "yes" / "0.png"), QUESTION, "--model", str(folder), "--adapter", str(ran.out)]
    result = CliRunner().invoke(app, [*words, "--max-new-tokens", "3", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["text"] is not None


def test_check_names_every_bad_row_and_fails(folder, tmp_path):
    lines = [{"question": "Q?", "answer": "a"}, {"question": "Q?", "answer": ""}, {"file": "no.png", "question": "Q?"}]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = CliRunner().invoke(app, ["tune", str(tmp_path / "rows.jsonl"), "--model", str(folder), "--check"])
    assert result.exit_code == 1
    assert "line 2" in result.stdout
    assert "line 3" in result.stdout


def test_check_divides_good_rows_and_writes_the_test_part_for_evaluation(rows, folder, tmp_path):
    result = call(rows, folder, "--check", "--allow-duplicates", "--test", tmp_path / "test", "--json")
    told = json.loads(result.stdout)
    assert told["num_bad"] == 0
    assert sum(part["rows"] for part in told["parts"].values()) == 20
    samples = (tmp_path / "test" / "samples.jsonl").read_text().splitlines()
    assert len(samples) == told["parts"]["test"]["rows"]


def test_preview_marks_what_is_learned_and_writes_pictures(rows, folder, tmp_path):
    result = call(rows, folder, "--preview", "--row", "1", "--images", tmp_path)
    assert "[[" in result.stdout
    assert "1 image" in result.stdout
    assert (tmp_path / "row-1-image-1.png").exists()
    call(rows, folder, "--preview", "--row", "99", code=1)


def test_interrupted_it_says_how_to_go_on(rows, folder, tmp_path, monkeypatch):
    tell = tune_run.line_of

    def interrupt(progress):
        if progress.step == 0:
            os.kill(os.getpid(), signal.SIGINT)
        return tell(progress)

    monkeypatch.setattr(tune_run, "line_of", interrupt)
    result = call(rows, folder, "--out", tmp_path / "out", *TRAINING, code=130)
    assert "stopped after step 1 of 4" in result.stderr
    assert "go on with the same command" in result.stderr
    monkeypatch.setattr(tune_run, "line_of", tell)
    assert "step 4/4" in call(rows, folder, "--out", tmp_path / "out", *TRAINING).stderr


def test_without_a_folder_to_write_to_nothing_begins(rows, folder):
    assert "--out" in call(rows, folder, code=2).output


def test_a_folder_with_other_things_is_refused_before_rows_are_looked_at(rows, folder, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "model.gguf").write_bytes(b"")
    said = call(rows, folder, "--out", tmp_path / "out", *TRAINING, code=1).stderr
    assert "cannot tune into `out`: it holds what no tuning wrote, such as `model.gguf`" in said
    assert "it is a file" in call(rows, folder, "--out", tmp_path / "out" / "model.gguf", *TRAINING, code=1).stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["model.gguf"]


def test_a_missing_package_is_told_with_the_extra(monkeypatch):
    monkeypatch.setattr(tune_run, "NEEDED", ("torch", "no_such_package"))
    with pytest.raises(MissingExtraError, match="no_such_package"):
        tune_run.refuse_missing()


def test_a_benchmark_is_asked_of_the_adapter_and_gives_its_figures(ran, rows, folder, tmp_path):
    data = tmp_path / "test"
    call(rows, folder, "--check", "--allow-duplicates", "--test", data)
    (evaluate,) = saved_evaluations([f"own={data}"], str(folder), tmp_path, limit=2, is_adapter=True, threads=1)
    figures = evaluate(3, ran.out)
    assert figures
    assert all(name.startswith("own_") and 0 <= value <= 1 for name, value in figures.items())
    assert (tmp_path / "evals" / "own-3" / "results.json").exists()


def test_an_evaluation_without_a_folder_is_refused(rows, folder, tmp_path):
    result = call(rows, folder, "--out", tmp_path / "out", *TRAINING, "--eval", "pubmedqa", code=2)
    assert "NAME=DIR" in result.output
