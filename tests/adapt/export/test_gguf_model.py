from dataclasses import replace

import numpy as np
import pytest
from gguf import GGMLQuantizationType as Kind
from gguf import LlamaFileType

from osler.adapt.export.gguf_model import projector_size, text_size, write_projector, write_text
from osler.errors import WeightsError
from osler.model.matrix import DenseMatrix
from osler.testing.tiny import TinyShape, write_gguf, write_safetensors
from osler.weights.checkpoint import open_checkpoint
from osler.weights.gguf_file import GgufFile
from osler.weights.names import is_text_matrix

TYPES = {Kind.F32: 0, Kind.F16: 1, Kind.Q8_0: 7, Kind.BF16: 32}


def written(checkpoint, folder, kind=Kind.F32, **options):
    """Both files, and the checkpoint that they are."""
    folder.mkdir(exist_ok=True)
    write_text(
        checkpoint,
        folder / "m.gguf",
        **{"kind_of": lambda name, shape: kind, "file_type": LlamaFileType(TYPES[kind]), **options},
    )
    if checkpoint.config.vision:
        write_projector(checkpoint, folder / "mmproj-m.gguf", kind=kind)
    return open_checkpoint(folder / "m.gguf")


def test_f32_holds_every_weight_and_the_whole_configuration(checkpoint, tmp_path, numbers):
    found = written(checkpoint, tmp_path)
    assert found.config == checkpoint.config
    assert found.names() == checkpoint.names()
    for name in checkpoint.names():
        assert np.array_equal(numbers(found, name), numbers(checkpoint, name)), name


def test_bf16_of_a_bfloat16_model_loses_nothing_but_in_the_projection(checkpoint, tmp_path, numbers):
    found = written(checkpoint, tmp_path, Kind.BF16)
    unlike = {
        name for name in checkpoint.names() if not np.array_equal(numbers(found, name), numbers(checkpoint, name))
    }
    assert unlike <= {"projector.weight"}  # F16, as llama.cpp needs it
    assert found.matrix("projector.weight").kind == "f16"
    assert found.matrix("text.layers.0.up").kind == "bf16"


def test_q8_0_is_what_the_gguf_package_makes(checkpoint, tmp_path, numbers):
    from gguf.quants import quantize

    write_text(checkpoint, tmp_path / "m.gguf", kind_of=lambda n, s: Kind.Q8_0, file_type=LlamaFileType.MOSTLY_Q8_0)
    file = GgufFile(tmp_path / "m.gguf")
    tensor = file.tensors["blk.2.ffn_down.weight"]
    raw = file.mapped.bytes[tensor.start : tensor.start + tensor.size_bytes]
    values = numbers(checkpoint, "text.layers.2.down")
    assert np.array_equal(raw, quantize(values, Kind.Q8_0).reshape(-1))


def test_norms_and_patches_and_positions_stay_in_full(checkpoint, tmp_path):
    written(checkpoint, tmp_path, Kind.F16)
    text, eyes = GgufFile(tmp_path / "m.gguf"), GgufFile(tmp_path / "mmproj-m.gguf")
    assert {t.kind for t in text.tensors.values() if len(t.shape) == 1} == {"F32"}
    assert {t.kind for t in text.tensors.values() if len(t.shape) == 2} == {"F16"}
    full = {name for name, tensor in eyes.tensors.items() if tensor.kind == "F32" and len(tensor.shape) > 1}
    assert full == {"v.patch_embd.weight", "v.position_embd.weight"}
    assert eyes.tensors["v.patch_embd.weight"].shape == (64, 3, 14, 14)
    assert eyes.tensors["mm.input_projection.weight"].shape == (64, 128)  # [D_vision, D_text]


def test_the_encoder_makes_the_bytes_of_every_matrix(checkpoint, tmp_path):
    asked = []

    class Zeros:
        def encode(self, name, values, kind):
            asked.append((name, kind))
            return np.zeros((len(values), values.shape[1] // 32 * 34), np.uint8)

    path = tmp_path / "m.gguf"
    kinds = {"kind_of": lambda name, shape: Kind.Q8_0, "file_type": LlamaFileType.MOSTLY_Q8_0}
    write_text(checkpoint, path, encoder=Zeros(), **kinds)
    assert set(asked) == {(name, Kind.Q8_0) for name in checkpoint.names() if is_text_matrix(name)}
    assert not open_checkpoint(path).matrix("text.layers.1.value").dequantised().any()


def test_a_type_is_asked_for_each_matrix(checkpoint, tmp_path):
    def kind_of(name, shape):
        assert shape == checkpoint.shape(name)
        return Kind.Q8_0 if name.endswith("gate") else Kind.F32

    write_text(checkpoint, tmp_path / "m.gguf", kind_of=kind_of, file_type=LlamaFileType.MOSTLY_Q8_0)
    tensors = GgufFile(tmp_path / "m.gguf").tensors
    assert {name for name, tensor in tensors.items() if tensor.kind == "Q8_0"} == {
        f"blk.{layer}.ffn_gate.weight" for layer in range(7)
    }


def test_rows_that_blocks_do_not_fill_become_f16(tmp_path):
    shape = TinyShape(feed_forward_width=272)
    checkpoint = open_checkpoint(write_safetensors(tmp_path / "source", shape=shape))
    write_text(checkpoint, tmp_path / "m.gguf", kind_of=lambda n, s: Kind.Q8_0, file_type=LlamaFileType.MOSTLY_Q8_0)
    tensors = GgufFile(tmp_path / "m.gguf").tensors
    assert (tensors["blk.0.ffn_down.weight"].kind, tensors["blk.0.ffn_up.weight"].kind) == ("F16", "Q8_0")


@pytest.mark.parametrize(
    "shape", [TinyShape(rope_factor=1.0), TinyShape(layers=8, window=64), TinyShape(image_tokens=16)]
)
def test_every_shape_comes_back(tmp_path, shape):
    checkpoint = open_checkpoint(write_safetensors(tmp_path / "source", shape=shape))
    assert written(checkpoint, tmp_path).config == checkpoint.config


def test_unusual_layers_and_bases_come_back(checkpoint, tmp_path):
    text = replace(
        checkpoint.config.text,
        global_layers=(False, True, False, False, True, False, True),
        rope_base_local=12_345.0,
        rope_base_global=2e6,
        norm_epsilon=1e-5,
    )
    checkpoint.config = replace(checkpoint.config, text=text)
    assert written(checkpoint, tmp_path).config == checkpoint.config


def test_an_untied_output_is_written(tmp_path, checkpoint, numbers):
    from osler.testing.tiny_adapter import write_adapter
    from osler.weights.adapted import AdaptedCheckpoint
    from osler.weights.adapter import open_adapter

    adapter = open_adapter(write_adapter(tmp_path / "a", targets=("lm_head",)), checkpoint.config)
    merged = AdaptedCheckpoint(checkpoint, adapter)
    found = written(merged, tmp_path)
    assert not found.config.text.tied_output
    assert np.array_equal(numbers(found, "text.output"), numbers(merged.unrounded(), "text.output"))


def test_an_attention_scale_that_gguf_cannot_tell_is_refused(checkpoint, tmp_path):
    checkpoint.config = replace(checkpoint.config, text=replace(checkpoint.config.text, query_scale=0.5))
    with pytest.raises(WeightsError, match="no key"):
        written(checkpoint, tmp_path)


def test_numbers_beyond_float16_are_refused(checkpoint, tmp_path, monkeypatch):
    large = DenseMatrix(values=np.full((768, 128), 70_000, np.float32), kind="f32")
    plain = checkpoint.matrix
    monkeypatch.setattr(checkpoint, "matrix", lambda name: large if name == "text.embedding" else plain(name))
    with pytest.raises(WeightsError, match="65,504"):
        written(checkpoint, tmp_path, Kind.F16)


def test_what_is_no_number_is_refused(checkpoint, tmp_path, monkeypatch):
    broken = DenseMatrix(values=np.full((768, 128), np.nan, np.float32), kind="f32")
    plain = checkpoint.matrix
    monkeypatch.setattr(checkpoint, "matrix", lambda name: broken if name == "text.embedding" else plain(name))
    with pytest.raises(WeightsError, match="infinite"):
        written(checkpoint, tmp_path)


@pytest.mark.parametrize("kind", ["Q8_0", "Q4_K"])
def test_a_gguf_source_is_written_as_it_is_read(tmp_path, kind, numbers):
    source = open_checkpoint(write_gguf(tmp_path / "source" / "s.gguf", kind))
    found = written(source, tmp_path)
    assert found.config == source.config
    for name in source.names():
        assert np.array_equal(numbers(found, name), numbers(source, name)), name
    text = "The heart is enlarged.\n\n\n<start_of_turn>  片"
    assert found.tokenizer().encode(text) == source.tokenizer().encode(text)


def test_the_file_says_what_it_is(checkpoint, tmp_path):
    written(checkpoint, tmp_path, Kind.BF16, extra={"quantize.imatrix.entries_count": 7, "osler.note": "tried"})
    metadata = GgufFile(tmp_path / "m.gguf").metadata
    told = {
        "general.architecture": "gemma3",
        "general.type": "model",
        "general.name": "medgemma-1.5-4b-it",
        "general.file_type": 32,
        "tokenizer.ggml.bos_token_id": 2,
        "tokenizer.ggml.eos_token_id": 1,
        "tokenizer.ggml.eot_token_id": 8,
        "tokenizer.ggml.padding_token_id": 0,
        "tokenizer.ggml.unknown_token_id": 3,
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.add_eos_token": False,
        "tokenizer.ggml.add_space_prefix": False,
        "quantize.imatrix.entries_count": 7,
        "osler.note": "tried",
    }
    assert {key: metadata.get(key) for key in told} == told
    assert "<start_of_turn>" in metadata["tokenizer.chat_template"]
    eyes = GgufFile(tmp_path / "mmproj-m.gguf").metadata
    assert (eyes["general.architecture"], eyes["general.type"]) == ("clip", "mmproj")
    assert eyes["clip.projector_type"] == "gemma3" and eyes["clip.has_vision_encoder"] is True
    assert eyes["clip.vision.projector.scale_factor"] == 2


def test_the_usual_pooling_goes_without_saying(tmp_path):
    shape = TinyShape(image_px=112, image_tokens=4)
    checkpoint = open_checkpoint(write_safetensors(tmp_path / "source", shape=shape))
    found = written(checkpoint, tmp_path)
    assert "clip.vision.projector.scale_factor" not in GgufFile(tmp_path / "mmproj-m.gguf").metadata
    assert found.config == checkpoint.config


def test_the_generation_is_still_told(checkpoint, tmp_path):
    assert checkpoint.recipe == "1.5"
    assert written(checkpoint, tmp_path).recipe == "1.5"


@pytest.mark.parametrize("kind", [Kind.F32, Kind.F16, Kind.Q8_0])
def test_sizes_are_foretold(checkpoint, tmp_path, kind):
    written(checkpoint, tmp_path, kind)
    for path, foretold in (
        (tmp_path / "m.gguf", text_size(checkpoint, lambda n, s: kind)),
        (tmp_path / "mmproj-m.gguf", projector_size(checkpoint, kind)),
    ):
        assert 0 <= foretold - path.stat().st_size <= 16 * 1024 * 1024


def test_a_text_model_has_no_projector(tmp_path):
    checkpoint = open_checkpoint(write_safetensors(tmp_path / "source", prefixes="text"))
    assert written(checkpoint, tmp_path).config == checkpoint.config
    with pytest.raises(WeightsError, match="no images"):
        write_projector(checkpoint, tmp_path / "mmproj.gguf", kind=Kind.F16)


def test_an_adapter_is_merged_on_the_way_and_named(merged, tmp_path, numbers):
    found = written(merged, tmp_path)
    assert GgufFile(tmp_path / "m.gguf").metadata["general.finetune"] == "tuned"
    assert found.recipe == "1.5"
    for name in merged.names():
        assert np.array_equal(numbers(found, name), numbers(merged.unrounded(), name)), name
    assert not np.array_equal(numbers(found, "projector.weight"), numbers(merged.base, "projector.weight"))
