"""Near-duplicates: found in pictures and texts, told across parts, or kept in one."""

import numpy as np
import pytest
from adapt.data.conftest import asked, write_lines
from PIL import Image as Pillow

from osler.adapt.data.check import check_rows
from osler.adapt.data.duplicates import Prints, across_parts, refuse_across, together
from osler.adapt.data.example import Examples
from osler.adapt.data.read import read_rows
from osler.adapt.data.split import split_rows
from osler.errors import InputError

pytest.importorskip("imagehash")
pytest.importorskip("datasketch")


def drawn(seed, side=160):
    """A picture of its own: smooth noise with details."""
    random = np.random.default_rng(seed)
    layers = [
        np.asarray(Pillow.fromarray(random.integers(0, 256, (size, size), np.uint8)).resize((side, side)), float)
        for size in (3, 5, 9, 16)
    ]
    return Pillow.fromarray((30 + 200 * (sum(layers) / 1020)).astype(np.uint8)).convert("RGB")


def pairs_of(tmp_path, model, *rows):
    read = read_rows(write_lines(tmp_path / "rows.jsonl", *rows))
    prints = Prints()
    assert not check_rows(read, Examples(read, model), watch=prints.add)
    return read, prints.pairs()


def test_copies_of_a_picture_are_found_however_they_were_saved(tmp_path, model):
    picture = drawn(0)
    picture.save(tmp_path / "a.png")
    picture.save(tmp_path / "b.jpg", quality=60)
    picture.resize((90, 90)).save(tmp_path / "c.png")
    margins = Pillow.new("RGB", (190, 180))
    margins.paste(picture, (25, 10))
    margins.save(tmp_path / "d.png")
    for seed in range(1, 6):
        drawn(seed).save(tmp_path / f"other{seed}.png")
    names = ["a.png", "b.jpg", "c.png", "d.png", *(f"other{seed}.png" for seed in range(1, 6))]
    _, pairs = pairs_of(tmp_path, model, *(asked("Normal?", "No.", name) for name in names))
    assert {place for pair in pairs for place in (*pair.one, *pair.other)} == {0, 1, 2, 3}
    assert all(pair.kind == "pictures" for pair in pairs)


def test_the_very_same_picture_under_two_names_is_alike_in_full(tmp_path, model):
    drawn(0).save(tmp_path / "a.png")
    drawn(0).save(tmp_path / "b.png")
    _, (pair,) = pairs_of(tmp_path, model, asked("Normal?", "No.", "a.png"), asked("New?", "No.", "b.png"))
    assert pair.one == pair.other == (0, 1)
    assert pair.likeness == 1


def test_blank_pictures_are_like_no_other(tmp_path, model):
    for number in range(3):
        Pillow.new("RGB", (40, 40 + number), (0, 0, 0)).save(tmp_path / f"{number}.png")
    assert not pairs_of(tmp_path, model, *(asked("Normal?", "No.", f"{number}.png") for number in range(3)))[1]


def test_rows_with_many_pictures_are_compared_as_wholes(tmp_path, model):
    for seed in range(7):
        drawn(seed).save(tmp_path / f"{seed}.png")
        drawn(seed).save(tmp_path / f"{seed}.jpg", quality=70)
    _, pairs = pairs_of(
        tmp_path,
        model,
        asked("Normal?", "No.", *(f"{seed}.png" for seed in range(5))),
        asked("Normal?", "No.", *(f"{seed}.jpg" for seed in range(5))),
        asked("Normal?", "No.", *(f"{seed}.png" for seed in range(2, 7))),
    )
    assert [(pair.one, pair.other) for pair in pairs] == [((0,), (1,))]


def test_texts_are_compared_by_what_they_share(tmp_path, model):
    text = "The heart is enlarged and there is a large effusion on the left side of the chest with a fracture."
    _, (pair,) = pairs_of(
        tmp_path,
        model,
        asked(f"{text} What next?", "Rest."),
        asked(f"{text} What now?", "Rest."),
        asked("The lungs are clear. What next?", "Nothing."),
    )
    assert (pair.one, pair.other, pair.kind) == ((0,), (1,), "texts")
    assert 0.7 <= pair.likeness < 1


def copied(tmp_path, count=40):
    """Rows of which each second one is a copy of the one before it."""
    rows = []
    for number in range(count):
        drawn(number // 2).save(tmp_path / f"{number}.jpg", quality=90 - 30 * (number % 2))
        answer = ("cat", "dog")[number // 2 % 2]
        rows.append({"file": f"{number}.jpg", "question": "Which?", "options": ["cat", "dog"], "answer": answer})
    rows[1]["answer"] = "dog"
    return rows


def test_near_duplicates_across_parts_are_an_error_with_the_list(tmp_path, model):
    rows, pairs = pairs_of(tmp_path, model, *copied(tmp_path))
    found = across_parts(rows, pairs, split_rows(rows, test=0.4, validation=0))
    assert found
    for one in found:
        first, second = (row.number - 1 for row in one.rows)
        assert first // 2 == second // 2
        assert one.parts == ("train", "test")
        assert one.contradicts == (first // 2 == 0)
    with pytest.raises(InputError, match=f"{len(found)} pairs of rows are alike across parts") as error:
        refuse_across(found)
    assert all(str(one) in str(error.value) for one in found)
    assert "--allow-duplicates" in str(error.value)
    assert found[0].to_dict()["rows"][0]["where"] == found[0].rows[0].where


def test_near_duplicates_can_be_kept_in_one_part(tmp_path, model):
    rows, pairs = pairs_of(tmp_path, model, *copied(tmp_path))
    parts = split_rows(rows, test=0.4, validation=0.1, together=together(pairs))
    assert sum(parts.num_groups.values()) == 20
    assert not across_parts(rows, pairs, parts)
    refuse_across(())
