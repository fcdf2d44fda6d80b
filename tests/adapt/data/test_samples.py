"""A part of the data for evaluation: the same questions, word for word."""

import json
from pathlib import Path

import pytest
from adapt.data.conftest import asked, picture, write_lines

from osler.adapt.data.example import Examples
from osler.adapt.data.read import read_rows
from osler.adapt.data.samples import write_samples
from osler.errors import InputError
from osler.evals.benchmarks.own import BENCHMARK
from osler.evals.engines.views import Views


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("OSLER_CACHE", str(tmp_path / "cache"))


def prompts(folder, model):
    """What `osler eval own --prompt plain` asks, as token ids by the sample's id."""
    benchmark = BENCHMARK.fitted(folder)
    (plain,) = (prompt for prompt in benchmark.prompts if prompt.name == "plain")
    views = Views("1.5", model.image_px)
    asks = {sample.id: plain.ask(sample) for sample in benchmark.read(folder)}
    return {name: model.prepare(views.messages(ask), {"max_new_tokens": 1}).prompt.ids for name, ask in asks.items()}


@pytest.mark.parametrize("kind", ["classes", "answers"])
def test_evaluation_asks_what_was_learned(tmp_path, model, kind):
    if kind == "classes":
        picture(tmp_path / "data/no_tumor/1.png"), picture(tmp_path / "data/tumor/2.png", 2)
        rows = read_rows(tmp_path / "data")
    else:
        picture(tmp_path / "data/a.png")
        lines = [
            asked("Normal?\nSay why.", "No.", "a.png"),
            asked("New?", "Yes.", "a.png", "a.png"),
            asked("Old?", "No."),
        ]
        rows = read_rows(write_lines(tmp_path / "data/rows.jsonl", *lines))
    written = write_samples(rows, tmp_path / "out")
    assert (written.paths, written.num_rows, written.left_out) == ((tmp_path / "out/samples.jsonl",), len(rows), 0)
    asked_for = prompts(tmp_path / "out", model)
    for example in Examples(rows, model):
        start = example.learned.argmax()
        assert asked_for[example.row.where] == tuple(example.ids[:start])


def test_patients_are_written_as_digests(tmp_path):
    rows = [asked(f"Question {n}?", "No.", patient=f"Doe{n % 2}") for n in range(4)]
    write_samples(read_rows(write_lines(tmp_path / "rows.jsonl", *rows)), tmp_path / "out")
    text = (tmp_path / "out/samples.jsonl").read_text()
    patients = [json.loads(line)["patient"] for line in text.splitlines()]
    assert patients[0] == patients[2] != patients[1] == patients[3]
    assert "Doe" not in text


def test_what_one_question_cannot_say_is_counted(tmp_path):
    turns = asked("Normal?", "No.")["messages"]
    rows = write_lines(
        tmp_path / "rows.jsonl",
        {"messages": [*turns, *turns]},
        {"messages": [{"role": "system", "content": "Be brief."}, *turns]},
        {"messages": turns},
    )
    written = write_samples(read_rows(rows), tmp_path / "out")
    assert (written.num_rows, written.left_out) == (1, 2)


def test_rows_with_choices_and_without_go_into_files_of_their_own(tmp_path):
    rows = write_lines(
        tmp_path / "rows.jsonl",
        asked("Normal?", "No."),
        {"question": "Which?", "options": ["cat", "dog"], "answer": "cat"},
    )
    written = write_samples(read_rows(rows), tmp_path / "out")
    assert {path.name for path in written.paths} == {"choices.jsonl", "answers.jsonl"}
    assert all(BENCHMARK.fitted(path).read(path) for path in written.paths)


def test_writing_again_changes_nothing_and_never_writes_over_other_rows(tmp_path):
    rows = read_rows(write_lines(tmp_path / "rows.jsonl", asked("Normal?", "No."), asked("New?", "No.")))
    (path,) = write_samples(rows, tmp_path / "out").paths
    before = path.read_bytes()
    write_samples(rows, Path(tmp_path / "out"))
    assert path.read_bytes() == before
    with pytest.raises(InputError, match="it is there already"):
        write_samples(rows[:1], tmp_path / "out")
