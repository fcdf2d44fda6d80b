from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from osler.weights import fingerprint
from osler.weights.fingerprint import file_record, identity


class Tensor(NamedTuple):
    start: int
    size_bytes: int


TENSORS = [Tensor(start, 100_000) for start in range(100_000, 1_000_000, 100_000)]


@pytest.fixture
def data(monkeypatch):
    """A file that counts as large, with a header of 50 kB and nine tensors."""
    monkeypatch.setattr(fingerprint, "WHOLE_BYTES", 1000)
    monkeypatch.setattr(fingerprint, "_HEAD_BYTES", 50_000)
    return np.random.default_rng(0).integers(0, 256, 1_000_000, dtype=np.uint8)


def digest(data: np.ndarray) -> str:
    return file_record(Path("/somewhere/a.gguf"), data, "gguf", TENSORS).sha256


def test_a_small_files_digest_is_that_of_its_bytes():
    import hashlib

    data = np.arange(100, dtype=np.uint8)
    assert file_record(Path("a"), data, "gguf").sha256 == hashlib.sha256(data.tobytes()).hexdigest()


def test_a_change_of_the_header_changes_a_large_files_digest(data):
    before = digest(data)
    data[40_000] ^= 1
    assert digest(data) != before


@pytest.mark.parametrize("tensor", range(9))
def test_a_change_of_any_one_tensor_changes_a_large_files_digest(data, tensor):
    before = digest(data)
    place = TENSORS[tensor]
    data[place.start : place.start + place.size_bytes] ^= 1
    assert digest(data) != before


def test_another_size_changes_a_large_files_digest(data):
    assert digest(data) != digest(np.concatenate([data, data[:1]]))


def test_the_record_holds_no_folder(data):
    record = file_record(Path("/somewhere/a.gguf"), data, "gguf", TENSORS)
    assert (record.name, record.size_bytes, record.kind) == ("a.gguf", 1_000_000, "gguf")


def test_identity_is_short_and_depends_on_every_file(data):
    first = file_record(Path("a"), data, "gguf", TENSORS)
    second = file_record(Path("b"), data[:500], "gguf")
    assert len(identity((first,))) == 16
    assert len({identity((first,)), identity((second,)), identity((first, second))}) == 3
