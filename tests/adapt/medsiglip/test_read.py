"""Rows of tables and folders of classes, and all that can be wrong with them."""

import json

import pytest
from PIL import Image

from osler.adapt.medsiglip.kept_rows import KeptRows
from osler.adapt.medsiglip.pair import Caption
from osler.adapt.medsiglip.parts import divide, find_alike
from osler.adapt.medsiglip.prepared import prepare
from osler.adapt.medsiglip.read import Wanted, read_pairs
from osler.errors import InputError


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "b", "c"):
        Image.new("RGB", (8, 8), "navy").save(tmp_path / f"{name}.png")
    return tmp_path


def table(folder, text: str):
    path = folder / "rows.csv"
    path.write_text(text)
    return path


def test_a_table_of_texts_gives_files_captions_and_patients(folder):
    pairs = read_pairs(table(folder, "file,text,patient\na.png,Clear lungs.,7\nb.png,Effusion.,8\n"), Wanted())
    assert [(row.number, row.file.name, row.captions, row.group) for row in pairs.rows] == [
        (2, "a.png", (Caption(text="Clear lungs."),), "7"),
        (3, "b.png", (Caption(text="Effusion."),), "8"),
    ]
    assert not pairs.faults


def test_json_lines_may_have_several_texts(folder):
    path = folder / "rows.jsonl"
    path.write_text(json.dumps({"file": "a.png", "text": ["one", "two"], "split": "val"}) + "\n")
    (row,) = read_pairs(path, Wanted()).rows
    assert [caption.text for caption in row.captions] == ["one", "two"]
    assert row.part == "validation"


def test_texts_are_made_of_labels_where_there_are_none(folder):
    path = table(folder, "file,label\na.png,mass\nb.png,normal\n")
    pairs = read_pairs(path, Wanted(texts={"mass": ["a mass", "a tumour"], "normal": "clear"}, templates=("film: {}",)))
    assert pairs.rows[0].captions == (
        Caption(text="film: a mass", label="mass"),
        Caption(text="film: a tumour", label="mass"),
    )


def test_several_labels_stand_between_bars_and_none_is_an_empty_cell(folder):
    path = table(folder, "file,labels\na.png,mass|effusion\nb.png,\nc.png,mass\n")
    pairs = read_pairs(path, Wanted(labels=True, are_several=True))
    assert [row.labels for row in pairs.rows] == [("mass", "effusion"), (), ("mass",)]
    assert pairs.labels == ("effusion", "mass")


def test_a_folder_of_classes_has_its_folders_as_labels(films):
    pairs = read_pairs(films, Wanted(labels=True))
    assert len(pairs.rows) == 96 and pairs.labels == ("effusion", "fracture", "nodule", "pneumonia")
    assert pairs.rows[0].where == "effusion/e0/0.png"


def test_every_bad_row_is_named_with_its_reason(folder):
    path = table(
        folder,
        "file,text,split\na.png,good,train\nnone.png,good,train\nb.png,,train\nb.png,...,train\n"
        ",good,train\nb.png,good,exam\n",
    )
    pairs = read_pairs(path, Wanted(is_empty=lambda text: not any(map(str.isalpha, text))))
    assert [(fault.where, fault.reason) for fault in sorted(pairs.faults)] == [
        ("line 3", "there is no file `none.png`"),
        ("line 4", "expected words in `text`, or a `label`"),
        ("line 5", "its text has no letters"),
        ("line 6", "expected the name of a file in `file`"),
        ("line 7", "expected train, validation or test in `split`"),
    ]
    with pytest.raises(InputError, match="5 of 6 rows cannot be used"):
        pairs.refuse()


def test_a_row_with_two_labels_is_bad_where_one_is_learnt(folder):
    pairs = read_pairs(
        table(folder, "file,label\na.png,mass|effusion\nb.png,mass\nc.png,normal\n"), Wanted(labels=True)
    )
    assert [fault.where for fault in pairs.faults] == ["line 2"]


def test_a_label_without_a_text_is_refused(folder):
    with pytest.raises(InputError, match="no text was given for 1 labels, first `normal`"):
        read_pairs(table(folder, "file,label\na.png,mass\nb.png,normal\n"), Wanted(texts={"mass": ["a mass"]}))


def prepared_of(pairs, folder):
    kept = KeptRows(folder, "squares", (8, 8, 3), "|u1", way="")
    return prepare(pairs.rows, kept, lambda pixels: pixels)


def test_a_file_that_cannot_be_read_is_named_with_the_others(folder, tmp_path):
    (folder / "b.png").write_bytes((folder / "b.png").read_bytes()[:40])
    pairs = read_pairs(table(folder, "file,text\na.png,one\nb.png,two\nc.png,three\n"), Wanted())
    prepared, faults = prepared_of(pairs, tmp_path / "kept")
    assert [fault.where for fault in faults] == ["line 3"] and len(prepared) == 2


def test_pictures_of_one_patient_stand_on_one_side(films):
    pairs = divide(read_pairs(films, Wanted(labels=True)), validation=0.2, test=0.2)
    sides = {}
    for row in pairs.rows:
        sides.setdefault(row.group, set()).add(row.part)
    assert len(sides) == 48 and all(len(parts) == 1 for parts in sides.values())
    assert {row.part for row in pairs.rows} == {"train", "validation", "test"} and not pairs.notes


def test_rows_that_only_their_files_tell_apart_are_noted(folder):
    pairs = read_pairs(table(folder, "file,text\na.png,one\nb.png,two\nc.png,three\n"), Wanted())
    assert "3 rows are told apart by their files only" in divide(pairs, validation=0, test=0.3).notes[0]


def test_pictures_that_look_the_same_in_two_parts_are_refused_with_their_rows(films, tmp_path):
    pixels = Image.open(films / "nodule" / "n0" / "0.png")
    for name in ("a.png", "b.png", "c.png"):
        (pixels if name != "c.png" else Image.open(films / "effusion" / "e3" / "7.png")).save(tmp_path / name)
    rows = "file,label,patient,split\na.png,x,1,train\nb.png,x,2,test\nc.png,y,3,train\n"
    pairs = read_pairs(table(tmp_path, rows), Wanted(labels=True))
    kept = KeptRows(tmp_path / "kept", "squares", (56, 56, 3), "|u1", way="")
    prepared, _ = prepare(pairs.rows, kept, lambda pixels: pixels)
    alike = find_alike(pairs, prepared)
    with pytest.raises(InputError, match=r"line 2 \(train\) and line 3 \(test\): the same"):
        divide(pairs, validation=0, test=0.2, alike=alike, duplicates="refuse")
    allowed = divide(pairs, validation=0, test=0.2, alike=alike, duplicates="allow")
    assert [row.part for row in allowed.rows] == ["train", "test", "train"]
