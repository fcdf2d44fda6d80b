"""What `osler record` prints of an answer."""

import json
from datetime import date

import pytest

from osler.cli.record import RecordChoices, print_answer, print_rest, print_steps
from osler.errors import OslerError
from osler.testing.answering import answering_model
from osler.testing.fhir import make_bundle, small_record

STATEMENTS = {"statements": [{"text": "Haemoglobin was 13.6 g/dL on 2020-03-01.", "sources": ["Observation/2"]}]}


@pytest.fixture
def answered(tmp_path):
    """The answer of a model that says something."""
    path = make_bundle(tmp_path / "record.json", small_record())

    def run(said, **options):
        return answering_model(lambda prompt: json.dumps(said)).record(
            path, "Haemoglobin?", today="2026-06-30", **options
        )

    return run


def test_the_answer_and_the_entries_that_it_cites_go_to_stdout(answered, capsys):
    print_answer(answered(STATEMENTS))
    assert capsys.readouterr() == (
        "Haemoglobin was 13.6 g/dL on 2020-03-01. [Observation/2]\n"
        "\n"
        "Sources\n"
        "[Observation/2] 2020-03-01 Haemoglobin: 13.5 g/dL (reference >= 13)\n",
        "",
    )


def test_a_number_that_no_cited_entry_holds_is_told_and_the_notice_ends_it(answered, capsys):
    answer = answered(STATEMENTS)
    print_rest(answer)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == 'note: not in the cited entries: 13.6 in "Haemoglobin was 13.6 g/dL on 2020-03-01."'
    assert lines[-2].startswith("4 of 4 entries read · 1 step of the model · ")
    assert lines[-1] == answer.notice


def test_a_statement_about_something_else_than_its_entries_is_told(answered, capsys):
    print_rest(answered({"statements": [{"text": "The kidneys fail.", "sources": ["Observation/2"]}]}))
    assert 'note: the cited entries share no word with "The kidneys fail."' in capsys.readouterr().err


def test_a_question_without_an_answer_says_so(answered, capsys):
    print_answer(answered({"statements": []}))
    assert capsys.readouterr().out == "Not in the record.\n"


def test_an_answer_that_was_cut_off_is_an_error(answered, capsys):
    answer = answered(STATEMENTS, max_new_tokens=7)
    print_answer(answer)
    assert capsys.readouterr().out == ""
    with pytest.raises(OslerError, match="cut off after 7 tokens"):
        print_rest(answer)


def test_steps_are_told_by_name_and_by_whom(answered, capsys):
    print_steps(answered({"statements": []}).trace)
    assert capsys.readouterr().err == '1. answer (model): {"statements": []}\n'


def test_the_day_of_the_question_is_today_unless_it_is_given(tmp_path):
    path = make_bundle(tmp_path / "record.json", small_record())
    model = answering_model(lambda prompt: '{"statements": []}')
    assert RecordChoices().ask(model, [str(path)], "Haemoglobin?", {}).today == date.today().isoformat()
