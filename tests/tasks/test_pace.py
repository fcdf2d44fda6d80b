"""How long a piece of work took the last time."""

import pytest

from osler.tasks.pace import Pace


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "pace.json"


def test_nothing_is_expected_the_first_time(path):
    assert Pace(path, "image").expected_s is None
    assert Pace(path, "image").share(100.0) == 0


def test_the_next_run_expects_what_the_last_one_took(path):
    Pace(path, "image").note(8.0)
    assert Pace(path, "image").expected_s == 8
    assert Pace(path, "image").share(2.0) == 0.25


def test_work_that_takes_longer_than_expected_is_never_said_to_be_done(path):
    Pace(path, "image").note(8.0)
    assert Pace(path, "image").share(800.0) < 1


def test_each_kind_of_work_has_its_own_time(path):
    Pace(path, "a").note(8.0)
    Pace(path, "b").note(1.0)
    assert (Pace(path, "a").expected_s, Pace(path, "b").expected_s) == (8, 1)


def test_only_a_time_that_differs_is_written(path):
    Pace(path, "image").note(8.0)
    written = path.stat().st_mtime_ns
    pace = Pace(path, "image")
    pace.note(8.5)
    assert path.stat().st_mtime_ns == written
    assert pace.expected_s == 8.5


@pytest.mark.parametrize("content", ["", "[]", "{", '{"image": "soon"}', '{"image": -1}', '{"image": 0}'])
def test_a_damaged_file_is_as_good_as_none(path, content):
    path.parent.mkdir()
    path.write_text(content)
    assert Pace(path, "image").expected_s is None
    Pace(path, "image").note(3.0)
    assert Pace(path, "image").expected_s == 3


def test_a_place_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "file").touch()
    pace = Pace(tmp_path / "file" / "pace.json", "image")
    pace.note(3.0)
    assert pace.expected_s == 3
