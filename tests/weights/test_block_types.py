import gguf
import numpy as np
import pytest

from osler.testing.random_blocks import random_blocks
from osler.weights.blocks import BLOCK_TYPES, convert, grouped_matrix

COLUMNS = 768
FLOAT32_STEP = 2.0**-24
"""The largest relative error of one rounding to float32."""


def random_matrix(kind: str, rows: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Random legal blocks, and the weights that the gguf package reads from them."""
    raw = random_blocks(kind, rows, COLUMNS, np.random.default_rng(len(kind)))
    return raw, gguf.dequantize(raw, gguf.GGMLQuantizationType[kind])


@pytest.mark.parametrize("kind", BLOCK_TYPES)
def test_blocks_mean_the_weights_that_the_gguf_package_reads(kind):
    raw, expected = random_matrix(kind)
    matrix = grouped_matrix(BLOCK_TYPES[kind], raw)
    weights = matrix.dequantised()
    if matrix.offset is None:
        # codes and scales hold few enough bits that scale * code is exact in float32
        assert np.array_equal(weights, expected)
        return
    # gguf rounds once, at d * s * q - dmin * m. We round twice: at the offset, which gathers the shift of the codes and
    # the minimum, and at scale * code + offset. Each rounding is half a step of a number no larger than `size`.
    largest = np.abs(matrix.unpacked().reshape(*matrix.scale.shape, -1)).max(axis=-1) * np.abs(matrix.scale)
    size = np.repeat(largest + np.abs(matrix.offset), matrix.group, axis=1)
    assert np.all(np.abs(weights - expected) <= 3 * FLOAT32_STEP * size)


@pytest.mark.parametrize("kind", BLOCK_TYPES)
def test_block_sizes_are_those_of_the_gguf_package(kind):
    block_type = BLOCK_TYPES[kind]
    number = gguf.GGMLQuantizationType[kind]
    assert (block_type.weights, block_type.size_bytes) == gguf.GGML_QUANT_SIZES[number]


def test_every_block_type_of_the_gguf_package_is_known_except_one_that_no_gemma_comes_in():
    from gguf.quants import _type_traits

    assert {kind.name for kind in _type_traits} - set(BLOCK_TYPES) == {"BF16", "NVFP4"}


@pytest.mark.parametrize("kind", ["Q4_0", "Q4_1", "Q4_K", "Q2_K", "Q3_K", "IQ1_S", "IQ3_S", "TQ1_0", "TQ2_0"])
def test_codes_that_fit_four_bits_take_four_bits(kind):
    raw, _ = random_matrix(kind)
    matrix = grouped_matrix(BLOCK_TYPES[kind], raw)
    assert (matrix.bits, matrix.codes.shape) == (4, (40, COLUMNS // 2))


@pytest.mark.parametrize("kind", BLOCK_TYPES)
def test_slabs_and_threads_change_nothing(kind, monkeypatch):
    raw, _ = random_matrix(kind)
    whole = grouped_matrix(BLOCK_TYPES[kind], raw)
    monkeypatch.setattr(convert, "SPAN_BYTES", 2000)
    monkeypatch.setattr(convert, "SLAB_BYTES", 700)
    parts = grouped_matrix(BLOCK_TYPES[kind], raw)
    assert np.array_equal(parts.codes, whole.codes)
    assert np.array_equal(parts.scale, whole.scale)
    assert (whole.offset is None and parts.offset is None) or np.array_equal(parts.offset, whole.offset)


@pytest.mark.parametrize("kind", BLOCK_TYPES)
def test_read_only_blocks_are_left_as_they_are(kind):
    raw, _ = random_matrix(kind)
    before = raw.copy()
    raw.flags.writeable = False
    grouped_matrix(BLOCK_TYPES[kind], raw)
    assert np.array_equal(raw, before)
