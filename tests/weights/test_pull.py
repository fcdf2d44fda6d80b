"""Pulling weights, against a hub on loopback."""

import hashlib
import json
import random
import subprocess
import sys

import pytest
from huggingface_hub import constants
from stand_in_hub import Repository, StandInHub

from osler.errors import DownloadError, InputError
from osler.weights import pull as pulling
from osler.weights import transfer
from osler.weights.hub import Hub
from osler.weights.lock import LOCK_NAME
from osler.weights.pull import Request, pull

GGUF, PROJECTOR = "tiny-Q4_K_M.gguf", "mmproj-F16.gguf"
NAME = "someone/tiny-GGUF"
FOLDER_NAME = "someone/tiny"
NEWER = "beef" * 10


def content(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


WEIGHTS = content(1, 300_000)

HOLD = """
import fcntl, sys
file = open(sys.argv[1], "ab")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.setattr(transfer, "WAITS_S", (0.01, 0.01, 0.01))
    for name in ("HF_HUB_OFFLINE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)  # read from the environment when it was imported
    files = {GGUF: WEIGHTS, "tiny-Q8_0.gguf": content(2, 9000), PROJECTOR: content(3, 5000), "mmproj-F32.gguf": b"32"}
    folder = {
        "config.json": b'{"model_type": "gemma3"}',
        "model-00001-of-00002.safetensors": content(4, 4000),
        "model-00002-of-00002.safetensors": content(5, 4000),
        "README.md": b"# terms",
        "pytorch_model.bin": b"not wanted",
    }
    repositories = {NAME: Repository(files), FOLDER_NAME: Repository(folder)}
    with StandInHub(repositories) as stand_in:
        monkeypatch.setenv("HF_ENDPOINT", stand_in.url)
        yield stand_in


def silent(description: str, done: int, total: int) -> None:
    pass


def pull_gguf(folder, **request):
    return pull(Request(repository=NAME, wanted="Q4_K_M", **request), to=folder, report=silent)


def test_a_whole_pull_brings_the_file_its_projector_and_a_lock_with_their_digests(hub, tmp_path):
    pulled = pull_gguf(tmp_path)
    assert pulled.model == tmp_path / GGUF
    assert pulled.model.read_bytes() == WEIGHTS
    assert pulled.projector == tmp_path / PROJECTOR
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([GGUF, PROJECTOR, LOCK_NAME])
    locked = {entry["name"]: entry for entry in json.loads((tmp_path / LOCK_NAME).read_text())["files"]}
    assert locked[GGUF] == {
        "name": GGUF,
        "repository": NAME,
        "revision": hub.repositories[NAME].commit,
        "size_bytes": len(WEIGHTS),
        "sha256": hashlib.sha256(WEIGHTS).hexdigest(),
    }


def test_a_safetensors_repository_is_pulled_as_a_folder_without_other_formats(hub, tmp_path):
    pulled = pull(Request(repository=FOLDER_NAME), to=tmp_path, report=silent)
    assert pulled.model == tmp_path
    names = {path.name for path in tmp_path.iterdir()}
    shards = {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"}
    assert names == {"config.json", "README.md", LOCK_NAME, *shards}


def test_a_broken_connection_is_taken_up_where_it_broke(hub, tmp_path):
    hub.cuts[GGUF] = [100_000, 50_000]
    assert pull_gguf(tmp_path).model.read_bytes() == WEIGHTS
    assert [request.range for request in hub.downloads_of(GGUF)] == [None, "bytes=100000-", "bytes=150000-"]
    assert hub.served_bytes[GGUF] == len(WEIGHTS)


def test_a_pull_that_failed_is_taken_up_by_the_next_one(hub, tmp_path):
    hub.cuts[GGUF] = [120_000, 0, 0, 0, 0]
    with pytest.raises(DownloadError) as raised:
        pull_gguf(tmp_path)
    assert "kept" in raised.value.hint or "goes on" in raised.value.hint
    assert not (tmp_path / GGUF).exists()
    hub.cuts.clear()
    hub.requests.clear()
    assert pull_gguf(tmp_path).model.read_bytes() == WEIGHTS
    assert [request.range for request in hub.downloads_of(GGUF)] == ["bytes=120000-"]
    assert hub.downloads_of(PROJECTOR) == []


def test_an_interrupted_pull_stays_at_its_commit_though_the_branch_moved(hub, tmp_path):
    hub.cuts[GGUF] = [120_000, 0, 0, 0, 0]
    with pytest.raises(DownloadError):
        pull_gguf(tmp_path)
    first = hub.repositories[NAME].commit
    hub.requests.clear()
    hub.cuts.clear()
    pull_gguf(tmp_path)
    assert hub.requests[0].path == f"/api/models/{NAME}/revision/{first}"


def test_a_server_that_knows_no_ranges_costs_a_new_start_but_no_wrong_bytes(hub, tmp_path):
    hub.cuts[GGUF], hub.knows_ranges = [100_000], False
    assert pull_gguf(tmp_path).model.read_bytes() == WEIGHTS


def test_a_busy_hub_is_asked_again(hub, tmp_path):
    job = Request(repository=NAME, wanted="Q4_K_M", projector="none")
    listing = Hub().list_files(NAME)
    hub.busy = 2
    file = next(file for file in listing.files if file.name == GGUF)
    transfer.fetch_file(Hub(), NAME, listing.revision, file, folder=tmp_path, report=silent)
    assert (tmp_path / GGUF).read_bytes() == WEIGHTS
    assert pull(job, to=tmp_path, report=silent).num_fetched == 0


def test_bytes_with_a_wrong_digest_are_thrown_away(hub, tmp_path):
    hub.corrupt.add(GGUF)
    with pytest.raises(DownloadError, match="digest that the hub announced"):
        pull_gguf(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {PROJECTOR, LOCK_NAME}


def test_small_files_are_verified_by_gits_digest(hub, tmp_path):
    hub.corrupt.add("config.json")
    with pytest.raises(DownloadError, match=r"config\.json"):
        pull(Request(repository=FOLDER_NAME), to=tmp_path, report=silent)
    assert not (tmp_path / "config.json").exists()


def test_a_digest_that_the_user_gave_is_checked_before_anything_is_fetched(hub, tmp_path):
    with pytest.raises(DownloadError, match="expected SHA-256"):
        pull_gguf(tmp_path, digests={"": "0" * 64})
    assert hub.downloads_of(GGUF) == hub.downloads_of(PROJECTOR) == []
    right = hashlib.sha256(WEIGHTS).hexdigest().upper()
    assert pull_gguf(tmp_path, digests={"": right}).num_fetched == 2


def test_what_is_there_is_verified_without_asking_the_hub(hub, tmp_path):
    pull_gguf(tmp_path)
    hub.requests.clear()
    assert pull_gguf(tmp_path).num_fetched == 0
    assert hub.requests == []


def test_a_changed_file_is_reported_and_not_overwritten(hub, tmp_path):
    pull_gguf(tmp_path)
    changed = b"x" + WEIGHTS[1:]
    (tmp_path / GGUF).write_bytes(changed)
    with pytest.raises(DownloadError, match="no longer holds what was pulled"):
        pull_gguf(tmp_path)
    assert (tmp_path / GGUF).read_bytes() == changed


def test_a_file_of_the_users_own_is_never_overwritten(hub, tmp_path):
    (tmp_path / GGUF).write_bytes(b"mine")
    with pytest.raises(DownloadError, match="another file of that name"):
        pull_gguf(tmp_path)
    assert (tmp_path / GGUF).read_bytes() == b"mine"


def test_files_that_were_fetched_by_other_means_are_taken_over_after_a_check(hub, tmp_path):
    (tmp_path / GGUF).write_bytes(WEIGHTS)
    assert pull_gguf(tmp_path).num_fetched == 1
    assert hub.downloads_of(GGUF) == []


def test_later_pulls_stay_at_the_locked_commit_until_a_revision_is_given(hub, tmp_path):
    pull_gguf(tmp_path)
    repository = hub.repositories[NAME]
    old = repository.commit
    repository.commit, repository.files[GGUF] = NEWER, content(9, 1000)
    assert pull_gguf(tmp_path).revision == old
    moved = pull_gguf(tmp_path, revision="main")
    assert moved.revision == NEWER
    assert moved.model.read_bytes() == content(9, 1000)


def test_a_gated_repository_without_a_token_names_the_terms_and_how_to_accept_them(hub, tmp_path):
    hub.repositories[NAME].gated = {"hf_accepted"}
    with pytest.raises(DownloadError, match="accepted its terms") as raised:
        pull_gguf(tmp_path)
    assert f"{hub.url}/{NAME}" in raised.value.hint
    assert "hf auth login" in raised.value.hint


def test_a_gated_repository_with_a_token_that_has_not_accepted_is_refused_too(hub, tmp_path, monkeypatch):
    hub.repositories[NAME].gated = {"hf_accepted"}
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    with pytest.raises(DownloadError, match="accepted its terms"):
        pull_gguf(tmp_path)


def test_an_accepted_token_opens_a_gated_repository_and_is_not_shown_to_other_hosts(hub, tmp_path, monkeypatch):
    hub.repositories[NAME].gated = {"hf_accepted"}
    monkeypatch.setenv("HF_TOKEN", "hf_accepted")
    assert pull_gguf(tmp_path).num_fetched == 2
    asked, fetched = hub.requests[0], hub.downloads_of(GGUF)[0]
    assert asked.authorization == "Bearer hf_accepted"
    assert fetched.host != asked.host
    assert fetched.authorization is None


def test_requests_name_no_other_software_of_the_machine(hub, tmp_path):
    pull_gguf(tmp_path)
    assert not any("torch" in request.user_agent or "agent/" in request.user_agent for request in hub.requests)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(repository="someone/else"), "no such repository"),
        (Request(repository=NAME, wanted=GGUF, revision="nowhere"), "no such revision"),
    ],
)
def test_what_the_hub_does_not_have_is_one_clear_error(hub, tmp_path, request_, message):
    with pytest.raises(DownloadError, match=message):
        pull(request_, to=tmp_path, report=silent)


def test_a_file_that_is_listed_but_gone_is_one_clear_error(hub, tmp_path):
    hub.gone.add(GGUF)
    with pytest.raises(DownloadError, match="is not there"):
        pull_gguf(tmp_path)


def test_a_name_that_leads_out_of_the_folder_is_refused(hub, tmp_path):
    hub.repositories[NAME].files["../evil.gguf"] = b"x"
    with pytest.raises(DownloadError, match="unsafe name"):
        pull_gguf(tmp_path / "inside")


def test_a_name_that_is_no_repository_is_the_users_mistake(hub, tmp_path):
    with pytest.raises(InputError):
        pull(Request(repository="a/b/c"), to=tmp_path, report=silent)


def test_offline_means_offline(hub, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(DownloadError, match="HF_HUB_OFFLINE"):
        pull_gguf(tmp_path)
    assert hub.requests == []


def test_offline_is_enough_for_what_was_pulled_before(hub, tmp_path, monkeypatch):
    pull_gguf(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert pull_gguf(tmp_path).num_fetched == 0


def test_a_hub_that_cannot_be_reached_is_one_clear_error(hub, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DownloadError, match="cannot reach the hub") as raised:
        pull_gguf(tmp_path)
    assert "HF_ENDPOINT" in raised.value.hint


def test_a_disk_that_is_too_small_is_refused_before_anything_is_fetched(hub, tmp_path, monkeypatch):
    monkeypatch.setattr(pulling, "SPARE_BYTES", 1 << 60)
    with pytest.raises(DownloadError, match="not enough room"):
        pull_gguf(tmp_path)
    assert hub.downloads_of(PROJECTOR) == []


def test_two_pulls_into_one_folder_do_not_write_into_one_file(hub, tmp_path):
    file = next(file for file in Hub().list_files(NAME).files if file.name == GGUF)
    part = transfer.part_path(tmp_path, file)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(part)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(DownloadError, match="another pull"):
            pull_gguf(tmp_path)
        other.stdin.close()


def test_a_damaged_lock_file_is_one_clear_error(hub, tmp_path):
    (tmp_path / LOCK_NAME).write_text("{")
    with pytest.raises(DownloadError, match="not a lock file"):
        pull_gguf(tmp_path)
