"""`osler keys` makes, lists and removes keys; `osler serve` refuses to open wide without them."""

import json

import pytest
from typer.testing import CliRunner

from osler.serve.keys import KeyRing


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs `osler keys …` in an empty folder."""
    from osler.cli.keys import app

    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, list(words))


def test_a_key_is_shown_once_and_listed_by_name_with_its_limits(run, tmp_path):
    made = run("add", "ward-7", "--max-requests", "2", "--storage", "500")
    assert made.exit_code == 0
    secret = made.stdout.splitlines()[0]
    assert KeyRing(tmp_path / "osler-keys.json").find(secret).name == "ward-7"
    listed = run("list", "--json").stdout
    limits = {"max_requests": 2, "tokens_a_minute": None, "storage_mib": 500}
    assert json.loads(listed) == [{"name": "ward-7", **limits}]
    assert secret not in listed + run("list").stdout


def test_a_removed_key_is_gone(run, tmp_path):
    secret = run("add", "a").stdout.splitlines()[0]
    assert run("remove", "a").exit_code == 0
    assert KeyRing(tmp_path / "osler-keys.json").find(secret) is None
