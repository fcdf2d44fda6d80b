import shutil
from collections import namedtuple

import pytest

from osler.adapt.export.place import check_room, new_files, new_folder
from osler.errors import InputError


def content(folder) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_folder_appears_when_it_is_whole(tmp_path):
    out = tmp_path / "deep" / "model"
    with new_folder(out) as staging:
        (staging / "config.json").write_text("new")
        assert not out.exists()
    assert content(out) == {"config.json": "new"}
    assert [path.name for path in out.parent.iterdir()] == ["model"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_whatever_breaks_off_leaves_nothing(tmp_path, error):
    with pytest.raises(error), new_folder(tmp_path / "model") as staging:
        (staging / "config.json").write_text("half")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_whatever_breaks_off_leaves_what_was_there(tmp_path):
    out = tmp_path / "model"
    out.mkdir()
    (out / "config.json").write_text("old")
    with pytest.raises(KeyboardInterrupt), new_folder(out, force=True):
        raise KeyboardInterrupt
    assert content(out) == {"config.json": "old"}
    with new_folder(out, force=True) as staging:
        (staging / "model.gguf").write_text("new")
    assert content(out) == {"model.gguf": "new"}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_folder_with_something_in_it_is_refused_and_an_empty_one_is_not(tmp_path):
    out = tmp_path / "model"
    out.mkdir()
    with new_folder(out) as staging:
        (staging / "a.json").write_text("")
    with pytest.raises(InputError, match="not empty"), new_folder(out):
        pass


@pytest.mark.parametrize("name", ["film.dcm", "letters"])
def test_a_folder_with_other_things_is_never_replaced(tmp_path, name):
    (tmp_path / "model" / "letters").mkdir(parents=True)
    if name == "film.dcm":
        shutil.rmtree(tmp_path / "model" / "letters")
        (tmp_path / "model" / name).write_text("")
    with (
        pytest.raises(InputError, match=f"more than a model, such as `{name}`"),
        new_folder(tmp_path / "model", force=True),
    ):
        pass
    assert (tmp_path / "model" / name).exists()


def test_a_file_is_not_made_a_folder(tmp_path):
    (tmp_path / "model").write_text("")
    with pytest.raises(InputError, match="a file of that name"), new_folder(tmp_path / "model", force=True):
        pass


def test_files_appear_together(tmp_path):
    paths = [tmp_path / "out" / "a.gguf", tmp_path / "out" / "b.gguf"]
    with new_files(paths) as staged:
        staged[0].write_text("a")
        staged[1].write_text("b")
        assert not any(path.exists() for path in paths)
    assert content(tmp_path / "out") == {"a.gguf": "a", "b.gguf": "b"}


def test_files_that_exist_are_replaced_only_when_forced(tmp_path):
    path = tmp_path / "a.gguf"
    path.write_text("old")
    with pytest.raises(InputError, match="exists already"), new_files([path]):
        pass
    with pytest.raises(KeyboardInterrupt), new_files([path], force=True) as staged:
        staged[0].write_text("half")
        raise KeyboardInterrupt
    assert content(tmp_path) == {"a.gguf": "old"}
    with new_files([path], force=True) as staged:
        staged[0].write_text("new")
    assert content(tmp_path) == {"a.gguf": "new"}


def test_room_is_asked_of_the_disk_that_will_hold_it(tmp_path, monkeypatch):
    asked = []
    usage = namedtuple("usage", "total used free")

    def disk_usage(folder):
        asked.append(folder)
        return usage(10**12, 0, 10**9)

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    check_room(tmp_path / "not" / "there" / "m.gguf", 9 * 10**8)
    assert asked == [tmp_path]
    with pytest.raises(InputError, match=r"takes 1\.00 GB, the disk has 1\.00 GB free") as caught:
        check_room(tmp_path / "m.gguf", 10**9)
    assert caught.value.hint


def test_a_place_that_cannot_be_written_is_an_error_of_ours(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write into"), new_folder(tmp_path / "file" / "model"):
        pass
