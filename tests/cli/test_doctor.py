"""`osler doctor`: the machine, the files that were found, and what is missing."""

import json
import os
import subprocess
import sys
from hashlib import sha256

import pytest
from typer.testing import CliRunner

from osler.cli.checkup import features_in
from osler.cli.main import app
from osler.folders import models_folder
from osler.testing.tiny import write_gguf, write_safetensors
from osler.weights.lock import LOCK_NAME, Lock, LockedFile, write_lock


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("OSLER_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("OSLER_MODEL", raising=False)


@pytest.fixture
def pulled():
    """A folder in the cache with a file and the lock that belongs to it."""
    folder = models_folder() / "someone--tiny"
    folder.mkdir(parents=True)
    (folder / "tiny.gguf").write_bytes(b"GGUF and more")
    locked = LockedFile(
        name="tiny.gguf",
        repository="someone/tiny",
        revision="c0ffee",
        size_bytes=13,
        sha256=sha256(b"GGUF and more").hexdigest(),
    )
    write_lock(folder, Lock(files=(locked,)))
    return folder


def run(*arguments: str):
    return CliRunner().invoke(app, ["doctor", *arguments])


def test_the_json_tells_versions_processor_memory_and_folders(tmp_path):
    result = run("--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert found["versions"]["openvino"].startswith("2026.")
    assert found["versions"]["numpy"] is not None
    assert found["processor"]["usable_cores"] >= 1
    assert "FP32" in found["processor"]["precisions"]
    assert 0 < found["memory_available_bytes"] <= found["memory_total_bytes"]
    assert found["cache_folder"] == str(tmp_path / "cache")
    assert found["problems"] == []


def test_an_openvino_that_does_not_start_is_a_problem_and_the_rest_is_still_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    result = run("--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert "OpenVINO does not start" in found["problems"][0]["what"]
    assert found["memory_total_bytes"] > 0


def test_the_text_tells_the_same_without_colour():
    result = run()
    assert result.exit_code == 0
    titles = [line.split()[0] for line in result.stdout.splitlines() if line and not line.startswith(" ")]
    assert {"osler", "packages", "processor", "memory", "cache", "pulled"} <= set(titles)
    assert "cores usable" in result.stdout
    assert "no problems found" in result.stdout
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize(
    ("flags", "architecture", "has", "lacks"),
    [
        ("flags\t\t: fma avx2", "x86_64", {"AVX2"}, {"AVX-512", "VNNI", "BF16", "AMX"}),
        ("flags : avx2 avx_vnni", "x86_64", {"AVX2", "VNNI"}, {"AVX-512", "BF16", "AMX"}),
        ("flags : avx2 avx512f avx512_vnni avx512_bf16", "x86_64", {"AVX2", "AVX-512", "VNNI", "BF16"}, {"AMX"}),
        ("flags : amx_tile amx_bf16 amx_int8", "x86_64", {"AMX", "BF16"}, {"AVX2", "AVX-512", "VNNI"}),
        ("Features\t: fp asimd asimddp bf16", "aarch64", {"NEON", "dot product", "BF16"}, {"I8MM", "SVE"}),
    ],
)
def test_processor_features_are_read_from_the_systems_flags(flags, architecture, has, lacks):
    found = features_in(f"processor : 0\n{flags}\n", architecture)
    assert {name for name, there in found.items() if there} == has
    assert {name for name, there in found.items() if not there} == lacks


def test_a_processor_of_which_the_system_tells_nothing_has_no_features():
    assert features_in("model name : something", "x86_64") == {}


def test_a_gguf_with_its_projector_reads_images(tmp_path):
    path = write_gguf(tmp_path / "tiny.gguf", "Q4_0")
    found = json.loads(run("--model", str(path), "--json").stdout)["model"]
    assert found["description"] == "GGUF Q4_0 + mmproj F16"
    assert (found["layers"], found["reads_images"], found["image_px"]) == (7, True, 56)
    assert found["missing"] == ""
    assert set(found["files"]) == {"tiny.gguf", "mmproj.gguf"}


def test_a_gguf_without_a_projector_says_what_to_get_and_is_no_problem(tmp_path):
    path = write_gguf(tmp_path / "tiny.gguf", projector=None)
    result = run("--model", str(path))
    assert result.exit_code == 0
    assert "images: no" in result.stdout
    assert "mmproj" in " ".join(result.stdout.split("missing for images:")[1].split())


def test_the_model_of_the_environment_is_looked_at(tmp_path, monkeypatch):
    monkeypatch.setenv("OSLER_MODEL", str(write_safetensors(tmp_path / "tiny")))
    found = json.loads(run("--json").stdout)["model"]
    assert found["description"].startswith("safetensors")
    assert found["reads_images"] is True


def test_a_folder_without_a_tokenizer_is_a_problem(tmp_path):
    folder = write_safetensors(tmp_path / "tiny", tokenizer=False)
    result = run("--model", str(folder))
    assert result.exit_code == 1
    assert "tokenizer.json" in result.stdout


@pytest.mark.parametrize("content", [b"", b"not a model", None])
def test_what_is_no_checkpoint_is_a_problem_with_a_hint(tmp_path, content):
    path = tmp_path / "model.gguf"
    if content is not None:
        path.write_bytes(content)
    result = run("--model", str(path), "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert found["model"] is None
    assert "model.gguf" in found["problems"][0]["what"]
    assert found["problems"][0]["hint"]


def test_pulled_files_are_held_against_their_lock(pulled):
    found = json.loads(run("--json").stdout)
    assert found["pulled"][0]["path"] == str(pulled)
    assert found["pulled"][0]["num_files"] == 1
    assert found["pulled"][0]["problems"] == []
    assert found["cache_bytes"] > 13


def test_a_pulled_file_of_another_size_is_a_problem(pulled):
    (pulled / "tiny.gguf").write_bytes(b"GGUF")
    result = run()
    assert result.exit_code == 1
    assert "`tiny.gguf` has 4 bytes, 13 were pulled" in result.stdout
    assert "hint: pull it again" in result.stdout


def test_a_pulled_file_that_is_gone_is_a_problem(pulled):
    (pulled / "tiny.gguf").unlink()
    result = run()
    assert result.exit_code == 1
    assert "`tiny.gguf` is missing" in result.stdout


def test_verify_finds_a_changed_byte_that_the_size_does_not_tell(pulled):
    (pulled / "tiny.gguf").write_bytes(b"GGUF and mora")
    assert run().exit_code == 0
    result = run("--verify")
    assert result.exit_code == 1
    assert "SHA-256" in result.stdout


def test_verify_says_that_every_byte_was_read(pulled):
    result = run("--verify")
    assert result.exit_code == 0
    assert "every byte verified" in result.stdout


def test_a_damaged_lock_is_a_problem_and_not_an_end(pulled):
    (pulled / LOCK_NAME).write_text("[]")
    result = run()
    assert result.exit_code == 1
    assert "not a lock file" in result.stdout


def test_the_lock_beside_a_model_outside_the_cache_is_checked_too(pulled, tmp_path):
    outside = tmp_path / "elsewhere"
    pulled.rename(outside)
    result = run("--model", str(outside / "tiny.gguf"), "--json")
    assert json.loads(result.stdout)["pulled"][0]["path"] == str(outside.resolve())


def test_the_program_itself_runs_and_prints_json(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "osler", "doctor", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert json.loads(result.stdout)["problems"] == []
    assert result.stderr == ""
