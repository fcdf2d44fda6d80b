import gguf
import numpy as np
import pytest

from osler.errors import WeightsError
from osler.testing.random_weights import random_vision
from osler.testing.tiny import BLOCK_SHAPE, TinyShape, write_gguf, write_projector
from osler.weights.checkpoint import open_checkpoint


@pytest.fixture
def model(tmp_path):
    return write_gguf(tmp_path / "tiny.gguf", "Q8_0", projector=None)


def test_a_projector_is_found_by_its_metadata_under_any_name(model):
    write_projector(model.with_name("z-weights-from-somewhere.gguf"), "BF16")
    checkpoint = open_checkpoint(model)
    assert checkpoint.config.vision is not None
    assert checkpoint.vision_note == ""
    assert checkpoint.description == "GGUF Q8_0 + mmproj BF16"


def test_without_a_projector_there_is_no_vision_and_a_note_says_what_to_get(model):
    checkpoint = open_checkpoint(model)
    assert checkpoint.config.vision is None
    assert "no projector (mmproj) beside `tiny.gguf`" in checkpoint.vision_note
    assert "mmproj file" in checkpoint.vision_note


def test_a_projector_of_another_width_is_not_taken_and_the_note_says_so(model):
    write_projector(model.with_name("mmproj.gguf"), shape=TinyShape(width=128))
    checkpoint = open_checkpoint(model)
    assert checkpoint.config.vision is None
    assert "`mmproj.gguf` projects to the width 128, but `tiny.gguf` has 256" in checkpoint.vision_note


def test_of_two_projectors_the_one_of_the_models_width_is_taken(model):
    write_projector(model.with_name("a.gguf"), "F16", shape=TinyShape(width=128))
    write_projector(model.with_name("b.gguf"), "F32")
    assert open_checkpoint(model).description == "GGUF Q8_0 + mmproj F32"


@pytest.mark.parametrize(
    ("kinds", "taken"),
    [(("F32", "BF16", "F16"), "F16"), (("F32", "BF16"), "BF16"), (("F32",), "F32")],
)
def test_of_several_that_fit_sixteen_bits_go_first(model, kinds, taken):
    for kind in kinds:
        write_projector(model.with_name(f"mmproj-{kind}.gguf"), kind)
    assert open_checkpoint(model).description == f"GGUF Q8_0 + mmproj {taken}"


def test_a_damaged_projector_leaves_the_language_model_usable_and_is_named(model):
    path = write_projector(model.with_name("mmproj.gguf"))
    path.write_bytes(path.read_bytes()[:-1000])
    checkpoint = open_checkpoint(model)
    assert checkpoint.config.vision is None
    assert "cannot read GGUF `mmproj.gguf`" in checkpoint.vision_note


def test_a_projector_without_a_usable_width_leaves_the_language_model_usable(model):
    path = write_projector(model.with_name("mmproj.gguf"))
    path.write_bytes(path.read_bytes().replace(b"clip.vision.projection_dim", b"clip.vision.projection_din"))
    checkpoint = open_checkpoint(model)
    assert checkpoint.config.vision is None
    assert "`clip.vision.projection_dim` must be a whole number" in checkpoint.vision_note


def test_a_projector_of_another_model_family_is_passed_over(model):
    writer = gguf.GGUFWriter(model.with_name("llava.gguf"), "clip")
    writer.add_string("clip.projector_type", "mlp")
    writer.add_tensor("v.patch_embd.weight", np.zeros((4, 4), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert open_checkpoint(model).config.vision is None


def test_vision_weights_are_those_that_were_written(model):
    write_projector(model.with_name("mmproj.gguf"), "F32")
    checkpoint = open_checkpoint(model)
    written = dict(random_vision(BLOCK_SHAPE, 0))
    patch = written["vision_tower.embeddings.patch_embedding.weight"]
    assert np.array_equal(checkpoint.matrix("vision.patch.weight").dequantised(), patch.reshape(len(patch), -1))
    projection = written["multi_modal_projector.mm_input_projection_weight"]
    assert np.array_equal(checkpoint.matrix("projector.weight").dequantised(), projection.T)
    norm = written["multi_modal_projector.mm_soft_emb_norm.weight"]
    assert np.array_equal(checkpoint.vector("projector.norm"), norm + np.float32(1))
    fc1 = written["vision_tower.encoder.layers.1.mlp.fc1.weight"]
    assert np.array_equal(checkpoint.matrix("vision.layers.1.up.weight").dequantised(), fc1)


def test_a_file_whose_feed_forward_names_are_swapped_means_the_same(model):
    write_projector(model.with_name("mmproj.gguf"), "F32")
    right = open_checkpoint(model)
    write_projector(model.with_name("mmproj.gguf"), "F32", swapped=True)
    swapped = open_checkpoint(model)
    for name in ("vision.layers.0.up.weight", "vision.layers.1.down.weight"):
        assert np.array_equal(swapped.matrix(name).dequantised(), right.matrix(name).dequantised())
    assert np.array_equal(swapped.vector("vision.layers.0.up.bias"), right.vector("vision.layers.0.up.bias"))


def test_a_projector_that_contradicts_its_own_metadata_is_refused(model):
    path = write_projector(model.with_name("mmproj.gguf"), shape=TinyShape(width=128))
    content = path.read_bytes()
    key = b"clip.vision.projection_dim" + (4).to_bytes(4, "little")
    assert key + (128).to_bytes(4, "little") in content
    path.write_bytes(content.replace(key + (128).to_bytes(4, "little"), key + (256).to_bytes(4, "little")))
    with pytest.raises(WeightsError, match=r"`projector\.weight` the shape \[256, 64\], the file has \[128, 64\]"):
        open_checkpoint(model)
