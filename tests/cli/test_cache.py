"""`osler cache`: sizes, and clearing."""

import json

import pytest
from typer.testing import CliRunner

from osler.cli.main import app


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("OSLER_CACHE", str(tmp_path / "cache"))
    for part, size in (("vectors", 3000), ("weights", 70), ("models/owner", 5)):
        place = tmp_path / "cache" / part
        place.mkdir(parents=True)
        (place / "file").write_bytes(b"\0" * size)
    return tmp_path / "cache"


def run(*arguments):
    return CliRunner().invoke(app, ["cache", *arguments])


def told(*arguments):
    return {
        part["part"]: (part["num_files"], part["size_bytes"]) for part in json.loads(run(*arguments).stdout)["parts"]
    }


def test_it_tells_the_size_of_each_part(folder):
    assert told("--json") == {
        "vectors": (1, 3000),
        "fetched": (0, 0),
        "indexes": (0, 0),
        "weights": (1, 70),
        "models": (1, 5),
    }
    shown = run().stdout
    assert str(folder) in shown.replace("\n", "")
    assert "vectors" in shown and "patients' data" in shown


def test_clearing_leaves_the_pulled_weights(folder):
    assert told("--clear", "--json")["vectors"] == (1, 3000)
    assert sorted(path.name for path in folder.iterdir()) == ["models"]


def test_only_what_is_named_is_cleared(folder):
    result = run("models", "vectors", "--clear")
    assert "cleared models, vectors" in result.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["weights"]


def test_clearing_twice_is_fine(folder):
    assert run("--clear").exit_code == run("--clear").exit_code == 0


def test_an_unknown_part_is_refused_and_nothing_is_deleted(folder):
    result = run("vectors", "everything", "--clear")
    assert result.exit_code == 1
    assert "cannot find `everything` in the cache" in result.stderr
    assert (folder / "vectors" / "file").exists()
