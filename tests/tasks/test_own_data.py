"""A user's own rows: found in their folder, and their files told from words."""

import pytest

from osler.errors import InputError
from osler.formats.lines import Line
from osler.tasks.own_data import classes_of, files_of, holds_words, table_of


def test_a_folder_s_table_is_samples_or_the_only_one(tmp_path):
    assert table_of(tmp_path) is None
    (tmp_path / "mine.csv").touch()
    assert table_of(tmp_path) == tmp_path / "mine.csv"
    (tmp_path / "other.jsonl").touch()
    with pytest.raises(InputError, match="cannot choose among the tables"):
        table_of(tmp_path)
    (tmp_path / "samples.jsonl").touch()
    assert table_of(tmp_path) == tmp_path / "samples.jsonl"


def test_classes_are_folders_with_files(tmp_path):
    for name in ("cat/1.png", "cat/deep/2.png", "dog/.hidden", ".git/3.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert {name: len(files) for name, files in classes_of(tmp_path).items()} == {"cat": 2}


@pytest.mark.parametrize(
    ("text", "is_words"),
    [
        ("films/a.png", False),
        ("chest film of March 3.dcm", False),
        ("ct/series 3 with contrast", True),
        ("series 3", False),
        ("/data/ct", False),
        ("The heart is large", True),
        ("Is it normal?", True),
        ("one\ntwo", True),
        ("x" * 2000, True),
    ],
)
def test_words_are_told_from_paths(text, is_words):
    assert holds_words(text) == is_words


def test_words_in_place_of_a_file_are_not_repeated(tmp_path):
    line = Line(where="`rows.csv`, line 7", values={"file": "Jane Doe has a fracture."})
    with pytest.raises(InputError, match="are columns mixed up") as error:
        files_of(line, tmp_path)
    assert "Doe" not in str(error.value)


def test_a_file_may_be_named_like_a_sentence(tmp_path):
    (tmp_path / "a film of the chest").mkdir()
    line = Line(where="`rows.csv`, line 7", values={"file": "a film of the chest"})
    assert files_of(line, tmp_path) == (tmp_path / "a film of the chest",)


def test_a_text_that_is_no_name_at_all_is_told_as_words(tmp_path):
    line = Line(where="`rows.csv`, line 7", values={"file": "x" * 5000})
    with pytest.raises(InputError, match="are columns mixed up"):
        files_of(line, tmp_path)
