"""Rows looked at before training: every fault found, the row named."""

import numpy as np
import pytest
from adapt.data.conftest import asked, picture, write_lines

from osler.adapt.data.check import check_rows
from osler.adapt.data.example import Examples
from osler.adapt.data.faults import Fault, Faults
from osler.adapt.data.read import read_rows
from osler.errors import InputError
from osler.testing.dicom import make_dicom


def checked(tmp_path, model, *rows, **options):
    read = read_rows(write_lines(tmp_path / "rows.jsonl", *rows))
    return check_rows(read, Examples(read, model), **options)


def told(faults):
    return [f"{fault.where}: {fault.reason}" for fault in faults.faults]


def test_good_rows_have_no_fault(tmp_path, model):
    picture(tmp_path / "a.png")
    faults = checked(tmp_path, model, asked("Normal?", "No.", "a.png"), asked("New?", "Yes."))
    assert not faults
    assert faults.text == "all 2 rows can be used"
    faults.refuse()


def test_all_bad_rows_are_told_at_once_in_their_order(tmp_path, model):
    picture(tmp_path / "a.png")
    (tmp_path / "torn.png").write_bytes((tmp_path / "a.png").read_bytes()[:200])
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "notes.xyz").write_text("hello there")
    faults = checked(
        tmp_path, model,
        asked("Normal?", "No.", "torn.png"), '{"messages"', asked("Normal?", "No.", "a.png"),
        asked("Normal?", "No.", "empty.png"), asked("Normal?", "No.", "notes.xyz"), asked("Normal?", ""),
        asked("x" * 600, "No."),
    )  # fmt: skip
    assert [fault.number for fault in faults.faults] == [1, 2, 4, 5, 6, 7]
    reasons = [fault.reason for fault in faults.faults]
    assert "torn.png" in reasons[0] and "cannot" in reasons[0]
    assert reasons[1].startswith("it is no JSON")
    assert "it is empty (0 bytes)" in reasons[2]
    assert "notes.xyz" in reasons[3]
    assert reasons[4] == "its answer is empty"
    assert "the context holds 512" in reasons[5]
    assert faults.num_rows == 7
    with pytest.raises(InputError, match="6 of 7 rows cannot be used") as error:
        faults.refuse()
    assert all(f"line {number}:" in str(error.value) for number in (1, 2, 4, 5, 6, 7))


def test_two_million_tokens_are_found_quickly(tmp_path, model):
    faults = checked(tmp_path, model, asked("Normal?", "the lungs are clear " * 500_000), asked("New?", "Yes."))
    assert [fault.number for fault in faults.faults] == [1]
    assert "more than 512 tokens" in faults.faults[0].reason


def test_images_for_a_model_without_vision_are_told_of_each_row(tmp_path, blind):
    picture(tmp_path / "a.png")
    faults = checked(
        tmp_path, blind, asked("Normal?", "No.", "a.png"), asked("New?", "Yes."), asked("Old?", "No.", "a.png")
    )
    assert [fault.number for fault in faults.faults] == [1, 3]
    assert "cannot look at an image" in faults.faults[0].reason


def test_the_same_question_with_two_answers_is_told_of_both_rows(tmp_path, model):
    picture(tmp_path / "a.png"), picture(tmp_path / "b.png"), picture(tmp_path / "c.png", 1)
    faults = checked(
        tmp_path, model,
        asked("Normal?", "No.", "a.png"), asked("Normal?", "no", "b.png"), asked("Normal?", "Yes.", "b.png"),
        asked("Normal?", "Yes.", "c.png"),
    )  # fmt: skip
    assert told(faults) == [
        "line 1: it asks the same as line 3 and answers otherwise",
        "line 3: it asks the same as line 1 and answers otherwise",
    ]


def test_the_same_question_after_another_conversation_is_another_one(tmp_path, model):
    def row(first, second):
        user, assistant = {"role": "user", "content": "And?"}, {"role": "assistant", "content": second}
        return {"messages": [*asked("Normal?", first)["messages"], user, assistant]}

    assert not checked(tmp_path, model, row("No.", "Yes."), row("Perhaps.", "No."))


def test_exchanged_columns_are_told(tmp_path, model):
    rows = [{"question": f"Number {n}.", "answer": f"Is it {n}?"} for n in range(6)]
    assert told(checked(tmp_path, model, *rows)) == [
        "all rows: 100% of the answers end with a question mark, 0% of the questions do: "
        "are `question` and `answer` exchanged?"
    ]


def test_a_text_that_names_the_patient_is_told_without_the_name(tmp_path, model):
    make_dicom(tmp_path / "a.dcm", np.zeros((20, 30), np.uint16), PatientName="Doe^Jane")
    faults = checked(tmp_path, model, asked("Normal?", "No, Jane Doe is ill.", "a.dcm"))
    assert "a text of it holds the patient's name" in faults.faults[0].reason
    assert "Jane" not in faults.text


def test_checking_tells_how_far_it_is_and_shows_each_example(tmp_path, model):
    steps, seen = [], []
    checked(
        tmp_path, model, asked("A?", "No."), asked("x" * 600, "No."), asked("C?", "No."),
        progress=lambda *what: steps.append(what), watch=lambda *what: seen.append(what),
    )  # fmt: skip
    assert [done for _, done, _ in steps] == [0, 1, 2, 3]
    assert [(place, example.row.question) for place, example in seen] == [(0, "A?"), (2, "C?")]


def test_faults_as_plain_values():
    faults = Faults(faults=(Fault(number=3, where="line 3", reason="its answer is empty"),), num_rows=5)
    assert faults.to_dict() == {
        "num_rows": 5,
        "num_bad": 1,
        "faults": [{"number": 3, "where": "line 3", "reason": "its answer is empty"}],
    }


@pytest.mark.parametrize(
    ("odd", "is_told"), [("effussion", True), ("Effusion.", True), ("normal", False), ("oedema 2", False)]
)
def test_a_class_that_is_misspelt_once_is_told(tmp_path, model, odd, is_told):
    answers = [*["effusion", "oedema 1"] * 8, odd]
    rows = [asked("Which?", answer, f"{number}.png") for number, answer in enumerate(answers)]
    for number in range(len(rows)):
        picture(tmp_path / f"{number}.png", number)
    faults = checked(tmp_path, model, *rows)
    assert [fault.where for fault in faults.faults] == (["line 17"] if is_told else [])


def test_one_odd_answer_of_many_is_no_slip(tmp_path, model):
    assert not checked(tmp_path, model, *(asked(f"Number {n}?", f"It is effusion {'abcdefgh'[n]}") for n in range(8)))
