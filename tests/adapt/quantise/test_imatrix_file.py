"""Importance matrices in llama.cpp's files."""

import struct

import numpy as np
import pytest
from gguf import GGUFReader

from osler.adapt.quantise.imatrix_file import read_importance, write_importance
from osler.adapt.quantise.importance import Importance
from osler.errors import WeightsError


def importance() -> Importance:
    return Importance(
        sums={"text.layers.1.down": np.arange(1.0, 9.0), "text.embedding": np.full(4, 6.0)},
        counts={"text.layers.1.down": 4, "text.embedding": 3},
        datasets=("notes.txt",),
        chunk_tokens=2,
    )


def older(entries: dict[str, tuple[int, list[float]]]) -> bytes:
    found = struct.pack("<i", len(entries))
    for name, (calls, values) in entries.items():
        found += struct.pack("<i", len(name)) + name.encode() + struct.pack("<ii", calls, len(values))
        found += np.array(values, "<f4").tobytes()
    return found + struct.pack("<ii", 2, 4) + b"text"


def test_what_is_written_is_read_again(tmp_path):
    write_importance(tmp_path / "i.gguf", importance())
    found = read_importance(tmp_path / "i.gguf")
    assert found.datasets == ("notes.txt",)
    assert found.chunk_tokens == 2
    assert found.counts == importance().counts
    np.testing.assert_array_equal(found.means["text.layers.1.down"], np.arange(1.0, 9.0) / 4)
    np.testing.assert_array_equal(found.means["text.embedding"], np.full(4, 2.0))


def test_the_file_has_the_tensors_that_llama_cpp_looks_for(tmp_path):
    write_importance(tmp_path / "i.gguf", importance())
    tensors = {tensor.name: tensor.data for tensor in GGUFReader(tmp_path / "i.gguf").tensors}
    assert tensors.keys() == {
        f"{name}.{part}" for name in ("blk.1.ffn_down.weight", "token_embd.weight") for part in ("in_sum2", "counts")
    }
    np.testing.assert_array_equal(tensors["blk.1.ffn_down.weight.in_sum2"].reshape(-1), np.arange(1.0, 9.0))
    assert tensors["blk.1.ffn_down.weight.counts"].reshape(-1).tolist() == [4]


def test_the_older_form_is_read(tmp_path):
    (tmp_path / "i.dat").write_bytes(older({"blk.0.attn_q.weight": (2, [2.0, 8.0]), "output.strange": (1, [1.0])}))
    found = read_importance(tmp_path / "i.dat")
    assert found.means.keys() == {"text.layers.0.query"}
    np.testing.assert_array_equal(found.means["text.layers.0.query"], [1.0, 4.0])


@pytest.mark.parametrize("length", [0, 3, 10, 27, 35])
def test_a_file_that_is_cut_short_is_an_error(tmp_path, length):
    (tmp_path / "i.dat").write_bytes(older({"blk.0.attn_q.weight": (2, [2.0, 8.0])})[:length])
    with pytest.raises(WeightsError, match=r"i\.dat"):
        read_importance(tmp_path / "i.dat")


def test_an_entry_that_claims_more_values_than_there_are_is_an_error(tmp_path):
    name = b"blk.0.attn_q.weight"
    (tmp_path / "i.dat").write_bytes(struct.pack("<ii", 1, len(name)) + name + struct.pack("<ii", 1, 2**31 - 1))
    with pytest.raises(WeightsError, match="cut short"):
        read_importance(tmp_path / "i.dat")


def test_importance_of_another_model_is_refused():
    with pytest.raises(WeightsError, match="has 16 columns, the file has 8"):
        importance().check({"text.layers.1.down": (4, 16)}, "i.gguf")
    with pytest.raises(WeightsError, match="none of this model's matrices"):
        importance().check({"text.layers.7.up": (4, 16)}, "i.gguf")
