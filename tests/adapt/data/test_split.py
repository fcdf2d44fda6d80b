"""Rows to parts: by patient, the same each time, and never torn."""

import numpy as np
import pytest
from adapt.data.conftest import asked, picture, write_lines

from osler.adapt.data.read import read_rows
from osler.adapt.data.split import PARTS, split_rows
from osler.errors import InputError
from osler.testing.dicom import make_dicom


def text_rows(tmp_path, count, name="rows.jsonl", **more):
    rows = [asked(f"Question {number}?", f"Answer {number}.", **more) for number in range(count)]
    return read_rows(write_lines(tmp_path / name, *rows))


def placed(parts):
    return {row.where: part for part in PARTS for row in parts.of(part)}


def test_every_row_is_in_one_part(tmp_path):
    rows = text_rows(tmp_path, 200)
    parts = split_rows(rows, test=0.2, validation=0.1)
    assert sorted(row.number for part in PARTS for row in parts.of(part)) == list(range(1, 201))
    assert 20 <= len(parts.test) <= 60
    assert 8 <= len(parts.validation) <= 36


def test_added_rows_move_none(tmp_path):
    fewer, more = text_rows(tmp_path, 100), text_rows(tmp_path, 150, "more.jsonl")
    before, after = placed(split_rows(fewer)), placed(split_rows(more))
    assert before == {where: after[where] for where in before}


def test_another_seed_gives_other_parts(tmp_path):
    rows = text_rows(tmp_path, 50)
    assert placed(split_rows(rows)) == placed(split_rows(rows)) != placed(split_rows(rows, seed=1))


def test_rows_of_a_patient_stay_together(tmp_path):
    rows = [asked(f"Question {n}?", "No.", patient=f"p{n % 20}") for n in range(100)]
    parts = split_rows(read_rows(write_lines(tmp_path / "rows.jsonl", *rows)))
    groups = [{row.group for row in parts.of(part)} for part in PARTS]
    assert sum(map(len, groups)) == 20
    assert dict(parts.by) == {"group": 100}
    assert [parts.num_groups[part] for part in PARTS] == list(map(len, groups))


def test_rows_about_one_file_stay_together_even_through_others(tmp_path):
    for number in range(41):
        picture(tmp_path / f"{number}.png", number)
    rows = [asked("New?", "No.", f"{number}.png", f"{number + 1}.png") for number in range(40)]
    lone = [asked(f"Question {n}?", "No.") for n in range(40)]
    parts = split_rows(read_rows(write_lines(tmp_path / "rows.jsonl", *rows, *lone)))
    assert len({part for where, part in placed(parts).items() if int(where.split()[1]) <= 40}) == 1


def test_the_same_words_stay_together(tmp_path):
    rows = [asked(f"Question {n % 10}?", f"Answer {n}.") for n in range(100)]
    parts = split_rows(read_rows(write_lines(tmp_path / "rows.jsonl", *rows)))
    asked_in = [{row.question for row in parts.of(part)} for part in PARTS]
    assert sum(map(len, asked_in)) == 10


def test_films_of_a_dicom_patient_stay_together(tmp_path):
    for number in range(40):
        make_dicom(tmp_path / f"{number}.dcm", np.zeros((8, 8), np.uint8), PatientID=f"P-{number % 8}")
    rows = [asked("Normal?", "No.", f"{number}.dcm") for number in range(40)]
    parts = split_rows(read_rows(write_lines(tmp_path / "rows.jsonl", *rows)), test=0.3, validation=0.2)
    patients = [{int(row.files[0].stem) % 8 for row in parts.of(part)} for part in PARTS]
    assert sum(map(len, patients)) == 8
    assert dict(parts.by) == {"DICOM's patient": 40}


def test_a_series_in_a_folder_belongs_to_its_patient(tmp_path):
    for number in range(10):
        make_dicom(tmp_path / f"ct{number}/1.dcm", np.zeros((8, 8), np.uint8), PatientID=f"P-{number % 3}")
    rows = [asked("Normal?", "No.", f"ct{number}") for number in range(10)]
    assert (
        sum(split_rows(read_rows(write_lines(tmp_path / "rows.jsonl", *rows)), validation=0).num_groups.values()) == 3
    )


def test_folders_below_classes_are_patients(tmp_path):
    for number in range(60):
        picture(tmp_path / ("cat", "dog")[number % 2] / f"p{number % 12}" / f"{number}.png", number)
    parts = split_rows(read_rows(tmp_path))
    folders = [{row.files[0].parent.name for row in parts.of(part)} for part in PARTS]
    assert sum(map(len, folders)) == 12
    assert dict(parts.by) == {"folder": 60}


def test_patients_may_be_told_by_the_names_of_files(tmp_path):
    for number in range(60):
        picture(tmp_path / "films" / f"{number % 12}_{number}.png", number)
    rows = [asked("Normal?", "No.", f"films/{number % 12}_{number}.png") for number in range(60)]
    parts = split_rows(read_rows(write_lines(tmp_path / "rows.jsonl", *rows)), patients=r"(\d+)_\d+")
    told = [{row.files[0].stem.split("_")[0] for row in parts.of(part)} for part in PARTS]
    assert sum(map(len, told)) == 12


def test_small_classes_are_in_training_and_test(tmp_path):
    for seed in range(20):
        rows = [asked(f"Question {n}?", "rare" if n < 3 else "common") for n in range(40)]
        parts = split_rows(read_rows(write_lines(tmp_path / "rows.jsonl", *rows)), seed=seed)
        for part in PARTS:
            assert {row.answer for row in parts.of(part)} == {"rare", "common"}


def test_a_class_of_one_row_is_trained_on_or_not_but_breaks_nothing(tmp_path):
    for seed in range(10):
        rows = [asked(f"Question {n}?", "lone" if n < 1 else "common") for n in range(40)]
        parts = split_rows(read_rows(write_lines(tmp_path / "rows.jsonl", *rows)), seed=seed)
        assert [any(row.answer == "common" for row in parts.of(part)) for part in PARTS] == [True] * 3


def test_parts_that_the_data_name_are_kept(tmp_path):
    rows = [asked(f"Question {n}?", "No.", split=("train", "test", "valid")[n % 3]) for n in range(30)]
    parts = split_rows(read_rows(write_lines(tmp_path / "rows.jsonl", *rows)))
    assert [len(parts.of(part)) for part in PARTS] == [10, 10, 10]
    assert parts.is_own
    assert {row.part for row in parts.test} == {"test"}


def test_a_part_that_the_data_do_not_name_is_taken_out_of_training(tmp_path):
    rows = [asked(f"Question {n}?", "No.", split=("train", "test")[n % 2]) for n in range(60)]
    parts = split_rows(read_rows(write_lines(tmp_path / "rows.jsonl", *rows)), validation=0.3)
    assert {row.part for row in parts.validation} == {"train"}
    assert len(parts.test) == 30
    without = split_rows(read_rows(tmp_path / "rows.jsonl"), validation=0)
    assert (len(without.train), len(without.validation)) == (30, 0)


def test_a_patient_in_two_named_parts_is_an_error_with_the_rows(tmp_path):
    rows = [asked(f"Question {n}?", "No.", split=("train", "test")[n % 2], patient=f"Doe{n // 2}") for n in range(4)]
    with pytest.raises(InputError, match="2 of 2 patients or groups stand in several parts") as error:
        split_rows(read_rows(write_lines(tmp_path / "rows.jsonl", *rows)))
    assert "train: line 1; test: line 2" in str(error.value)
    assert "Doe" not in str(error.value)


def test_a_file_in_two_named_parts_is_an_error(tmp_path):
    picture(tmp_path / "a.png")
    rows = [asked(f"Question {n}?", "No.", "a.png", split=("train", "test")[n]) for n in range(2)]
    with pytest.raises(InputError, match="several parts"):
        split_rows(read_rows(write_lines(tmp_path / "rows.jsonl", *rows)))


def test_all_rows_name_a_part_or_none_does(tmp_path):
    rows = [asked("A?", "No.", split="train"), asked("B?", "No."), asked("C?", "No.", split="test")]
    with pytest.raises(InputError, match=r"1 of 3 rows name no part in `split`: line 2"):
        split_rows(read_rows(write_lines(tmp_path / "rows.jsonl", *rows)))


def test_too_few_groups_are_an_error(tmp_path):
    with pytest.raises(InputError, match=r"there are 2 patients or groups, too few for 3 parts"):
        split_rows(text_rows(tmp_path, 2))


@pytest.mark.parametrize(("test", "validation"), [(1.0, 0.0), (0.6, 0.4), (-0.1, 0.1)])
def test_shares_must_leave_something_to_train_on(tmp_path, test, validation):
    with pytest.raises(InputError, match="leave nothing to train on"):
        split_rows(text_rows(tmp_path, 10), test=test, validation=validation)


def test_pairs_that_belong_together_are_in_one_part(tmp_path):
    rows = text_rows(tmp_path, 60)
    pairs = [(n, n + 1) for n in range(0, 60, 2)]
    where = placed(split_rows(rows, together=pairs))
    assert all(where[rows[one].where] == where[rows[other].where] for one, other in pairs)


def test_counts_are_told_without_a_patient_s_name(tmp_path):
    rows = [asked(f"Question {n}?", "No.", patient=f"Doe{n}") for n in range(30)]
    told = split_rows(read_rows(write_lines(tmp_path / "rows.jsonl", *rows))).to_dict()
    assert sum(part["rows"] for part in told["parts"].values()) == 30
    assert "Doe" not in str(told)
