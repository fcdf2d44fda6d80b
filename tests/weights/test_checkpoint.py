"""What every checkpoint does, and what `open_checkpoint` takes and refuses."""

from pathlib import Path

import numpy as np
import pytest

from osler.errors import WeightsError
from osler.model.matrix import DenseMatrix
from osler.testing.tiny import BLOCK_SHAPE, TinyShape, write_gguf, write_projector, write_safetensors
from osler.weights.checkpoint import PLACEHOLDER_ROWS, Checkpoint, open_checkpoint
from osler.weights.names import expected_shapes

MAKERS = {
    "new names": write_safetensors,
    "old names": lambda folder: write_safetensors(folder, prefixes="old", kind="f16"),
    "text only": lambda folder: write_safetensors(folder, prefixes="text"),
    "shards": lambda folder: write_safetensors(folder, kind="f32", shards=3),
    "GGUF": lambda folder: write_gguf(folder / "a.gguf", "Q8_0"),
    "GGUF without projector": lambda folder: write_gguf(folder / "a.gguf", "BF16", projector=None),
    "GGUF of super-blocks": lambda folder: write_gguf(folder / "a.gguf", "Q4_K", embedding_kind="Q6_K"),
}


@pytest.fixture(scope="module", params=MAKERS, ids=[name.replace(" ", "-") for name in MAKERS])
def checkpoint(request, tmp_path_factory) -> Checkpoint:
    return open_checkpoint(MAKERS[request.param](tmp_path_factory.mktemp("checkpoint")))


def test_it_has_exactly_the_weights_that_its_configuration_calls_for(checkpoint):
    shapes = expected_shapes(checkpoint.config)
    assert checkpoint.names() == frozenset(shapes)
    assert {name: checkpoint.shape(name) for name in shapes} == shapes


def test_matrices_and_vectors_have_the_shapes_it_names(checkpoint):
    for name in checkpoint.names():
        shape = checkpoint.shape(name)
        if len(shape) == 1:
            vector = checkpoint.vector(name)
            assert (vector.shape, vector.dtype) == (shape, np.float32), name
        else:
            matrix = checkpoint.matrix(name)
            assert matrix.shape == shape, name
            assert np.isfinite(matrix.dequantised()).all(), name


def test_rows_of_the_embedding_are_those_of_its_matrix(checkpoint):
    table = checkpoint.matrix("text.embedding").dequantised()
    ids = [3, 0, len(table) - 1, 3]
    rows = checkpoint.embedding_rows(ids)
    assert rows.dtype == np.float32
    assert np.array_equal(rows, table[ids])


def test_the_placeholders_after_the_vocabulary_are_zeros(checkpoint):
    size = checkpoint.config.text.vocabulary_size
    rows = checkpoint.embedding_rows([size, 1, size + PLACEHOLDER_ROWS - 1])
    assert not rows[[0, 2]].any()
    assert rows[1].any()


@pytest.mark.parametrize("beyond", [-1, 768 + PLACEHOLDER_ROWS])
def test_other_ids_outside_the_vocabulary_are_refused(checkpoint, beyond):
    with pytest.raises(WeightsError, match=f"cannot embed token {beyond}"):
        checkpoint.embedding_rows([1, beyond])


def test_no_ids_give_no_rows(checkpoint):
    assert checkpoint.embedding_rows([]).shape == (0, checkpoint.config.text.width)


def test_the_files_are_listed_without_folders(checkpoint):
    assert all("/" not in record.name and len(record.sha256) == 64 for record in checkpoint.files)
    assert sum(record.size_bytes for record in checkpoint.files) > 1_000_000


def test_releasing_pages_changes_no_values(checkpoint):
    before = checkpoint.matrix("text.layers.0.query").dequantised().copy()
    checkpoint.release()
    assert np.array_equal(checkpoint.matrix("text.layers.0.query").dequantised(), before)


def test_its_tokenizer_knows_gemmas_special_tokens(checkpoint):
    tokenizer = checkpoint.tokenizer()
    ids = tokenizer.encode("<bos><start_of_turn>user\nIs the heart enlarged?<end_of_turn>")
    assert ids[0] == tokenizer.id_of("<bos>")
    assert ids[-1] == tokenizer.id_of("<end_of_turn>")
    assert tokenizer.decode(ids) == "user\nIs the heart enlarged?"


def test_all_forms_of_the_same_weights_hold_the_same_numbers(tmp_path):
    folder = write_safetensors(tmp_path / "folder", shape=BLOCK_SHAPE)
    path = write_gguf(tmp_path / "a.gguf", "BF16", projector="F32", soft_token=True)
    ours, theirs = open_checkpoint(folder), open_checkpoint(path)
    assert ours.config == theirs.config
    for name in ours.names():
        if len(ours.shape(name)) == 1:
            assert np.array_equal(ours.vector(name), theirs.vector(name)), name
        else:
            assert np.array_equal(ours.matrix(name).dequantised(), theirs.matrix(name).dequantised()), name


def test_a_folder_with_one_gguf_model_is_opened(gguf_path):
    assert open_checkpoint(gguf_path.parent).path == gguf_path


def test_a_safetensors_file_opens_its_folder(safetensors_folder):
    assert open_checkpoint(safetensors_folder / "model.safetensors").path == safetensors_folder


def test_identity_is_the_same_for_the_same_bytes_elsewhere(tmp_path, gguf_path):
    copy = tmp_path / "renamed.gguf"
    copy.write_bytes(gguf_path.read_bytes())
    (tmp_path / "mm.gguf").write_bytes((gguf_path.parent / "mmproj.gguf").read_bytes())
    assert open_checkpoint(copy).identity == open_checkpoint(gguf_path).identity


def test_identity_changes_with_the_weights_and_with_the_configuration(tmp_path):
    first = open_checkpoint(write_safetensors(tmp_path / "a"))
    others = [
        open_checkpoint(write_safetensors(tmp_path / "b", seed=1)),
        open_checkpoint(write_safetensors(tmp_path / "c", shape=TinyShape(rope_factor=1.0))),
    ]
    assert len({first.identity, *(other.identity for other in others)}) == 3


def complaint(path: Path) -> str:
    with pytest.raises(WeightsError) as caught:
        open_checkpoint(path)
    assert caught.value.hint
    return caught.value.message


def test_a_path_with_nothing_there_is_refused(tmp_path):
    assert "there is no file or folder" in complaint(tmp_path / "absent.gguf")


def test_an_empty_folder_is_refused(tmp_path):
    assert "holds no checkpoint" in complaint(tmp_path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04rest", "zip archive"),
        (b"\x80\x02}q\x00", "pickle"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (b"<!doctype html><html>", "web page"),
        (b"\x89PNG\r\n\x1a\n", "begins with the bytes"),
    ],
)
def test_other_files_are_named_for_what_they_are(tmp_path, content, what):
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    assert what in complaint(path)


def test_a_projector_alone_is_refused(tmp_path):
    path = write_projector(tmp_path / "model.gguf")
    assert "only a projector" in complaint(path)
    assert "only a projector" in complaint(tmp_path)


def test_several_gguf_models_in_a_folder_are_listed(tmp_path, gguf_path):
    for name in ("one.gguf", "two.gguf"):
        (tmp_path / name).write_bytes(gguf_path.read_bytes())
    assert "2 GGUF models: `one.gguf`, `two.gguf`" in complaint(tmp_path)


def test_another_architecture_is_refused(tmp_path):
    import gguf

    writer = gguf.GGUFWriter(tmp_path / "llama.gguf", "llama")
    writer.add_tensor("token_embd.weight", np.zeros((4, 32), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert "expected the architecture gemma3 (MedGemma, Gemma 3), got 'llama'" in complaint(tmp_path / "llama.gguf")


def test_dense_matrices_are_not_copied_out_of_the_file(safetensors_folder):
    matrix = open_checkpoint(safetensors_folder).matrix("text.layers.0.down")
    assert isinstance(matrix, DenseMatrix)
    assert (matrix.kind, matrix.values.flags.owndata, matrix.values.flags.writeable) == ("bf16", False, False)
