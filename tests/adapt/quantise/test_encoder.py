"""Blocks by llama.cpp's library and by the gguf package, and what is said where there is neither."""

import numpy as np
import pytest
from gguf import GGMLQuantizationType
from gguf.quants import dequantize, quantize

from osler.adapt.quantise import encoder as module
from osler.adapt.quantise import library
from osler.adapt.quantise.encoder import BlockEncoder, dequantised
from osler.adapt.quantise.kinds import row_bytes
from osler.errors import MissingExtraError, OptionError, WeightsError

LOSSES = {
    "IQ2_XXS": 0.5, "Q2_K": 0.4, "IQ3_XXS": 0.28, "Q3_K": 0.22, "IQ3_S": 0.22, "IQ4_XS": 0.11, "IQ4_NL": 0.11,
    "Q4_0": 0.13, "Q4_K": 0.11, "Q4_1": 0.1, "Q5_0": 0.06, "Q5_K": 0.05, "Q5_1": 0.05, "Q6_K": 0.025, "Q8_0": 0.008,
    "BF16": 0.003, "F16": 0.0005, "TQ2_0": 0.8, "MXFP4": 0.2,
}  # fmt: skip
"""Root mean square errors as shares of normally distributed weights that no type may exceed. The tables that
IQ1_S, IQ1_M, IQ2_XS and IQ2_S are made with take seconds to build: tests/parity has these types."""


@pytest.fixture
def without_library(monkeypatch):
    monkeypatch.delenv(library.LIBRARY_VARIABLE, raising=False)
    monkeypatch.setattr(library, "find_spec", lambda name: None)
    library.find_library.cache_clear()
    yield
    library.find_library.cache_clear()


def weights(rows: int = 8, columns: int = 512, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, columns)).astype(np.float32)


needs_library = pytest.mark.skipif(library.find_library() is None, reason="the extra `quantise` is not installed")


@needs_library
@pytest.mark.parametrize("kind", LOSSES)
def test_each_type_keeps_as_much_of_the_weights_as_it_can(kind):
    values = weights()
    blocks = BlockEncoder({"w": np.ones(512, np.float32)}).encode("w", values, kind)
    assert blocks.shape == (8, row_bytes(kind, 512))
    again = dequantised(kind, blocks)
    np.testing.assert_array_equal(again, dequantize(blocks, GGMLQuantizationType[kind]))
    error = float(np.sqrt(np.mean((again - values) ** 2)))
    assert LOSSES[kind] / 4 < error < LOSSES[kind]


@needs_library
@pytest.mark.parametrize("kind", ["Q8_0", "F16", "BF16"])
def test_library_and_package_agree_where_both_can(kind):
    values = weights()
    by_library = BlockEncoder().encode("w", values, kind)
    by_package = quantize(values, GGMLQuantizationType[kind]).view(np.uint8)
    np.testing.assert_array_equal(by_library, by_package.reshape(by_library.shape))


@needs_library
def test_ranges_of_rows_on_threads_make_the_same_blocks_as_one_call(monkeypatch):
    values = weights(rows=64)
    whole = BlockEncoder(threads=1).encode("w", values, "Q4_K")
    monkeypatch.setattr(module, "RANGE_WEIGHTS", 512 * 5)
    np.testing.assert_array_equal(BlockEncoder(threads=3).encode("w", values, "Q4_K"), whole)


@needs_library
def test_importance_moves_the_error_to_columns_that_count_less():
    values = weights(rows=64)
    importance = np.where(np.arange(512) % 4 == 0, 100.0, 1.0).astype(np.float32)
    errors = {}
    for name, encoder in {"flat": BlockEncoder(), "weighted": BlockEncoder({"w": importance})}.items():
        square = (dequantised("Q3_K", encoder.encode("w", values, "Q3_K")) - values) ** 2
        errors[name] = float((square * importance).mean())
    assert errors["weighted"] < 0.8 * errors["flat"]


def test_without_the_library_the_package_still_makes_its_types(without_library):
    encoder = BlockEncoder()
    encoder.check({"a": "Q8_0", "b": "BF16", "c": "Q4_0"})
    np.testing.assert_allclose(dequantised("Q8_0", encoder.encode("a", weights(), "Q8_0")), weights(), atol=0.03)


def test_without_the_library_a_k_type_says_how_to_get_it(without_library):
    with pytest.raises(MissingExtraError, match="cannot make Q4_K, Q6_K") as caught:
        BlockEncoder().check({"a": "Q4_K", "b": "Q6_K", "c": "Q8_0"})
    assert "osler[quantise]" in caught.value.hint
    assert "OSLER_GGML" in caught.value.hint


def test_a_library_that_is_none_is_said_so(without_library, monkeypatch, tmp_path):
    (tmp_path / "libggml.so").write_bytes(b"no library")
    monkeypatch.setenv("OSLER_GGML", str(tmp_path / "libggml.so"))
    with pytest.raises(MissingExtraError, match="OSLER_GGML names"):
        BlockEncoder()


@needs_library
def test_types_of_few_bits_are_refused_without_importance():
    with pytest.raises(OptionError, match="`b`: so few bits need an importance matrix"):
        BlockEncoder({"a": np.ones(512, np.float32)}).check({"a": "IQ2_XS", "b": "IQ2_XS"})


@needs_library
@pytest.mark.parametrize("kind", ["IQ2_XXS", "IQ3_XXS", "Q3_K", "IQ4_XS"])
def test_columns_that_never_meet_anything_are_stored_all_the_same(kind):
    importance = np.zeros(512, np.float32)
    importance[300:] = 1.0
    values = weights()
    for known in (importance, np.zeros(512, np.float32)):
        again = dequantised(kind, BlockEncoder({"w": known}).encode("w", values, kind))
        assert np.isfinite(again).all()
        assert np.abs(again[:, 300:] - values[:, 300:]).mean() < 0.5


def test_numbers_that_are_not_finite_are_refused():
    values = weights()
    values[3, 5] = np.nan
    with pytest.raises(WeightsError, match="not finite"):
        BlockEncoder().encode("w", values, "Q8_0")
