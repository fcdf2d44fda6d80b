"""A conversation is kept beside its study, and goes with it."""

from pathlib import Path

import pytest
from serve.jobs_client import jobs_client

import osler

(CHEST,) = (Path(osler.__file__).parent / "nano").rglob("chest.jpg")
TURNS = [
    {"role": "user", "text": "Describe it.", "thinking": "", "model": "", "finish": "stop"},
    {"role": "assistant", "text": "A chest.", "thinking": "A film.", "model": "chest", "finish": "length"},
]


@pytest.fixture(scope="module")
def client(nano, tmp_path_factory):
    with jobs_client(nano, tmp_path_factory.mktemp("data")) as found:
        yield found


@pytest.fixture
def talk(client):
    """Where the conversation about a new study is."""
    return f"/v1/studies/{client.study(CHEST)}/conversation"


def test_what_was_put_there_is_read_again_whole(client, talk):
    assert client.http.get(talk).json()["turns"] == []
    assert client.http.post(talk, json={"turns": TURNS}).json()["turns"] == TURNS
    assert client.http.get(talk).json()["turns"] == TURNS
    client.http.post(talk, json={"turns": TURNS[:1]})
    assert client.http.get(talk).json()["turns"] == TURNS[:1]
    assert client.http.delete(talk).json()["deleted"] and client.http.get(talk).json()["turns"] == []


def test_nothing_of_it_stays_when_its_study_goes(client, talk):
    client.http.post(talk, json={"turns": TURNS})
    assert [path.name for path in (client.vault.folder / "talks").rglob("*.json")] == ["turns.json"]
    client.http.delete(talk.removesuffix("/conversation"))
    assert list((client.vault.folder / "talks").rglob("*.json")) == []
    assert client.http.get(talk).status_code == client.http.post(talk, json={"turns": TURNS}).status_code == 404


@pytest.mark.parametrize(
    "turn", [{"role": "system", "text": "a"}, {"role": "user"}, {"role": "user", "text": "", "x": 1}]
)
def test_what_is_no_turn_is_refused(client, talk, turn):
    assert client.http.post(talk, json={"turns": [turn]}).status_code == 400
    assert client.http.post(talk, json={"turns": TURNS * 201}).status_code == 400
