import numpy as np
import pytest

from osler.model.matrix import DenseMatrix, GroupedMatrix


def test_bfloat16_bits_are_the_upper_half_of_float32():
    values = np.array([[0x3F80, 0xC000, 0x3DCD]], np.uint16)  # 1, -2, about 0.1
    matrix = DenseMatrix(values=values, kind="bf16")
    assert matrix.dequantised().tolist() == [[1.0, -2.0, 0.10009765625]]


def test_float16_is_widened():
    matrix = DenseMatrix(values=np.array([[0.5, -65504]], np.float16), kind="f16")
    assert matrix.dequantised().dtype == np.float32
    assert matrix.dequantised().tolist() == [[0.5, -65504.0]]


def test_four_bit_codes_lie_low_half_first_in_twos_complement():
    codes = np.array([[0x70, 0x8F]], np.uint8)
    matrix = GroupedMatrix(codes=codes, bits=4, scale=np.ones((1, 1), np.float32), offset=None, group=4)
    assert matrix.shape == (1, 4)
    assert matrix.unpacked().tolist() == [[0, 7, -1, -8]]


def test_each_group_has_its_own_scale_and_offset():
    matrix = GroupedMatrix(
        codes=np.array([[1, 2, -3, 127]], np.int8),
        bits=8,
        scale=np.array([[2, 0.5]], np.float32),
        offset=np.array([[10, -1]], np.float32),
        group=2,
    )
    assert matrix.dequantised().tolist() == [[12.0, 14.0, -2.5, 62.5]]


@pytest.mark.parametrize("bits", [4, 8])
def test_dequantising_changes_nothing(bits):
    codes = np.full((2, 4 * bits // 8), -3).astype(np.int8 if bits == 8 else np.uint8)
    matrix = GroupedMatrix(codes=codes, bits=bits, scale=np.ones((2, 1), np.float32), offset=None, group=4)
    before = codes.copy()
    matrix.dequantised()[...] = 0
    assert np.array_equal(codes, before)
