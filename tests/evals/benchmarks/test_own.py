"""A user's own data: each kind of rows, and every bad one named."""

import json

import pytest

from osler.errors import InputError
from osler.evals.benchmarks.own import BENCHMARK
from osler.evals.generation import Row
from osler.testing.eval_answers import answered
from osler.testing.image_benchmarks import make_picture
from osler.testing.text_benchmarks import write_json, write_jsonl, write_rows


@pytest.fixture(name="folder")
def _folder(tmp_path):
    make_picture(tmp_path / "a.png", 40, 20)
    make_picture(tmp_path / "films/b.png", 40, 20)
    return tmp_path


def fitted(folder, *rows):
    write_jsonl(folder / "samples.jsonl", rows)
    benchmark = BENCHMARK.fitted(folder)
    return benchmark, benchmark.read(folder)


def measured(benchmark, samples, *said):
    """The metrics' values, by name, of answers read by the first parser."""
    rows = [
        Row(sample=sample, generation=answered(text), parsed=benchmark.parsers[0].read(answered(text), sample))
        for sample, text in zip(samples, said, strict=True)
    ]
    return {metric.name: metric.of(rows) for metric in benchmark.metrics}


def test_multiple_choice_by_letter_or_by_text(folder):
    benchmark, samples = fitted(
        folder,
        {"question": "Which?", "options": ["cat", "dog"], "answer": "dog"},
        {"question": "Which?", "options": {"A": "cat", "B": "dog"}, "answer": "A"},
    )
    assert [sample.reference for sample in samples] == ["B", "A"]
    assert measured(benchmark, samples, "Final Answer: B", "Final Answer: B") == {"accuracy": 0.5}


def test_free_text_with_several_right_answers(folder):
    benchmark, samples = fitted(
        folder, {"file": "a.png", "question": "What?", "answer": ["left lung", "the left side"]}
    )
    assert measured(benchmark, samples, "Final Answer: left side")["token F1 (squad)"] == 1.0


def test_answers_that_are_all_yes_or_no_are_measured_as_such(folder):
    benchmark, samples = fitted(
        folder,
        {"file": "a.png", "question": "Is there a fracture?", "answer": "Yes"},
        {"file": "a.png", "question": "Is there a tumour?", "answer": "no"},
    )
    assert [sample.reference for sample in samples] == ["yes", "no"]
    assert "yes or no" in benchmark.title
    assert measured(benchmark, samples, "Final Answer: yes", "Final Answer: yes")["accuracy"] == 0.5


def test_one_answer_in_words_makes_all_of_them_words(folder):
    benchmark, samples = fitted(
        folder, {"question": "Is it?", "answer": "yes"}, {"question": "What?", "answer": "bone"}
    )
    assert benchmark.metrics[0].name == "token F1 (squad)"
    assert samples[0].reference == "yes"


def test_each_label_is_a_question_and_null_is_none(folder):
    labels = {"pneumonia": "yes", "effusion": False, "edema": None}
    benchmark, samples = fitted(folder, {"id": "p1", "file": "a.png", "labels": labels})
    assert [(sample.id, sample.text, sample.reference) for sample in samples] == [
        ("p1/pneumonia", "Is there pneumonia in this image?", "yes"),
        ("p1/effusion", "Is there effusion in this image?", "no"),
    ]
    assert {sample.unit for sample in samples} == {"p1"}
    assert measured(benchmark, samples, "Final Answer: yes", "Final Answer: yes")["macro F1 (conditions)"] == 0.5


def test_each_thing_is_asked_for_once_with_all_its_boxes(folder):
    boxes = [
        {"label": "lung", "box": [0, 0, 10, 20]},
        {"label": "heart", "box": [10, 5, 20, 15]},
        {"label": "lung", "box": [30, 0, 40, 20]},
    ]
    benchmark, samples = fitted(folder, {"id": "x", "file": "films/b.png", "boxes": boxes})
    assert [(sample.id, len(sample.reference)) for sample in samples] == [("x/lung", 2), ("x/heart", 1)]
    # 40 × 20 pixels are padded to a square of 40: x 10 to 20 is 250 to 500, y 5 to 15 is 375 to 625.
    heart = '[{"box_2d": [375, 250, 625, 500], "label": "heart"}]'
    assert measured(benchmark, samples, "[]", heart)["mean IoU"] == pytest.approx(0.5)


def test_forms_are_scored_by_their_fields_and_held_to_a_schema(folder):
    schema = {"type": "object", "properties": {"side": {"type": "string"}}}
    row = {"file": "a.png", "question": "Fill in.", "json": {"side": "left", "sizes": [3]}, "schema": schema}
    benchmark, samples = fitted(folder, row)
    assert benchmark.prompts[0].ask(samples[0]).schema == schema
    values = measured(benchmark, samples, '```json\n{"side": "LEFT", "sizes": [4]}\n```')
    assert values == {"JSON field F1": 0.5}


def test_several_files_are_one_study_and_come_first(folder):
    benchmark, samples = fitted(folder, {"files": ["a.png", "films/b.png"], "question": "What?", "answer": "bone"})
    seen, words = benchmark.prompts[0].ask(samples[0]).parts
    assert seen.files == (folder / "a.png", folder / "films/b.png")
    assert words.startswith("What?\n")


def test_a_folder_of_slices_is_one_study(folder):
    samples = fitted(folder, {"file": "films", "question": "What?", "answer": "bone"})[1]
    assert samples[0].seen[0].files == (folder / "films",)


def test_groups_become_subgroup_tables_and_patients_are_drawn_together(folder):
    row = {"question": "What?", "answer": "bone", "patient": "p7", "groups": {"sex": "F", "age": 60}}
    benchmark, samples = fitted(folder, row)
    assert benchmark.groups == ("sex", "age")
    assert samples[0].groups == {"sex": "F", "age": "60"}
    assert samples[0].unit == "p7"


def test_rows_without_an_id_are_named_by_their_line(folder):
    assert fitted(folder, {"question": "What?", "answer": "bone"})[1][0].id == "line 1"


def test_a_csv_table_holds_lists_with_bars_or_as_json(folder):
    labels = json.dumps({"edema": "yes"})
    write_rows(
        folder / "samples.csv", [("file", "question", "options", "answer"), ("a.png", "Which?", "cat | dog", "B")]
    )
    assert BENCHMARK.fitted(folder).read(folder)[0].options == (("A", "cat"), ("B", "dog"))
    write_rows(folder / "samples.csv", [("file", "labels"), ("a.png", labels)])
    assert BENCHMARK.fitted(folder).read(folder)[0].groups == {"condition": "edema"}


def test_a_file_of_rows_may_be_named_itself_and_may_have_any_name(folder):
    path = write_json(folder / "mine.json", [{"question": "What?", "answer": "bone"}])
    assert BENCHMARK.fitted(path).read(path) == BENCHMARK.fitted(folder).read(folder)


def test_several_tables_are_not_chosen_among(folder):
    for name in ("one.jsonl", "two.csv"):
        write_jsonl(folder / name, [{"question": "What?", "answer": "bone"}])
    with pytest.raises(InputError, match=r"`one.jsonl`, `two.csv`"):
        BENCHMARK.fitted(folder)


def test_folders_are_classes(tmp_path):
    for name in ("no_tumor/1.png", "tumor/1.png", "tumor/deep/2.png", ".hidden/3.png"):
        make_picture(tmp_path / name)
    benchmark = BENCHMARK.fitted(tmp_path)
    samples = benchmark.read(tmp_path)
    assert [(sample.id, sample.reference) for sample in samples] == [
        ("no_tumor/1.png", "A"),
        ("tumor/1.png", "B"),
        ("tumor/deep/2.png", "B"),
    ]
    assert samples[0].options == (("A", "no tumor"), ("B", "tumor"))
    assert benchmark.baselines(samples) == {"always `B`": ["B", "B", "B"]}


def test_every_bad_row_is_named_with_its_reason(folder):
    rows = [
        {"question": "What?", "answer": "bone"},
        {"question": "What?"},
        {"question": "What?", "anwser": "bone", "answer": "x"},
        {"question": "What?", "answer": "bone", "file": "nowhere.png"},
        {"answer": "bone"},
        {"question": "Which?", "options": ["a", "b"], "answer": "a"},
        {"question": "What?", "answer": "bone", "labels": {"x": "yes"}},
        {"question": "What?", "answer": "bone", "groups": "F"},
        {"question": "What?", "answer": []},
    ]
    with pytest.raises(InputError) as error:
        fitted(folder, *rows)
    said = error.value.message.splitlines()
    assert said[0] == "cannot use 8 of 9 rows:"
    reasons = [
        "line 2: expected one of `answer`",
        "line 3: there is no field `anwser`; did you mean `answer`?",
        "line 4: there is no file `nowhere.png`",
        "line 5: expected the field `question`",
        "line 6: it has `options`, but the first row has `answer`: one kind a file",
        "line 7: expected one of `answer`",
        'line 8: expected an object such as {"sex": "F"}',
        "line 9: expected texts in the list `answer`",
    ]
    for line, reason in zip(said[1:], reasons, strict=True):
        assert reason in line
    assert error.value.hint == "docs/own-data.md shows rows of every kind"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"question": "?", "options": ["a", "b"], "answer": "c"}, "letter of one option"),
        ({"question": "?", "options": ["a"], "answer": "a"}, "at least two options"),
        ({"file": "a.png", "labels": {"x": "perhaps"}}, "yes, no or null for the label `x`"),
        ({"file": "a.png", "labels": {}}, "an object such as"),
        ({"file": "a.png", "question": "Is it?", "labels": {"x": 1, "y": 0}}, "`{label}` in `question`"),
        ({"boxes": [{"label": "x", "box": [0, 0, 1, 1]}]}, "one picture in `file`"),
        ({"file": "a.png", "boxes": [{"label": "x", "box": [0, 0, 41, 10]}]}, "inside the picture"),
        ({"file": "a.png", "boxes": [{"label": "x", "box": [9, 0, 3, 10]}]}, "x0 below x1"),
        ({"file": "a.png", "boxes": [{"box": [0, 0, 3, 10]}]}, "a `label`"),
        ({"question": "?", "json": "text"}, "an object or a list in `json`"),
        ({"question": "?", "json": {"a": 1}, "schema": []}, "a JSON Schema"),
        ({"question": "?", "answer": "x", "files": [3]}, "a list of paths"),
    ],
)
def test_one_bad_row_is_said_by_itself(folder, row, reason):
    with pytest.raises(InputError) as error:
        fitted(folder, row)
    assert error.value.message.startswith("cannot use `samples.jsonl`, line 1: ")
    assert reason in error.value.message


def test_a_folder_with_nothing_of_the_sort_is_told_what_to_hold(tmp_path):
    make_picture(tmp_path / "only.png")
    with pytest.raises(InputError, match=r"expected a table of rows such as samples.jsonl, or two or more folders"):
        BENCHMARK.fitted(tmp_path)


def test_own_data_are_kept_from_leaving_like_restricted_ones():
    assert BENCHMARK.is_restricted


def test_where_rows_name_a_split_those_of_test_are_asked(folder):
    rows = [{"question": f"Number {n}?", "answer": "x", "split": ("train", "Test", "val")[n % 3]} for n in range(6)]
    _, samples = fitted(folder, *rows)
    assert [sample.id for sample in samples] == ["line 2", "line 5"]


def test_rows_of_which_none_is_of_test_are_an_error(folder):
    write_jsonl(folder / "samples.jsonl", [{"question": "Which?", "answer": "x", "split": "train"}])
    with pytest.raises(InputError, match="none of them is of `test`"):
        BENCHMARK.fitted(folder)
