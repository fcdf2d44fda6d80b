"""A server with adapters: each answers under its own name, and no name answers as another."""

import json

import pytest
from serve.conftest import serving
from serve.jobs_client import jobs_client

import osler
from osler.errors import InputError
from osler.serve.access import Access
from osler.serve.app import create_app
from osler.serve.run import run
from osler.serve.settings import Settings
from osler.testing.tiny import write_safetensors
from osler.testing.tiny_adapter import write_adapter

ASKED = [{"role": "user", "content": "what"}]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    root = tmp_path_factory.mktemp("served")
    write_safetensors(root / "base", kind="f32")
    named = {name: write_adapter(root / name, seed=seed) for seed, name in enumerate(["chest", "skin/v2"], start=1)}
    with osler.load(root / "base", precision="f32", context=512, sequences=4, adapters=named) as model:
        yield model


@pytest.fixture(scope="module")
def client(model, tmp_path_factory):
    openai = pytest.importorskip("openai")
    app = create_app(model, "base", audit=tmp_path_factory.mktemp("audit"))
    with (
        serving(app) as address,
        openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0, timeout=60) as client,
    ):
        yield client


def answer(client, name):
    reply = client.chat.completions.create(model=name, messages=ASKED, max_tokens=8, extra_body={"ignore_eos": True})
    assert reply.model == name
    return reply.choices[0].message.content


def test_every_adapter_is_listed_with_its_base(client):
    listed = {one.id: one for one in client.models.list()}
    assert list(listed) == ["base", "chest", "skin/v2"]
    assert not hasattr(listed["base"], "parent") and listed["chest"].parent == "base"
    assert len({one.weights_id for one in listed.values()}) == 3
    assert client.models.retrieve("skin/v2").description.startswith("base with adapter skin/v2")


def test_the_name_chooses_who_answers(client, model):
    wanted = {
        name: model.adapted(None if name == "base" else name).chat(ASKED, max_new_tokens=8, ignore_eos=True).text
        for name in ("base", "chest", "skin/v2")
    }
    assert len(set(wanted.values())) == 3
    for name in ("chest", "base", "skin/v2", "chest"):
        assert answer(client, name) == wanted[name]


def test_streams_and_plain_texts_are_chosen_alike(client):
    stream = client.chat.completions.create(
        model="chest", messages=ASKED, max_tokens=8, stream=True, extra_body={"ignore_eos": True}
    )
    chunks = list(stream)
    assert {chunk.model for chunk in chunks} == {"chest"}
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == answer(client, "chest")
    texts = {
        name: client.completions.create(model=name, prompt="what", max_tokens=8, extra_body={"ignore_eos": True})
        for name in ("base", "chest")
    }
    assert texts["chest"].model == "chest"
    assert texts["base"].choices[0].text != texts["chest"].choices[0].text


@pytest.mark.parametrize("name", ["ches", "gpt-4", "Chest"])
def test_a_name_that_is_nobodys_is_not_found(client, name):
    import openai

    for ask in (
        lambda: client.chat.completions.create(model=name, messages=ASKED, max_tokens=1),
        lambda: client.completions.create(model=name, prompt="x", max_tokens=1),
        lambda: client.models.retrieve(name),
    ):
        with pytest.raises(openai.NotFoundError) as caught:
            ask()
        assert caught.value.code == "model_not_found" and caught.value.param == "model"


def test_a_request_that_names_nobody_gets_the_base(client, model):
    import httpx

    reply = httpx.post(f"{client.base_url}chat/completions", json={"messages": ASKED, "max_tokens": 2}).json()
    assert reply["model"] == "base"


def test_the_audit_log_says_who_answered(model, tmp_path):
    import httpx

    with serving(create_app(model, "base", audit=tmp_path)) as address:
        for name in ("chest", "base"):
            sent = {"model": name, "messages": ASKED, "max_tokens": 1}
            assert httpx.post(f"{address}/v1/chat/completions", json=sent).status_code == 200
    (log,) = tmp_path.glob("audit-*.jsonl")
    assert [json.loads(line)["model"] for line in log.read_text().splitlines()] == ["chest", "base"]


def test_a_job_is_done_by_the_model_that_it_names(model, tmp_path):
    from PIL import Image

    Image.new("RGB", (60, 60), "grey").save(tmp_path / "film.png")
    with jobs_client(model, tmp_path / "vault", name="base") as jobs:
        asked = {"task": "ask", "study_id": jobs.study(tmp_path / "film.png"), "question": "what", "max_new_tokens": 8}
        done = {name: jobs.done(**asked, **({"model": name} if name else {})) for name in (None, "base", "chest")}
        told = {name: job["result"]["provenance"]["model"] for name, job in done.items()}
        page = jobs.file(done["chest"], "report.html").text
        missing = jobs.http.post("/v1/jobs", json={**asked, "model": "other"})
    assert told[None] == told["base"] and "adapter" not in told[None]
    assert told["chest"].startswith("base with adapter chest") and "base with adapter chest" in page
    assert missing.status_code == 404 and missing.json()["error"]["code"] == "model_not_found"


def test_an_adapter_cannot_be_called_as_another_model_is(model, tmp_path):
    for name in ("chest", "skin/v2"):
        with pytest.raises(InputError, match="another model of this server"):
            run(
                model,
                name=name,
                access=Access(host="127.0.0.1", port=0),
                settings=Settings(),
                folder=tmp_path,
                tell=lambda text: None,
            )
