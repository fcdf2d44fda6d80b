"""`osler export` and `osler merge`."""

import json

import pytest
from typer.testing import CliRunner

from osler.cli.main import app
from osler.testing.tiny import write_safetensors
from osler.testing.tiny_adapter import write_adapter
from osler.weights.checkpoint import open_checkpoint


@pytest.fixture
def folder(tmp_path):
    return write_safetensors(tmp_path / "tiny")


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_an_export_lists_its_files_with_sizes_and_says_what_to_run(folder, tmp_path):
    result = run("export", folder, "--to", "gguf", "--type", "Q8_0", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert [line.split()[-1] for line in lines] == [
        str(tmp_path / "out" / name) for name in ("tiny-Q8_0.gguf", "mmproj-tiny-F16.gguf")
    ]
    assert all("kB" in line or "MB" in line for line in lines)
    assert "osler ask IMAGE" in result.stderr and "llama-server -m" in result.stderr


def test_json_says_the_same(folder, tmp_path):
    result = run("export", folder, "--to", "huggingface", "--out", tmp_path / "out", "--json")
    told = json.loads(result.stdout)
    assert told["source"] == "safetensors BF16" and told["weights"] == open_checkpoint(folder).identity
    sizes = {file["path"]: file["size_bytes"] for file in told["files"]}
    assert sizes[str(tmp_path / "out" / "model.safetensors")] == (tmp_path / "out" / "model.safetensors").stat().st_size
    assert sum(sizes.values()) == told["size_bytes"]
    assert told["commands"][1].startswith("vllm serve")


def test_an_adapter_is_merged_by_both_verbs_alike(folder, tmp_path):
    adapter = write_adapter(tmp_path / "adapter", projector=True)
    assert run("merge", folder, adapter, "--out", tmp_path / "a").exit_code == 0
    result = run("export", folder, "--adapter", adapter, "--to", "huggingface", "--out", tmp_path / "b")
    assert result.exit_code == 0, result.stderr
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("a", "b")]
    assert weights[0] == weights[1] != (folder / "model.safetensors").read_bytes()


def test_what_stands_there_is_replaced_only_with_force(folder, tmp_path):
    out = tmp_path / "out"
    arguments = ("export", folder, "--to", "huggingface", "--out", out)
    assert run(*arguments).exit_code == 0
    (out / "mark.txt").write_text("")
    refused = run(*arguments)
    assert refused.exit_code == 1 and "--force" in refused.stderr and (out / "mark.txt").exists()
    assert run(*arguments, "--force").exit_code == 0
    assert not (out / "mark.txt").exists()


def test_a_type_that_the_target_does_not_write_is_wrong_usage(folder, tmp_path):
    result = run("export", folder, "--to", "huggingface", "--type", "Q8_0", "--out", tmp_path / "out")
    assert result.exit_code == 2 and "--type" in result.stderr
    assert not (tmp_path / "out").exists()


def test_an_adapter_that_is_none_is_refused(folder, tmp_path):
    result = run("merge", folder, tmp_path / "nothing", "--out", tmp_path / "out")
    assert result.exit_code == 1 and "adapter" in result.stderr
    assert not (tmp_path / "out").exists()
