"""Tiny models that are opened and never started, and small data to read."""

import json

import numpy as np
import pytest

from osler.imaging.png import png_of
from osler.tasks.load import open_model
from osler.testing.tiny import TinyShape, write_gguf, write_safetensors

CONTEXT = 512


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """A safetensors folder that reads images: 56 px, 4 tokens an image, 512 tokens of context."""
    folder = write_safetensors(tmp_path_factory.mktemp("tiny") / "safetensors", shape=TinyShape())
    return open_model(folder, precision="f32", context=CONTEXT)


@pytest.fixture(scope="session")
def large_model(tmp_path_factory):
    """The same with 4,096 tokens of context, for whole studies."""
    folder = write_safetensors(tmp_path_factory.mktemp("tiny") / "safetensors", shape=TinyShape())
    return open_model(folder, precision="f32", context=4096)


@pytest.fixture(scope="session")
def gguf(tmp_path_factory):
    """A GGUF file with its projector, whose vocabulary ends before the soft token."""
    return open_model(write_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf"), precision="f32", context=CONTEXT)


@pytest.fixture(scope="session")
def blind(tmp_path_factory):
    """A GGUF file without a projector beside it."""
    path = write_gguf(tmp_path_factory.mktemp("tiny") / "blind.gguf", projector=None)
    return open_model(path, precision="f32", context=CONTEXT)


def picture(path, seed=0, size=(40, 60)):
    """Write a picture of smooth noise; the same seed gives the same one."""
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (5, 6, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_of(np.repeat(np.repeat(small, size[0] // 5, 0), size[1] // 6, 1)))
    return path


def write_lines(path, *rows):
    """Write rows as JSON lines; a text stands as it is."""
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n")
    return path


def asked(question, answer, *images, **more):
    """A row of one question about images, as a conversation."""
    content = [{"type": "image", "image": image} for image in images] + [{"type": "text", "text": question}]
    return {"messages": [{"role": "user", "content": content}, {"role": "assistant", "content": answer}], **more}
