import numpy as np
import pytest

from osler.errors import WeightsError
from osler.model.matrix import DenseMatrix, GroupedMatrix
from osler.testing.random_weights import to_bfloat16
from osler.testing.tiny import write_safetensors
from osler.weights.checkpoint import open_checkpoint
from osler.weights.quantised import GROUP, quantise


def normal(rows: int = 100, columns: int = 512) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((rows, columns), np.float32) * np.float32(0.02)


@pytest.mark.parametrize(("bits", "at_most"), [(8, 0.006), (4, 0.08)])
def test_the_error_on_normal_weights_is_as_stated(bits, at_most):
    weights = normal()
    matrix = quantise(DenseMatrix(values=weights, kind="f32"), bits)
    error = np.sqrt(np.mean(np.square(matrix.dequantised() - weights))) / np.sqrt(np.mean(np.square(weights)))
    assert at_most / 2 < error < at_most


@pytest.mark.parametrize("bits", [8, 4])
def test_no_weight_moves_by_more_than_half_a_step(bits):
    weights = normal()
    matrix = quantise(DenseMatrix(values=weights, kind="f32"), bits)
    step = np.repeat(matrix.scale, GROUP, axis=1)
    assert np.all(np.abs(matrix.dequantised() - weights) <= 0.5001 * step)


@pytest.mark.parametrize("bits", [8, 4])
def test_groups_of_equal_weights_stay_as_they_are(bits):
    for value in (0.0, 0.5):
        matrix = quantise(DenseMatrix(values=np.full((2, 64), value, np.float32), kind="f32"), bits)
        assert np.allclose(matrix.dequantised(), value, rtol=1e-6)


@pytest.mark.parametrize("bits", [8, 4])
def test_bfloat16_is_quantised_as_the_numbers_it_stands_for(bits):
    stored = to_bfloat16(normal())
    ours = quantise(DenseMatrix(values=stored, kind="bf16"), bits)
    plain = quantise(DenseMatrix(values=(stored.astype(np.uint32) << 16).view(np.float32), kind="f32"), bits)
    assert np.array_equal(ours.codes, plain.codes)
    assert np.array_equal(ours.scale, plain.scale)


def test_decoder_matrices_take_the_bits_asked_for_and_the_embedding_eight(safetensors_folder):
    checkpoint = open_checkpoint(safetensors_folder, quantise=4)
    matrices = {name: checkpoint.matrix(name) for name in ("text.layers.0.query", "text.layers.6.down")}
    assert all(isinstance(matrix, GroupedMatrix) and matrix.bits == 4 for matrix in matrices.values())
    embedding = checkpoint.matrix("text.embedding")
    assert isinstance(embedding, GroupedMatrix)
    assert embedding.bits == 8


def test_vision_and_norms_stay_as_they_are(safetensors_folder):
    plain, quantised = open_checkpoint(safetensors_folder), open_checkpoint(safetensors_folder, quantise=8)
    assert isinstance(quantised.matrix("vision.layers.0.up.weight"), DenseMatrix)
    assert isinstance(quantised.matrix("projector.weight"), DenseMatrix)
    assert np.array_equal(quantised.vector("text.norm"), plain.vector("text.norm"))


def test_rows_of_the_embedding_stay_exact(safetensors_folder):
    plain, quantised = open_checkpoint(safetensors_folder), open_checkpoint(safetensors_folder, quantise=8)
    assert np.array_equal(quantised.embedding_rows([1, 7]), plain.embedding_rows([1, 7]))


def test_it_says_what_it_is(safetensors_folder):
    plain, quantised = open_checkpoint(safetensors_folder), open_checkpoint(safetensors_folder, quantise=8)
    assert quantised.description == "safetensors BF16, quantised on load to 8 bits"
    assert quantised.identity != plain.identity
    assert (quantised.names(), quantised.config) == (plain.names(), plain.config)


def test_other_numbers_of_bits_are_refused(safetensors_folder):
    with pytest.raises(WeightsError, match="expected 8 or 4"):
        open_checkpoint(safetensors_folder, quantise=5)


def test_weights_that_are_quantised_already_are_refused(gguf_path):
    with pytest.raises(WeightsError, match="quantised already"):
        open_checkpoint(gguf_path, quantise=8)


def test_a_half_precision_folder_can_be_quantised(tmp_path):
    checkpoint = open_checkpoint(write_safetensors(tmp_path, kind="f16"), quantise=4)
    assert isinstance(checkpoint.matrix("text.layers.0.gate"), GroupedMatrix)
