"""Osler's pixel values beside those of transformers' own Gemma 3 image processor."""

import numpy as np
import pytest

from osler.imaging.normalise import network_pixels
from osler.imaging.square import pad_to_square

pytestmark = pytest.mark.parity


@pytest.fixture(scope="module")
def processor():
    pytest.importorskip("transformers")
    from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil

    return Gemma3ImageProcessorPil(size={"height": 896, "width": 896})


def picture(height: int, width: int) -> np.ndarray:
    smooth = np.add.outer(np.linspace(0, 200, height), np.linspace(0, 55, width))[:, :, None] * (1.0, 0.7, 0.4)
    noise = np.random.default_rng(height + width).normal(0, 30, (height, width, 3))
    return np.clip(smooth + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("shape", [(896, 896), (1024, 1024), (500, 700), (2500, 2048), (30, 1200), (7, 5)])
def test_without_padding_every_bit_is_that_of_transformers(processor, shape):
    pixels = picture(*shape)
    theirs = processor(images=[pixels], return_tensors="np")["pixel_values"]
    ours = network_pixels([pixels], 896, pad=False)
    assert theirs.dtype == ours.dtype == np.float32
    assert np.array_equal(theirs.view(np.uint32), ours.view(np.uint32))


def test_with_padding_it_is_transformers_on_the_padded_square(processor):
    pixels = picture(300, 1000)
    theirs = processor(images=[pad_to_square(pixels)], return_tensors="np")["pixel_values"]
    assert np.array_equal(theirs.view(np.uint32), network_pixels([pixels], 896).view(np.uint32))


def test_all_256_levels_are_those_of_transformers(processor):
    levels = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    theirs = processor(images=[levels], size={"height": 16, "width": 16}, return_tensors="np")["pixel_values"]
    assert np.array_equal(theirs.view(np.uint32), network_pixels([levels], 16).view(np.uint32))
