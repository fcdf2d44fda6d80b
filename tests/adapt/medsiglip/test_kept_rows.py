"""Rows that are kept while they are made."""

import numpy as np
import pytest

from osler.adapt.medsiglip.kept_rows import KeptRows
from osler.errors import InputError


def opened(folder, way="one"):
    return KeptRows(folder, "rows", (2, 3), "<f4", way=way)


@pytest.fixture
def folder(tmp_path):
    kept = opened(tmp_path)
    kept.add("a", ["a1", "a2"], np.arange(12, dtype=np.float32).reshape(2, 2, 3))
    kept.add("b", ["b1"], np.ones((1, 2, 3), np.float32))
    return tmp_path


def test_rows_are_found_again(folder):
    kept = opened(folder)
    assert "a" in kept and "c" not in kept
    assert kept.names("b") == ("b1",)
    assert kept.all()[kept.rows("a")[1]].tolist() == [[6, 7, 8], [9, 10, 11]]


def test_a_row_that_was_cut_off_is_made_again_and_those_before_it_are_not(folder):
    with (folder / "rows.bin").open("r+b") as file:
        file.truncate(60)
    kept = opened(folder)
    assert "a" in kept and "b" not in kept
    kept.add("b", ["b1"], np.full((1, 2, 3), 5, np.float32))
    assert opened(folder).all()[2].tolist() == [[5] * 3] * 2


def test_half_a_line_is_not_believed(folder):
    lines = (folder / "rows.jsonl").read_bytes()
    (folder / "rows.jsonl").write_bytes(lines[:-8])
    kept = opened(folder)
    assert "a" in kept and "b" not in kept and kept.count == 2


def test_rows_of_another_way_are_thrown_away(folder):
    assert opened(folder, way="other").count == 0
    assert (folder / "rows.bin").stat().st_size == 0


def test_only_this_user_may_read_them(folder):
    assert (folder / "rows.bin").stat().st_mode & 0o077 == 0


def test_a_disk_without_room_is_refused_before_anything_is_read(tmp_path):
    kept = KeptRows(tmp_path, "rows", (1 << 20, 1 << 20), "<f4", way="")
    with pytest.raises(InputError, match="GB are free"):
        kept.refuse_full_disk(1 << 10)
