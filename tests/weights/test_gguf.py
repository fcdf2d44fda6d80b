from dataclasses import replace

import gguf
import numpy as np
import pytest

from osler.errors import WeightsError
from osler.model.matrix import GroupedMatrix
from osler.testing.tiny import BLOCK_SHAPE, write_gguf
from osler.weights.blocks import BLOCK_TYPES
from osler.weights.checkpoint import open_checkpoint


@pytest.mark.parametrize("kind", BLOCK_TYPES)
def test_a_model_in_every_block_type_is_its_dequantised_twin(tmp_path, kind):
    checkpoint = open_checkpoint(write_gguf(tmp_path / "tiny.gguf", kind, projector=None))
    theirs = {tensor.name: tensor for tensor in gguf.GGUFReader(tmp_path / "tiny.gguf").tensors}
    for name, tensor in (
        ("text.embedding", "token_embd.weight"),
        ("text.layers.5.query", "blk.5.attn_q.weight"),
        ("text.layers.6.attention_output", "blk.6.attn_output.weight"),
        ("text.layers.0.down", "blk.0.ffn_down.weight"),
    ):
        matrix = checkpoint.matrix(name)
        assert isinstance(matrix, GroupedMatrix)
        expected = gguf.dequantize(theirs[tensor].data, theirs[tensor].tensor_type)
        assert np.allclose(matrix.dequantised(), expected, rtol=1e-5, atol=1e-7 * np.abs(expected).max())
    assert f"GGUF {kind}" == checkpoint.description


@pytest.mark.parametrize("kind", ["F32", "F16", "BF16"])
def test_dense_models_are_read_too(tmp_path, kind):
    checkpoint = open_checkpoint(write_gguf(tmp_path / "tiny.gguf", kind, projector=kind))
    assert checkpoint.matrix("text.layers.0.query").kind == kind.lower()
    assert checkpoint.matrix("vision.layers.0.up.weight").kind == kind.lower()
    assert checkpoint.description == f"GGUF {kind} + mmproj {kind}"


def test_norms_are_the_whole_factor_as_stored(gguf_path):
    stored = {tensor.name: tensor.data for tensor in gguf.GGUFReader(gguf_path).tensors}
    checkpoint = open_checkpoint(gguf_path)
    assert np.array_equal(checkpoint.vector("text.layers.3.key_norm"), stored["blk.3.attn_k_norm.weight"])
    assert checkpoint.vector("text.norm").mean() == pytest.approx(1.0, abs=0.1)


def test_an_output_matrix_of_its_own_unties_the_output(tmp_path, gguf_path):
    rewrite(gguf_path, tmp_path / "untied.gguf", lambda name: ["token_embd.weight", "output.weight"])
    checkpoint = open_checkpoint(tmp_path / "untied.gguf")
    assert not checkpoint.config.text.tied_output
    assert checkpoint.matrix("text.output").shape == checkpoint.matrix("text.embedding").shape


def test_a_missing_tensor_is_named(tmp_path, gguf_path):
    rewrite(gguf_path, tmp_path / "cut.gguf", lambda name: [], of="blk.3.ffn_up.weight")
    with pytest.raises(WeightsError, match=r"1 of 93 weights are missing, first `text\.layers\.3\.up`"):
        open_checkpoint(tmp_path / "cut.gguf")


def test_a_missing_embedding_is_named(tmp_path, gguf_path):
    rewrite(gguf_path, tmp_path / "cut.gguf", lambda name: [])
    with pytest.raises(WeightsError, match=r"`token_embd\.weight` is missing"):
        open_checkpoint(tmp_path / "cut.gguf")


def test_a_shape_that_contradicts_the_metadata_is_refused(tmp_path, gguf_path):
    rewrite(
        gguf_path, tmp_path / "wrong.gguf", lambda name: ["blk.0.ffn_down.weight"], of="blk.0.ffn_up.weight", drop=1
    )
    with pytest.raises(WeightsError, match=r"the shape \[256, 512\], the file has \[512, 256\]"):
        open_checkpoint(tmp_path / "wrong.gguf")


def test_a_vocabulary_of_another_size_than_the_embedding_is_refused(tmp_path):
    path = write_gguf(tmp_path / "tiny.gguf", "F16", shape=replace(BLOCK_SHAPE, vocabulary_size=700), projector=None)
    with pytest.raises(WeightsError, match="767 tokens for 699 rows of the embedding"):
        open_checkpoint(path)


def test_asking_for_a_name_that_is_not_there_is_a_key_error(gguf_path):
    with pytest.raises(KeyError):
        open_checkpoint(gguf_path).matrix("text.layers.99.query")


def rewrite(source, target, names, *, of: str = "token_embd.weight", drop: int = 0) -> None:
    """Copy a file, writing the tensor `of` under other names; with `drop`, those names' own tensors are left out."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, "gemma3")
    for key, field in reader.fields.items():
        if key.startswith("gemma3.") and field.types[0] != gguf.GGUFValueType.ARRAY:
            writer.add_key_value(key, field.contents(), field.types[0])
    for tensor in reader.tensors:
        if drop and tensor.name in names(of):
            continue
        for name in [*names(of), *([of] if drop else [])] if tensor.name == of else [tensor.name]:
            writer.add_tensor(name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
