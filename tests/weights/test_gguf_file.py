import struct
from pathlib import Path

import gguf
import numpy as np
import pytest

from osler.errors import WeightsError
from osler.testing.tiny import write_gguf
from osler.weights.gguf_file import GgufFile, open_gguf


def string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def small_file(
    *,
    magic: bytes = b"GGUF",
    version: bytes = struct.pack("<I", 3),
    num_tensors: int = 1,
    num_keys: int = 1,
    keys: bytes = string("general.architecture") + struct.pack("<I", 8) + string("gemma3"),
    table: bytes = string("w") + struct.pack("<IQQIQ", 2, 32, 2, 0, 0),
    data: bytes = bytes(256),
) -> bytes:
    """A GGUF file of one [2, 32] float32 tensor, any part of which can be replaced."""
    header = magic + version + struct.pack("<QQ", num_tensors, num_keys) + keys + table
    return header + bytes(-len(header) % 32) + data


def open_bytes(folder: Path, content: bytes) -> GgufFile:
    path = folder / "small.gguf"
    path.write_bytes(content)
    return GgufFile(path)


def complaint(folder: Path, content: bytes) -> str:
    with pytest.raises(WeightsError) as caught:
        open_bytes(folder, content)
    assert caught.value.hint
    assert "small.gguf" in caught.value.message
    return caught.value.message


def test_a_whole_file_is_read(tmp_path):
    file = open_bytes(tmp_path, small_file(data=np.arange(64, dtype="<f4").tobytes()))
    assert file.metadata == {"general.architecture": "gemma3"}
    assert np.array_equal(file.matrix("w").dequantised(), np.arange(64, dtype=np.float32).reshape(2, 32))


def test_metadata_and_tensors_are_what_the_gguf_package_reads(gguf_path):
    ours, theirs = GgufFile(gguf_path), gguf.GGUFReader(gguf_path)
    own_keys = {key: field for key, field in theirs.fields.items() if not key.startswith("GGUF.")}
    assert set(ours.metadata) == set(own_keys)
    for key, field in own_keys.items():
        value = ours.metadata[key]
        if isinstance(value, list):
            assert [piece.decode() for piece in value] == field.contents(), key
        else:
            assert np.array_equal(value, field.contents()), key
    for tensor in theirs.tensors:
        found = ours.tensors[tensor.name]
        assert (found.kind, found.start, found.size_bytes) == (
            tensor.tensor_type.name,
            tensor.data_offset,
            tensor.n_bytes,
        )
        assert found.shape == tuple(tensor.shape.tolist()[::-1])


def test_dense_matrices_are_views_of_the_map(tmp_path):
    file = open_bytes(tmp_path, small_file())
    values = file.matrix("w").values
    assert np.shares_memory(values, file.mapped.bytes)
    assert not values.flags.writeable


@pytest.mark.parametrize("kept", [3, 10, 20, 30, 60, 90, 120, 200])
def test_a_truncated_file_is_refused(tmp_path, kept):
    message = complaint(tmp_path, small_file()[:kept])
    assert "cannot read GGUF" in message or "not a GGUF" in message


def test_every_truncation_of_a_real_header_is_refused(tmp_path, gguf_path):
    content = gguf_path.read_bytes()
    for kept in range(1, GgufFile(gguf_path).data_start, 997):
        complaint(tmp_path, content[:kept])


def test_an_empty_file_is_refused(tmp_path):
    assert "empty" in complaint(tmp_path, b"")


def test_another_magic_is_refused(tmp_path):
    assert "not a GGUF file" in complaint(tmp_path, small_file(magic=b"GGML"))


@pytest.mark.parametrize("version", [1, 4, 1000])
def test_another_version_is_refused(tmp_path, version):
    assert f"got {version}" in complaint(tmp_path, small_file(version=struct.pack("<I", version)))


def test_a_big_endian_file_is_refused_by_name(tmp_path):
    assert "big-endian" in complaint(tmp_path, small_file(version=struct.pack(">I", 3)))


@pytest.mark.parametrize("field", ["num_tensors", "num_keys"])
def test_absurd_counts_are_refused_before_memory_is_taken(tmp_path, field):
    assert "cannot fit" in complaint(tmp_path, small_file(**{field: 2**60}))


@pytest.mark.parametrize("inner", [4, 8])
def test_an_absurd_array_is_refused_before_memory_is_taken(tmp_path, inner):
    keys = string("a") + struct.pack("<IIQ", 9, inner, 2**61)
    assert "cannot fit" in complaint(tmp_path, small_file(keys=keys))


def test_a_string_longer_than_the_file_is_refused(tmp_path):
    keys = string("a") + struct.pack("<IIQQ", 9, 8, 1, 2**62)
    assert "past the end" in complaint(tmp_path, small_file(keys=keys))


def test_nested_arrays_are_refused(tmp_path):
    keys = string("a") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 20_000
    assert "nested" in complaint(tmp_path, small_file(keys=keys))


def test_a_key_that_is_not_text_is_refused(tmp_path):
    keys = struct.pack("<Q", 2) + b"\xff\xfe" + struct.pack("<IB", 7, 1)
    assert "UTF-8" in complaint(tmp_path, small_file(keys=keys))


def test_an_unknown_kind_of_value_is_refused(tmp_path):
    assert "unknown kind" in complaint(tmp_path, small_file(keys=string("a") + struct.pack("<I", 13)))


def test_a_key_that_stands_twice_is_refused(tmp_path):
    keys = (string("a") + struct.pack("<IB", 7, 1)) * 2
    assert "twice" in complaint(tmp_path, small_file(keys=keys, num_keys=2))


@pytest.mark.parametrize("alignment", [0, 12])
def test_an_impossible_alignment_is_refused(tmp_path, alignment):
    keys = string("general.alignment") + struct.pack("<II", 4, alignment)
    assert "alignment" in complaint(tmp_path, small_file(keys=keys))


def test_a_tensor_past_the_end_is_refused(tmp_path):
    assert "ends at byte" in complaint(tmp_path, small_file(data=bytes(255)))


def test_a_tensor_whose_size_overflows_is_refused(tmp_path):
    table = string("w") + struct.pack("<IQQIQ", 2, 2**33, 2**33, 0, 0)
    assert "ends at byte" in complaint(tmp_path, small_file(table=table))


def test_an_offset_past_the_end_is_refused(tmp_path):
    table = string("w") + struct.pack("<IQQIQ", 2, 32, 2, 0, 2**63)
    assert "ends at byte" in complaint(tmp_path, small_file(table=table))


def test_tensors_that_overlap_are_refused(tmp_path):
    table = b"".join(string(name) + struct.pack("<IQQIQ", 2, 32, 2, 0, 128 * i) for i, name in enumerate("ab"))
    message = complaint(tmp_path, small_file(table=table, num_tensors=2, data=bytes(512)))
    assert "overlap" in message


def test_an_empty_tensor_is_refused(tmp_path):
    table = string("w") + struct.pack("<IQQIQ", 2, 0, 2, 0, 0)
    assert "empty" in complaint(tmp_path, small_file(table=table))


@pytest.mark.parametrize("dimensions", [0, 5, 2**31])
def test_another_number_of_dimensions_is_refused(tmp_path, dimensions):
    table = string("w") + struct.pack("<IQQIQ", dimensions, 32, 2, 0, 0)
    assert "dimensions" in complaint(tmp_path, small_file(table=table))


def test_rows_that_blocks_do_not_fill_are_refused(tmp_path):
    table = string("w") + struct.pack("<IQQIQ", 2, 48, 2, 8, 0)
    assert "do not fill" in complaint(tmp_path, small_file(table=table))


def test_a_type_that_ggml_dropped_is_refused(tmp_path):
    table = string("w") + struct.pack("<IQQIQ", 2, 32, 2, 4, 0)
    assert "not one that Osler knows" in complaint(tmp_path, small_file(table=table))


def test_some_rows_are_those_of_the_whole_matrix(gguf_path):
    file = GgufFile(gguf_path)
    whole = file.matrix("token_embd.weight").dequantised()
    assert np.array_equal(file.rows("token_embd.weight", np.array([5, 0, 5])), whole[[5, 0, 5]])


def split(path: Path, folder: Path) -> list[Path]:
    """Write a file's tensors as two parts, as llama.cpp's gguf-split does."""
    whole = gguf.GGUFReader(path)
    paths = [folder / f"tiny-{number:05}-of-00002.gguf" for number in (1, 2)]
    for number, part in enumerate(paths):
        writer = gguf.GGUFWriter(part, "gemma3")
        writer.add_uint16("split.no", number)
        writer.add_uint16("split.count", 2)
        for tensor in whole.tensors[number::2]:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    return paths


def test_all_parts_of_a_split_file_are_opened_whichever_is_named(tmp_path, gguf_path):
    parts = split(gguf_path, tmp_path)
    for named in parts:
        opened = open_gguf(named)
        assert [file.path for file in opened] == parts
        assert {name for file in opened for name in file.tensors} == set(GgufFile(gguf_path).tensors)


def test_a_missing_part_is_named(tmp_path, gguf_path):
    first, second = split(gguf_path, tmp_path)
    second.unlink()
    with pytest.raises(WeightsError, match=r"1 of its 2 parts are missing: tiny-00002-of-00002\.gguf"):
        open_gguf(first)


def test_a_part_under_another_name_is_refused(tmp_path, gguf_path):
    first, _ = split(gguf_path, tmp_path)
    with pytest.raises(WeightsError, match="not named as one"):
        open_gguf(first.rename(tmp_path / "other.gguf"))


def test_parts_that_hold_the_same_tensor_are_refused(tmp_path, gguf_path):
    first, second = split(gguf_path, tmp_path)
    second.write_bytes(first.read_bytes())
    with pytest.raises(WeightsError, match="same tensor twice"):
        open_gguf(first)


def test_a_tiny_model_in_two_precisions_has_the_same_tensors(tmp_path, gguf_path):
    other = write_gguf(tmp_path / "tiny.gguf", "F16", projector=None)
    assert set(GgufFile(other).tensors) == set(GgufFile(gguf_path).tensors)
