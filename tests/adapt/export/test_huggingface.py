import json

import numpy as np
import pytest

from osler.adapt.export import safetensors_writer
from osler.adapt.export.gguf_target import export_gguf
from osler.adapt.export.huggingface import export_huggingface
from osler.adapt.export.targets import ExportOptions
from osler.errors import InputError, OptionError
from osler.tasks.load import DEMONSTRATION, is_demonstration
from osler.testing.tiny import BLOCK_SHAPE, write_gguf, write_safetensors
from osler.testing.tiny_adapter import write_adapter
from osler.weights.adapted import AdaptedCheckpoint
from osler.weights.adapter import open_adapter
from osler.weights.checkpoint import open_checkpoint
from osler.weights.safetensors_file import SafetensorsFile


def exported(checkpoint, out, **options):
    """The folder, opened."""
    export_huggingface(checkpoint, out, ExportOptions(**options))
    return open_checkpoint(out)


def test_an_unchanged_model_is_copied_byte_for_byte(tmp_path):
    exported(open_checkpoint(DEMONSTRATION), tmp_path / "out")
    for name in ("model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        assert (tmp_path / "out" / name).read_bytes() == (DEMONSTRATION / name).read_bytes(), name
    assert not (tmp_path / "out" / "chest.jpg").exists()


@pytest.mark.parametrize("prefixes", ["new", "old"])
def test_only_weights_that_the_adapter_changes_differ(tmp_path, prefixes, numbers):
    base = open_checkpoint(write_safetensors(tmp_path / "base", prefixes=prefixes))
    adapter = write_adapter(tmp_path / "a", targets=("q_proj",), projector=True)
    merged = AdaptedCheckpoint(base, open_adapter(adapter, base.config))
    found = exported(merged, tmp_path / "out")
    before = SafetensorsFile(tmp_path / "base" / "model.safetensors")
    after = SafetensorsFile(tmp_path / "out" / "model.safetensors")
    unlike = {
        name for name in before.tensors if not np.array_equal(before.matrix(name).values, after.matrix(name).values)
    }
    assert before.tensors.keys() == after.tensors.keys()
    assert len(unlike) == len(merged.changed) == 9
    for name in merged.changed - {"projector.norm"}:
        assert np.array_equal(numbers(found, name), numbers(merged, name)), name
    assert np.abs(numbers(found, "projector.norm") - merged.vector("projector.norm")).max() < 2**-8  # w in bfloat16


def test_a_text_model_is_merged_too(tmp_path, numbers):
    base = open_checkpoint(write_safetensors(tmp_path / "base", prefixes="text"))
    adapter = open_adapter(write_adapter(tmp_path / "a", prefixes="text"), base.config)
    merged = AdaptedCheckpoint(base, adapter)
    found = exported(merged, tmp_path / "out")
    assert np.array_equal(numbers(found, "text.layers.6.down"), numbers(merged, "text.layers.6.down"))


@pytest.mark.parametrize("prefixes", ["new", "old", "text"])
def test_an_adapted_output_gets_a_matrix_of_its_own(tmp_path, prefixes, numbers):
    base = open_checkpoint(write_safetensors(tmp_path / "base", prefixes=prefixes))
    adapter = open_adapter(write_adapter(tmp_path / "a", targets=("lm_head",), prefixes=prefixes), base.config)
    merged = AdaptedCheckpoint(base, adapter)
    found = exported(merged, tmp_path / "out")
    assert found.config == merged.config and not found.config.text.tied_output
    assert np.array_equal(numbers(found, "text.output"), numbers(merged, "text.output"))
    assert np.array_equal(numbers(found, "text.embedding"), numbers(base, "text.embedding"))


@pytest.mark.parametrize(("kind", "dtype"), [("F32", "float32"), ("F16", "float16")])
def test_another_number_format_is_written_and_told(checkpoint, tmp_path, kind, dtype, numbers):
    found = exported(checkpoint, tmp_path / "out", type=kind)
    assert found.matrix("text.layers.0.up").kind == kind.lower()
    assert json.loads((tmp_path / "out" / "config.json").read_text())["torch_dtype"] == dtype
    limit = 0 if kind == "F32" else 2**-24
    for name in ("text.layers.0.up", "text.norm", "vision.patch.weight", "projector.weight"):
        assert np.abs(numbers(found, name) - numbers(checkpoint, name)).max() <= limit


def test_shards_and_their_index_hold_all_weights(checkpoint, tmp_path, monkeypatch, numbers):
    monkeypatch.setattr(safetensors_writer, "SHARD_BYTES", 500_000)
    found = exported(checkpoint, tmp_path / "out")
    shards = sorted(path.name for path in (tmp_path / "out").glob("*.safetensors"))
    assert len(shards) > 2 and shards[0] == f"model-00001-of-{len(shards):05}.safetensors"
    assert all(path.stat().st_size < 600_000 for path in (tmp_path / "out").glob("*.safetensors"))
    index = json.loads((tmp_path / "out" / "model.safetensors.index.json").read_text())
    assert set(index["weight_map"].values()) == set(shards)
    assert index["metadata"]["total_size"] == sum(
        tensor.size_bytes for shard in shards for tensor in SafetensorsFile(tmp_path / "out" / shard).tensors.values()
    )
    for name in checkpoint.names():
        assert np.array_equal(numbers(found, name), numbers(checkpoint, name))


def test_a_sharded_source_is_read(tmp_path, checkpoint, numbers):
    source = open_checkpoint(write_safetensors(tmp_path / "source", shards=3))
    found = exported(source, tmp_path / "out")
    assert (tmp_path / "out" / "model.safetensors").is_file()
    assert all(np.array_equal(numbers(found, name), numbers(checkpoint, name)) for name in checkpoint.names())


def test_from_gguf_and_back_nothing_is_lost_in_f32(tmp_path, numbers):
    nano = open_checkpoint(DEMONSTRATION)
    export_gguf(nano, tmp_path / "gguf", ExportOptions(type="F32"))
    found = exported(open_checkpoint(tmp_path / "gguf"), tmp_path / "out", type="F32")
    assert found.config == nano.config
    assert is_demonstration(tmp_path / "out")
    for name in nano.names():
        assert np.abs(numbers(found, name) - numbers(nano, name)).max() <= 1e-7, name  # norms: 1 + w - 1
    text = "Describe this X-ray.\n\n\n<start_of_image>  naïve"
    assert found.tokenizer().encode(text) == nano.tokenizer().encode(text)


@pytest.mark.parametrize("soft_token", [False, True])
def test_a_gguf_vocabulary_gets_its_image_token_and_its_rows(tmp_path, soft_token, numbers):
    source = open_checkpoint(write_gguf(tmp_path / "s" / "s.gguf", "Q8_0", soft_token=soft_token))
    found = exported(source, tmp_path / "out", type="F32")
    rows = source.config.text.vocabulary_size
    assert found.config.text.vocabulary_size == (rows if soft_token else rows + 64)
    assert found.tokenizer().id_of("<image_soft_token>") == 767
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert (config["image_token_index"], config["boi_token_index"], config["mm_tokens_per_image"]) == (767, 9, 4)
    table = numbers(found, "text.embedding")
    assert np.array_equal(table[:rows], numbers(source, "text.embedding"))
    for row in table[rows:]:
        assert np.allclose(row, table[:rows].mean(axis=0), atol=1e-6)


def test_added_rows_are_never_the_likeliest(tmp_path, numbers):
    source = open_checkpoint(write_gguf(tmp_path / "s" / "s.gguf", "Q8_0"))
    table = numbers(exported(source, tmp_path / "out", type="F32"), "text.embedding")
    hidden = np.random.default_rng(0).standard_normal((500, BLOCK_SHAPE.width)).astype(np.float32)
    assert (hidden @ table.T).argmax(axis=1).max() < 767


def test_a_gguf_model_becomes_bfloat16_unless_asked_otherwise(tmp_path):
    source = open_checkpoint(write_gguf(tmp_path / "s" / "medgemma-1.5-4b-it.gguf", "Q4_K", projector=None))
    result = export_huggingface(source, tmp_path / "out", ExportOptions())
    found = open_checkpoint(tmp_path / "out")
    assert found.description == "safetensors BF16" and found.config.vision is None
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert (config["architectures"], config["model_type"]) == (["Gemma3ForCausalLM"], "gemma3_text")
    assert any("nothing is regained" in note for note in result.notes)
    assert not (tmp_path / "out" / "preprocessor_config.json").exists()


def test_the_generation_is_told_by_a_folder_of_any_name(folder, tmp_path):
    assert exported(open_checkpoint(folder), tmp_path / "mine").recipe == "1.5"


def test_files_that_programs_want_are_made_where_the_source_lacks_them(checkpoint, tmp_path):
    exported(checkpoint, tmp_path / "out")
    preprocessor = json.loads((tmp_path / "out" / "preprocessor_config.json").read_text())
    assert preprocessor["size"] == {"height": 56, "width": 56} and preprocessor["image_seq_length"] == 4
    assert json.loads((tmp_path / "out" / "processor_config.json").read_text())["image_seq_length"] == 4
    assert "<start_of_turn>" in (tmp_path / "out" / "chat_template.jinja").read_text()


def test_transformers_5_s_single_processor_file_is_left_alone(tmp_path):
    source = write_safetensors(tmp_path / "source")
    own = {"image_processor": {"size": {"height": 56, "width": 56}}, "image_seq_length": 4}
    (source / "processor_config.json").write_text(json.dumps(own))
    exported(open_checkpoint(source), tmp_path / "out")
    assert json.loads((tmp_path / "out" / "processor_config.json").read_text()) == own
    assert not (tmp_path / "out" / "preprocessor_config.json").exists()


def test_the_source_is_never_written_over(folder):
    with pytest.raises(InputError, match="that is read"):
        export_huggingface(open_checkpoint(folder), folder, ExportOptions(force=True))
    assert open_checkpoint(folder).config.vision


def test_blocks_are_no_format_of_a_folder(checkpoint, tmp_path):
    with pytest.raises(OptionError, match="Q8_0"):
        export_huggingface(checkpoint, tmp_path / "out", ExportOptions(type="Q8_0"))


def test_an_interrupted_export_leaves_nothing(checkpoint, tmp_path):
    def interrupt(stage, done, total):
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_huggingface(checkpoint, tmp_path / "out", ExportOptions(), interrupt)
    assert list(tmp_path.iterdir()) == []
