"""A tiny random MedSigLIP, and pictures whose labels can be seen."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from osler.testing.tiny_medsiglip import write_medsiglip

LABELS = ("effusion", "fracture", "nodule", "pneumonia")
SIDE = 56


def drawn(label: str, rng: np.random.Generator) -> np.ndarray:
    """A picture [Y, X, 3] of noise with a brighter quarter, another one for each label."""
    pixels = rng.integers(0, 90, (SIDE, SIDE, 3))
    row, column = divmod(LABELS.index(label), 2)
    pixels[row * 28 : row * 28 + 28, column * 28 : column * 28 + 28] += 140
    return pixels.astype(np.uint8)


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> Path:
    """A folder of tiny random weights."""
    return write_medsiglip(tmp_path_factory.mktemp("medsiglip") / "tiny")


@pytest.fixture(scope="session")
def films(tmp_path_factory) -> Path:
    """A folder of classes: 24 pictures of each of four labels, of 12 patients each."""
    folder = tmp_path_factory.mktemp("films")
    rng = np.random.default_rng(0)
    for label in LABELS:
        for number in range(24):
            place = folder / label / f"{label[0]}{number // 2}"
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(drawn(label, rng)).save(place / f"{number}.png")
    return folder


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Tiny matrices on several threads mostly wait for each other; and sums have one order, in fixtures, too."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
