"""What can be wrong with files and questions: one clear error, exit 1, no traceback, nothing half-written."""

import json
import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image as Pillow

from osler.testing.tiny import TinyShape, write_projector, write_safetensors

GIB = 1 << 30


@pytest.fixture
def film(tmp_path):
    Pillow.fromarray(np.full((20, 30, 3), 128, np.uint8)).save(tmp_path / "film.png")
    return tmp_path / "film.png"


@pytest.fixture
def folder(tiny_folder, tmp_path):
    """A copy of the safetensors folder, to be damaged."""
    return shutil.copytree(tiny_folder, tmp_path / "model")


@pytest.fixture
def gguf(tiny_gguf, tmp_path):
    """A copy of the GGUF file with its projector, to be damaged."""
    shutil.copytree(tiny_gguf.parent, tmp_path / "model")
    return tmp_path / "model" / tiny_gguf.name


def rename(path, old: bytes, new: bytes) -> None:
    """Write another name of the same length into a file's header."""
    data = path.read_bytes()
    assert data.count(old) == 1
    assert len(old) == len(new)
    path.write_bytes(data.replace(old, new))


def bomb(path, side: int) -> None:
    """A whole, valid PNG of black pixels, one bit each."""
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + side // 8)
    data = b"".join(packer.compress(row * 100) for _ in range(side // 100)) + packer.flush()
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)), (b"IDAT", data), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part)) for kind, part in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


@pytest.mark.parametrize("share", [0.9, 0.5, 0.0001])
def test_a_truncated_gguf(refused, gguf, share):
    os.truncate(gguf, int(gguf.stat().st_size * share))
    assert "`tiny.gguf`" in refused("ask", "Why?", "-m", gguf)


def test_a_truncated_safetensors_file(refused, folder):
    (weights,) = folder.glob("*.safetensors")
    os.truncate(weights, weights.stat().st_size - 1000)
    assert weights.name in refused("ask", "Why?", "-m", folder)


def test_a_model_with_a_wrong_magic_number(refused, tmp_path):
    (tmp_path / "model.gguf").write_bytes(b"GGML" + bytes(100))
    error = refused("ask", "Why?", "-m", tmp_path / "model.gguf")
    assert "`model.gguf` is not a checkpoint" in error
    assert "hint:" in error


def test_a_gguf_without_one_of_its_tensors(refused, gguf):
    rename(gguf, b"blk.3.ffn_up.weight", b"blk.3.ffn_xx.weight")
    error = refused("ask", "Why?", "-m", gguf)
    assert "1 of" in error
    assert "text.layers.3.up" in error


def test_safetensors_without_one_of_their_tensors(refused, folder):
    (weights,) = folder.glob("*.safetensors")
    rename(weights, b"layers.3.mlp.up_proj.weight", b"layers.3.mlp.xx_proj.weight")
    assert "text.layers.3.up" in refused("ask", "Why?", "-m", folder)


def test_weights_of_another_shape_than_the_configuration_says(refused, folder):
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["intermediate_size"] += 32
    (folder / "config.json").write_text(json.dumps(config))
    assert "contradicts itself" in refused("ask", "Why?", "-m", folder)


def test_a_projector_of_another_width(refused, gguf, film):
    write_projector(gguf.with_name("mmproj.gguf"), shape=TinyShape(width=128))
    error = refused("ask", film, "Where?", "-m", gguf)
    assert "projects to the width 128" in error
    assert "mmproj" in error


def test_no_projector_at_all(refused, gguf, film):
    gguf.with_name("mmproj.gguf").unlink()
    assert "put the model's mmproj file" in refused("ask", film, "Where?", "-m", gguf)


def test_a_corrupt_image(refused, tiny_folder, film):
    data = film.read_bytes()
    film.write_bytes(data[: len(data) // 2])
    assert "film.png" in refused("ask", film, "Where?", "-m", tiny_folder)


def test_an_image_that_is_none(refused, tiny_folder, tmp_path):
    (tmp_path / "film.png").write_text("Patient: Jane Roe")
    error = refused("ask", tmp_path / "film.png", "Where?", "-m", tiny_folder)
    assert "film.png" in error
    assert "Roe" not in error


def test_an_image_that_is_empty(refused, tiny_folder, tmp_path):
    (tmp_path / "film.png").touch()
    assert "empty" in refused("ask", tmp_path / "film.png", "Where?", "-m", tiny_folder)


@pytest.mark.parametrize("name", ["model.gguf", "model.safetensors"])
def test_a_model_file_that_is_empty(refused, tmp_path, name):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text('{"model_type": "gemma3"}')
    (tmp_path / "model" / name).touch()
    assert name in refused("ask", "Why?", "-m", tmp_path / "model" / name)


def test_an_image_of_a_billion_and_more_pixels_is_refused_without_taking_the_memory(refused, tiny_folder, tmp_path):
    bomb(tmp_path / "bomb.png", 40_000)
    error = refused(
        *("ask", tmp_path / "bomb.png", "Where?", "-m", tiny_folder),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2 * GIB, 2 * GIB)),
    )
    assert "bomb.png" in error


def test_a_prompt_over_the_limit(refused, tiny_folder):
    error = refused("ask", "-", "-m", tiny_folder, "--context", "200", stdin="effusion " * 300)
    assert "the context holds 200" in error
    assert "--context" in error


def test_a_context_over_the_limit(refused, tiny_folder):
    assert "the model's limit is 4,096" in refused("ask", "Why?", "-m", tiny_folder, "--context", "5000")


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_ctrl_c_in_mid_generation(environment, tmp_path, form):
    write_safetensors(tmp_path / "model", shape=TinyShape(context_length=500_000))  # it never comes to an end
    command = [sys.executable, "-m", "osler", "ask", "Why?", "-m", "model", "--max-new-tokens", "400000", *form]
    process = subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr.readline().startswith("model:")
    if form:  # nothing is printed before the end
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=4)
    begun = process.stdout.read(100) if not form else ""
    process.send_signal(signal.SIGINT)
    rest, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert re.fullmatch(r"error: interrupted: [1-9]\d* tokens were written\n", error)
    assert rest == "" if form else (begun + rest).endswith("\n")
    assert {path.name for path in tmp_path.iterdir()} <= {"model", "cache"}
