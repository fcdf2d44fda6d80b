"""Checkpoints on a disk that is full."""

import resource

import pytest
import torch

from osler.adapt.training.checkpoint import read_checkpoint, write_checkpoint
from osler.errors import InputError


@pytest.fixture
def full_disk():
    """No file can become longer than some bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told_and_leaves_the_old_checkpoint_and_nothing_else(tmp_path, request):
    path = tmp_path / "checkpoint.pt"
    write_checkpoint(path, {"step": 1})
    request.getfixturevalue("full_disk")
    with pytest.raises(InputError, match=r"cannot write `.*checkpoint.pt`") as raised:
        write_checkpoint(path, {"step": 2, "weights": torch.zeros(100_000)})
    assert "make room" in raised.value.hint
    assert read_checkpoint(path) == {"step": 1}
    assert [one.name for one in tmp_path.iterdir()] == ["checkpoint.pt"]
