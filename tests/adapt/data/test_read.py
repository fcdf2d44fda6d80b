"""Data as people have them: every form read, every bad row named, no value told."""

import json

import pytest
from adapt.data.conftest import asked, picture, write_lines

from osler.adapt.data.read import read_rows
from osler.errors import InputError

SECRET = "Jane Doe"


def table(path, *rows):
    path.write_text("\n".join(rows) + "\n")
    return path


def only(faults):
    (fault,) = faults
    return f"{fault.where}: {fault.reason}"


def test_a_table_of_file_question_and_answer(tmp_path):
    picture(tmp_path / "films/a.png")
    rows = read_rows(
        table(tmp_path / "rows.csv", "file,question,answer,patient,split", "films/a.png,Normal?,Yes.,p7,test")
    )
    (row,) = rows
    assert row.messages == (
        {
            "role": "user",
            "content": [
                {"type": "image", "image": str(tmp_path / "films/a.png")},
                {"type": "text", "text": "Normal?"},
            ],
        },
        {"role": "assistant", "content": "Yes."},
    )
    assert (row.number, row.where, row.group, row.part, row.answer) == (2, "line 2", "p7", "test", "Yes.")
    assert row.files == (tmp_path / "films/a.png",)


def test_the_same_row_as_json_and_in_a_folder(tmp_path):
    picture(tmp_path / "a.png")
    line = {"file": "a.png", "question": "Normal?", "answer": "Yes."}
    write_lines(tmp_path / "samples.jsonl", line)
    table(tmp_path / "other.csv", "file,question,answer", "a.png,Normal?,Yes.")
    (by_folder,), (by_table,) = read_rows(tmp_path), read_rows(tmp_path / "other.csv")
    assert by_folder.messages == by_table.messages


def test_several_files_make_one_study(tmp_path):
    paths = [picture(tmp_path / name) for name in ("a.png", "b.png")]
    (row,) = read_rows(table(tmp_path / "rows.csv", "files,question,answer", '"[""a.png"", ""b.png""]",New?,No.'))
    assert row.messages[0]["content"][0] == {"type": "image", "image": [str(path) for path in paths]}
    assert row.files == tuple(paths)


def test_options_are_asked_with_letters_and_answered_in_words(tmp_path):
    (row,) = read_rows(
        write_lines(tmp_path / "rows.jsonl", {"question": "Which?", "options": ["cat", "dog"], "answer": "B"})
    )
    assert row.messages[0]["content"][0]["text"] == "Which?\nAnswer Choices: (A) cat (B) dog"
    assert (row.answer, row.label, row.question, row.options) == ("dog", "dog", "Which?", ("cat", "dog"))


def test_labels_give_a_row_each(tmp_path):
    picture(tmp_path / "a.png")
    labels = {"oedema": "yes", "effusion": 0, "nodule": None}
    rows = read_rows(write_lines(tmp_path / "rows.jsonl", {"file": "a.png", "labels": labels}))
    assert [(row.number, row.question, row.answer, row.label) for row in rows] == [
        (1, "Is there oedema in this image?", "yes", "oedema: yes"),
        (1, "Is there effusion in this image?", "no", "effusion: no"),
    ]


def test_json_and_lists_of_answers(tmp_path):
    rows = read_rows(
        write_lines(
            tmp_path / "rows.jsonl",
            {"question": "As JSON.", "json": {"µ": [1, 2]}},
            {"question": "Which side?", "answer": ["left", "left side"]},
        )
    )
    assert [row.answer for row in rows] == ['{"µ": [1, 2]}', "left"]


def test_a_question_for_rows_that_have_none(tmp_path):
    lines = write_lines(tmp_path / "rows.jsonl", {"answer": "cat"}, {"answer": "dog", "question": "And this?"})
    rows = read_rows(lines, question="Is it one of {classes}?", classes=["cat", "dog"])
    assert [row.question for row in rows] == ["Is it one of cat, dog?", "And this?"]
    assert [row.label for row in rows] == ["cat", "dog"]


def test_rows_without_question_are_asked_for_their_class(tmp_path):
    (row,) = read_rows(write_lines(tmp_path / "rows.jsonl", {"answer": "cat"}), classes=["cat", "dog"])
    assert row.messages[0]["content"][0]["text"] == (
        "Which of these does the image show?\nAnswer Choices: (A) cat (B) dog"
    )


def test_folders_that_are_classes(tmp_path):
    for name in ("no_tumor/1.png", "tumor/2.png", "tumor/p3/3.png", ".hidden/4.png"):
        picture(tmp_path / name)
    rows = read_rows(tmp_path)
    assert rows.classes == ("no tumor", "tumor")
    assert [(row.number, row.where, row.answer, row.label) for row in rows] == [
        (1, "no_tumor/1.png", "no tumor", "no tumor"),
        (2, "tumor/2.png", "tumor", "tumor"),
        (3, "tumor/p3/3.png", "tumor", "tumor"),
    ]
    assert rows[0].messages[0]["content"][1]["text"] == (
        "Which of these does the image show?\nAnswer Choices: (A) no tumor (B) tumor"
    )
    asked_otherwise = read_rows(tmp_path, question="One of {classes}?")
    assert asked_otherwise[0].messages[0]["content"][1]["text"] == "One of no tumor, tumor?"


def test_folders_of_parts_hold_folders_of_classes(tmp_path):
    for name in ("train/cat/1.png", "train/dog/2.png", "val/cat/3.png", "test/dog/4.png", "test/cow/5.png"):
        picture(tmp_path / name)
    rows = read_rows(tmp_path)
    assert {row.where: row.part for row in rows} == {
        "train/cat/1.png": "train", "train/dog/2.png": "train", "val/cat/3.png": "validation", "test/dog/4.png": "test",
    }  # fmt: skip
    assert only(rows.faults) == "test/cow/5.png: its class is none of those in the folder train"


def test_one_class_is_none(tmp_path):
    picture(tmp_path / "cat/1.png")
    with pytest.raises(InputError, match="two or more folders that are classes"):
        read_rows(tmp_path)


def test_a_conversation_with_paths_below_the_data(tmp_path):
    picture(tmp_path / "data/films/a.png"), picture(tmp_path / "data/b.png")
    row = asked("New?", "No.", "films/a.png", ["b.png", "films/a.png"], patient="p1", split="val", learn="last")
    (read,) = read_rows(write_lines(tmp_path / "data/rows.jsonl", row))
    images = [part["image"] for part in read.messages[0]["content"] if part["type"] == "image"]
    a, b = str(tmp_path / "data/films/a.png"), str(tmp_path / "data/b.png")
    assert images == [a, [b, a]]
    assert (read.group, read.part, read.learn, read.question) == ("p1", "validation", "last", "New?")


def test_the_digest_is_of_what_the_rows_say_wherever_they_lie(tmp_path):
    def digest(folder, answer):
        picture(tmp_path / folder / "a.png")
        return read_rows(write_lines(tmp_path / folder / "rows.jsonl", asked("New?", answer, "a.png"))).digest()

    assert digest("one", "No.") == digest("other", "No.") != digest("one", "Yes.")


USER = {"role": "user", "content": "Normal?"}
SAYS = {"role": "assistant", "content": "Yes."}
SHOWN = {"type": "image", "image": "here.png"}
ONE_OF = "expected one of `answer`, `options` with `answer`, `labels`, `json` or `messages`"
WHICH = {"question": "Which?", "options": ["cat", "dog"], "answer": "cat"}
NEW = {"question": "New?", "answer": "No."}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"question": "a"', "it is no JSON (from its character 18 on)"),
        ("[1]", "expected a JSON object"),
        (asked("New?", "No.", "gone.png"), "there is no file `gone.png`"),
        ({"file": "gone.png", "question": "New?", "answer": "No."}, "there is no file `gone.png`"),
        (
            {"file": SECRET, "question": "New?", "answer": "No."},
            "what should be a path is none, and has no ending: are columns mixed up?",
        ),
        (asked("New?", "No.", SECRET), "what should be a path is none, and has no ending: are columns mixed up?"),
        (asked("New?", "No.", f"{SECRET} has a fracture."), "expected a path in each image of message 1, got words"),
        (
            {"file": f"{SECRET} has a fracture.", "question": "a.png", "answer": "No."},
            "expected a path in `file` or `files`, got words: are columns mixed up?",
        ),
        (
            {"question": "New?", "answer": "films/a.png"},
            "expected words in `answer`, got a path: are columns mixed up?",
        ),
        (
            {"question": "films/a.png", "answer": "No."},
            "expected words in `question`, got a path: are columns mixed up?",
        ),
        (asked("New?", "films/a.png"), "expected words in `messages`, got a path: are columns mixed up?"),
        ({"question": "New?", "answer": " "}, "its answer is empty"),
        ({"question": "New?", "answer": ""}, "its answer is empty"),
        ({"question": "New?", "answer": None}, "its answer is empty"),
        ({"question": "New?"}, f"{ONE_OF}, got none"),
        ({**NEW, "json": {}}, f"{ONE_OF}, got `answer` and `json`"),
        ({"question": "New?", "anwser": "No."}, "there is no field `anwser`; did you mean `answer`?"),
        ({"answer": "No."}, "expected the field `question`, got answer"),
        ({"file": "here.png", "question": " ", "answer": "No."}, "expected words in `question`, got nothing"),
        (asked(" ", "No.", "here.png"), "message 1 holds an image without a question"),
        ({"messages": [{"role": "user", "content": [SHOWN]}, SAYS]}, "message 1 holds an image without a question"),
        ({"messages": [USER, {"role": "assistant", "content": "  "}]}, "its answer is empty"),
        ({"messages": [USER, {"role": "assistant", "content": ""}, USER, SAYS]}, "the answer in message 2 is empty"),
        ({"messages": [USER]}, "its last message is not the assistant's: there is no answer to learn"),
        ({"messages": [USER, USER, SAYS]}, "cannot place turn 2: expected the role assistant, got user"),
        ({"messages": [SAYS, USER, SAYS]}, "cannot place turn 1: expected the role user, got assistant"),
        (
            {"messages": [{"role": SECRET, "content": "x"}, SAYS]},
            "expected a role of system, user, assistant, model in message 1",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": SECRET}]}, SAYS]},
            "expected parts of type text or image in message 1",
        ),
        (
            {"messages": [{"role": "user", "content": 7}, SAYS]},
            "cannot read message 1: expected a content of text or a list of parts, got int",
        ),
        (
            {"messages": [USER, {"role": "assistant", "content": [SHOWN, {"type": "text", "text": "x"}]}]},
            "message 2 is the assistant's and holds an image",
        ),
        (
            {"messages": [USER, {**SAYS, "thinking": "a"}, USER, SAYS]},
            "only the last answer can have `thinking`, not message 2",
        ),
        (
            {"messages": [USER, {**SAYS, "thinking": "<unused95>"}]},
            "expected words in `thinking`, without control tokens",
        ),
        (
            {"messages": [USER, {"role": "assistant", "content": "a<end_of_turn>"}]},
            "cannot place turn 2 (assistant): its text spells the control token <end_of_turn>",
        ),
        ({"messages": "Normal?"}, "expected a list of messages in `messages`"),
        ({"messages": [USER, "Yes."]}, "expected message 2 to be an object"),
        (
            {**WHICH, "answer": "cow"},
            "its answer is none of its options: expected the letter of one, or the text of one",
        ),
        ({**WHICH, "options": "cat"}, "expected 2 to 26 options, got 1"),
        ({**WHICH, "options": 7}, "expected texts in `options`"),
        ({"labels": {"oedema": SECRET}}, "expected yes, no or null for the label `oedema`"),
        ({"labels": []}, 'expected an object such as {"pneumonia": "yes", "effusion": "no"} in `labels`'),
        ({**NEW, "split": SECRET}, "expected train, validation or test in `split`"),
        ({**NEW, "learn": SECRET}, "expected all or last in `learn`"),
        (
            {**NEW, "patient": SECRET, "group": "7"},
            "`patient` and `group` are both there: rows are kept together by one of them",
        ),
        (
            {"file": "here.png", "boxes": [1]},
            "rows with `boxes` are not read for tuning; write what is learned into `answer`",
        ),
    ],
)
def test_a_bad_row_is_named_with_its_reason_and_the_others_are_read(tmp_path, row, reason):
    picture(tmp_path / "here.png")
    rows = read_rows(write_lines(tmp_path / "rows.jsonl", NEW, row, NEW))
    assert [one.number for one in rows] == [1, 3]
    assert only(rows.faults) == f"line 2: {reason}"
    assert rows.faults[0].number == 2


def test_an_answer_that_is_none_of_the_classes_is_named(tmp_path):
    lines = write_lines(
        tmp_path / "rows.jsonl", {"question": "Which?", "answer": "cat"}, {"question": "Which?", "answer": SECRET},
        asked("Which?", "Dog"), asked("Which?", "dog"),
    )  # fmt: skip
    rows = read_rows(lines, classes=["cat", "dog"])
    assert [row.label for row in rows] == ["cat", "dog"]
    assert [f"{fault.where}: {fault.reason}" for fault in rows.faults] == [
        "line 2: its answer is none of the 2 classes (cat, dog)",
        "line 3: its answer is none of the 2 classes (cat, dog)",
    ]


def test_a_table_s_row_with_another_number_of_cells_is_named(tmp_path):
    rows = read_rows(table(tmp_path / "rows.csv", "question,answer", "Normal?,No.", "Normal?", "New?,Yes."))
    assert [row.number for row in rows] == [2, 4]
    assert only(rows.faults) == "line 3: expected 2 cells, got another number"


def test_a_file_without_rows_is_an_error(tmp_path):
    with pytest.raises(InputError, match="there are no rows in it"):
        read_rows(write_lines(tmp_path / "rows.jsonl", ""))


def test_a_place_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(InputError, match="there is no"):
        read_rows(tmp_path / "gone")


def test_reading_tells_how_far_it_is(tmp_path):
    told = []
    lines = [json.dumps({"question": "New?", "answer": str(number)}) for number in range(2500)]
    read_rows(write_lines(tmp_path / "rows.jsonl", *lines), progress=lambda *what: told.append(what))
    assert [done for _, done, _ in told] == [1000, 2000]
