import json

import numpy as np
import pytest

from osler.errors import WeightsError
from osler.testing.random_weights import random_text, random_vision
from osler.testing.tiny import TinyShape, write_safetensors
from osler.weights.checkpoint import open_checkpoint
from osler.weights.safetensors_file import SafetensorsFile


@pytest.fixture
def folder(tmp_path):
    return write_safetensors(tmp_path / "model")


def written_file(folder, tensors: dict, data: bytes = bytes(64)):
    """A safetensors file with a header of our own."""
    header = json.dumps(tensors).encode()
    path = folder / "odd.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)
    return path


def entry(**changes):
    return {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, 64], **changes}


def refusal(path) -> str:
    with pytest.raises(WeightsError) as caught:
        SafetensorsFile(path)
    assert caught.value.hint
    return caught.value.message


def test_weights_are_those_that_were_written(folder):
    checkpoint = open_checkpoint(folder)
    text, vision = dict(random_text(TinyShape(), 0)), dict(random_vision(TinyShape(), 0))
    down = checkpoint.matrix("text.layers.4.down").dequantised()
    assert np.array_equal(down, text["layers.4.mlp.down_proj.weight"])
    patch = vision["vision_tower.embeddings.patch_embedding.weight"]
    assert np.array_equal(checkpoint.matrix("vision.patch.weight").dequantised(), patch.reshape(64, -1))
    projection = vision["multi_modal_projector.mm_input_projection_weight"]
    assert np.array_equal(checkpoint.matrix("projector.weight").dequantised(), projection.T)


def test_rms_norms_get_their_one_and_layer_norms_do_not(folder):
    checkpoint = open_checkpoint(folder)
    text, vision = dict(random_text(TinyShape(), 0)), dict(random_vision(TinyShape(), 0))
    one = np.float32(1)
    assert np.array_equal(checkpoint.vector("text.norm"), text["norm.weight"] + one)
    query_norm = text["layers.2.self_attn.q_norm.weight"] + one
    assert np.array_equal(checkpoint.vector("text.layers.2.query_norm"), query_norm)
    soft = vision["multi_modal_projector.mm_soft_emb_norm.weight"] + one
    assert np.array_equal(checkpoint.vector("projector.norm"), soft)
    post = vision["vision_tower.post_layernorm.weight"]
    assert np.array_equal(checkpoint.vector("vision.norm.weight"), post)


@pytest.mark.parametrize("kind", ["bf16", "f16", "f32"])
def test_every_number_format_means_the_same_weights(tmp_path, folder, kind):
    other = open_checkpoint(write_safetensors(tmp_path / kind, kind=kind))
    matrix = other.matrix("text.layers.0.gate")
    assert matrix.kind == kind
    expected = open_checkpoint(folder).matrix("text.layers.0.gate").dequantised()
    # half precision has fewer exponents than bfloat16: the smallest weights lose their last bits
    assert np.allclose(matrix.dequantised(), expected, rtol=0, atol=2**-25 if kind == "f16" else 0)


def test_text_only_folders_have_no_vision_and_a_note_says_so(tmp_path):
    checkpoint = open_checkpoint(write_safetensors(tmp_path, prefixes="text"))
    assert checkpoint.config.vision is None
    assert "hold no vision tower" in checkpoint.vision_note


def test_a_multimodal_configuration_without_vision_weights_is_a_text_model(tmp_path):
    checkpoint = open_checkpoint(write_safetensors(tmp_path, vision=False))
    assert checkpoint.config.vision is None
    assert "multimodal model" in checkpoint.vision_note


def test_a_missing_configuration_is_named(folder):
    (folder / "config.json").unlink()
    with pytest.raises(WeightsError, match=r"config\.json is missing"):
        open_checkpoint(folder)


@pytest.mark.parametrize("content", ["{", "[]", ""])
def test_a_broken_configuration_is_refused(folder, content):
    (folder / "config.json").write_text(content)
    with pytest.raises(WeightsError, match=r"config\.json"):
        open_checkpoint(folder)


def test_a_missing_tokenizer_is_named_when_it_is_asked_for(tmp_path):
    checkpoint = open_checkpoint(write_safetensors(tmp_path, tokenizer=False))
    with pytest.raises(WeightsError, match=r"there is no tokenizer\.json"):
        checkpoint.tokenizer()


def test_missing_shards_are_named(tmp_path):
    folder = write_safetensors(tmp_path, shards=3)
    (folder / "model-00002-of-00003.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"1 of 3 shards are missing: model-00002-of-00003\.safetensors"):
        open_checkpoint(folder)


def test_an_index_that_points_outside_its_folder_is_refused(tmp_path):
    folder = write_safetensors(tmp_path, shards=2)
    index = {"weight_map": {"a": "../elsewhere.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(WeightsError, match="outside its folder"):
        open_checkpoint(folder)


def test_shards_without_an_index_are_refused(tmp_path):
    folder = write_safetensors(tmp_path, shards=2)
    (folder / "model.safetensors.index.json").unlink()
    with pytest.raises(WeightsError, match=r"2 safetensors files and no model\.safetensors\.index\.json"):
        open_checkpoint(folder)


def test_other_safetensors_beside_the_model_are_passed_over(folder):
    (folder / "extra.safetensors").write_bytes(b"whatever")
    assert open_checkpoint(folder).config.vision is not None


def test_a_lora_adapter_alone_is_refused(folder):
    (folder / "config.json").rename(folder / "adapter_config.json")
    with pytest.raises(WeightsError, match="LoRA adapter"):
        open_checkpoint(folder)


def test_a_shape_that_contradicts_the_configuration_is_refused(folder):
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["intermediate_size"] = 512
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(
        WeightsError, match=r"`text\.layers\.0\.gate` the shape \[512, 128\], the file has \[256, 128\]"
    ):
        open_checkpoint(folder)


def test_more_layers_than_the_file_holds_are_missed(folder):
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["num_hidden_layers"] = 8
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsError, match=r"missing, first `text\.layers\.7"):
        open_checkpoint(folder)


@pytest.mark.parametrize("kept", [0, 4, 8, 100, 5000, -1])
def test_truncated_files_are_refused(folder, kept):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    assert "model.safetensors" in refusal_of_folder(folder)


def refusal_of_folder(folder) -> str:
    with pytest.raises(WeightsError) as caught:
        open_checkpoint(folder)
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        ({"w": entry(data_offsets=[0, 128])}, "ends at byte"),
        ({"w": entry(data_offsets=[64, 0])}, "ends at byte"),
        ({"w": entry(data_offsets=[-8, 56])}, "ends at byte"),
        ({"w": entry(shape=[4, 5])}, "has 64 bytes"),
        ({"w": entry(shape=[-4, -4])}, "ends at byte"),
        ({"w": entry(shape=[2**40, 2**40])}, "has 64 bytes"),
        ({"w": {"dtype": "F32"}}, "malformed"),
        ({"w": 3}, "malformed"),
        ({"a": entry(), "b": entry()}, "overlaps"),
        ([], "not a table"),
    ],
)
def test_headers_that_lie_are_refused(tmp_path, tensors, reason):
    assert reason in refusal(written_file(tmp_path, tensors))


def test_a_header_longer_than_the_file_is_refused(tmp_path):
    path = tmp_path / "long.safetensors"
    path.write_bytes((2**40).to_bytes(8, "little") + b"{}")
    assert "does not fit" in refusal(path)


def test_a_header_that_is_not_json_is_refused(tmp_path):
    path = tmp_path / "not.safetensors"
    path.write_bytes((4).to_bytes(8, "little") + b"\xff\xff{}")
    assert "not JSON" in refusal(path)


def test_eight_bit_floats_are_refused_by_name(tmp_path):
    path = written_file(tmp_path, {"w": entry(dtype="F8_E4M3", shape=[8, 8])})
    with pytest.raises(WeightsError, match="expected BF16, F16 or F32, got F8_E4M3"):
        SafetensorsFile(path).matrix("w")


def test_numbers_that_are_not_aligned_are_read_all_the_same(tmp_path):
    values = np.arange(16, dtype="<f4").reshape(4, 4)
    path = written_file(tmp_path, {"w": entry()}, values.tobytes())
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    shifted = (size + 1).to_bytes(8, "little") + content[8 : 8 + size] + b" " + content[8 + size :]
    for variant in (content, shifted):
        path.write_bytes(variant)
        assert np.array_equal(SafetensorsFile(path).matrix("w").dequantised(), values)
