"""What one key may use."""

import io

import pytest
from PIL import Image
from serve.conftest import serving

from osler.serve.admission import Admission
from osler.serve.app import create_app
from osler.serve.database import Database
from osler.serve.keys import Key, KeyRing
from osler.serve.quota import Quotas
from osler.serve.refusal import RefusedError
from osler.serve.vault import Vault

BODY = {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 4}


def key(name="a", **limits):
    return Key(name=name, digest="", **limits)


@pytest.fixture
def clock():
    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    return Clock()


def test_a_debt_is_filled_up_at_the_keys_pace(clock):
    quotas, asking = Quotas(clock), key(tokens_a_minute=60)
    quotas.check(asking)
    quotas.charge("a", 75)
    with pytest.raises(RefusedError) as refused:
        quotas.check(asking)
    assert refused.value.status_code == 429 and refused.value.headers == {"Retry-After": "16"}
    clock.now += 15
    with pytest.raises(RefusedError):
        quotas.check(asking)
    clock.now += 1
    quotas.check(asking)


def test_no_more_than_a_minute_is_saved_up(clock):
    quotas, asking = Quotas(clock), key(tokens_a_minute=60)
    quotas.check(asking)
    clock.now += 3600
    quotas.charge("a", 60)
    with pytest.raises(RefusedError):
        quotas.check(asking)


def test_a_key_without_a_limit_is_never_refused(clock):
    quotas = Quotas(clock)
    quotas.charge("a", 10**9)
    quotas.check(key())


def test_one_keys_answers_leave_room_for_anothers():
    admission = Admission(8)
    place = admission.enter(2, key(max_requests=2))
    with pytest.raises(RefusedError, match="limit is 2") as refused:
        admission.enter(1, key(max_requests=2))
    assert refused.value.status_code == 429 and "Retry-After" in refused.value.headers
    admission.enter(1, key("b"))
    place.give_back()
    place.give_back()
    assert admission.num_open == 1
    admission.enter(2, key(max_requests=2))


def test_a_server_that_closes_takes_no_more():
    admission = Admission(8)
    admission.close()
    with pytest.raises(RefusedError) as refused:
        admission.enter()
    assert refused.value.status_code == 503


def test_a_client_that_used_its_tokens_is_told_when_to_come_again(nano, tmp_path):
    httpx = pytest.importorskip("httpx")
    ring = KeyRing(tmp_path / "keys.json")
    headers = [{"Authorization": f"Bearer {ring.add(name, tokens_a_minute=limit)}"} for name, limit in TWO]
    with serving(create_app(nano, "nano", keys=ring)) as address, httpx.Client(base_url=address) as client:
        first = client.post("/v1/chat/completions", json=BODY, headers=headers[0])
        assert first.status_code == 200 and first.json()["usage"]["total_tokens"] > 10
        second = client.post("/v1/chat/completions", json=BODY, headers=headers[0])
        assert second.status_code == 429 and second.json()["error"]["code"] == "tokens_a_minute"
        assert int(second.headers["retry-after"]) >= 1
        assert client.post("/generate", json={"inputs": "a"}, headers=headers[0]).status_code == 429
        for _ in range(2):
            assert client.post("/v1/chat/completions", json=BODY, headers=headers[1]).status_code == 200


TWO = (("small", 10), ("large", 100_000))


@pytest.fixture
def two(nano, tmp_path):
    """A client with a key that may keep 1 MiB and have one job, and one with a key without limits."""
    httpx = pytest.importorskip("httpx")
    ring = KeyRing(tmp_path / "keys.json")
    secrets = [ring.add("small", max_requests=1, storage_mib=1), ring.add("large")]
    database = Database(tmp_path / "server.sqlite")
    vault = Vault(tmp_path / "data", database, keep_s=600, max_file_bytes=2**24)
    with serving(create_app(nano, "nano", uploads=vault, keys=ring)) as address:
        yield [httpx.Client(base_url=address, headers={"Authorization": f"Bearer {one}"}) for one in secrets]
    database.close()


def sent(client, content):
    return client.post("/v1/files", files={"file": ("a.png", content)})


def test_a_key_keeps_no_more_than_its_share_of_the_disk(two):
    small, large = two
    kept = sent(small, b"x" * 600_000).json()["id"]
    refused = sent(small, b"x" * 600_000)
    assert refused.status_code == 413 and refused.json()["error"]["code"] == "storage_limit"
    parts = {"filename": "a", "bytes": 600_000, "mime_type": "a/b"}
    assert small.post("/v1/uploads", json=parts).status_code == 413
    assert sent(large, b"x" * 2_000_000).status_code == 200
    small.delete(f"/v1/files/{kept}")
    assert sent(small, b"x" * 600_000).status_code == 200


def test_what_only_a_study_has_counts_too(two, tmp_path):
    small, _ = two
    Image.effect_noise((800, 800), 90).save(tmp_path / "a.png")
    size = (tmp_path / "a.png").stat().st_size
    file = sent(small, (tmp_path / "a.png").read_bytes()).json()["id"]
    assert small.post("/v1/studies", json={"file_ids": [file]}).status_code == 200
    assert sent(small, b"x" * (2**20 - size - 1)).status_code == 200
    small.delete(f"/v1/files/{file}")
    assert sent(small, b"x").status_code == 200 and sent(small, b"x" * 1000).status_code == 413


def test_a_key_has_no_more_jobs_open_than_it_may(two):
    small, large = two
    asked = {"task": "locate", "things": [f"thing {number}" for number in range(60)]}
    for client, second in ((small, 429), (large, 202)):
        study = client.post("/v1/studies", json={"file_ids": [sent(client, picture()).json()["id"]]}).json()["id"]
        jobs = [client.post("/v1/jobs", json={**asked, "study_id": study}) for _ in range(2)]
        assert [one.status_code for one in jobs] == [202, second]
        for job in jobs:
            if job.status_code == 202:
                client.delete(f"/v1/jobs/{job.json()['id']}")


def picture():
    held = io.BytesIO()
    Image.new("RGB", (8, 8), "gray").save(held, "PNG")
    return held.getvalue()
