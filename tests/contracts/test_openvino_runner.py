"""The runner that computes Gemma 3 keeps the runners' contract."""

import numpy as np
import pytest
from contracts.runner import NUM_BLOCKS, RunnerContract

from osler.engine.compilation import Compilation
from osler.engine.runner import OpenVinoRunner
from osler.testing.tiny import TinyShape, write_gguf, write_safetensors
from osler.weights.checkpoint import open_checkpoint

SHAPE = TinyShape(window=48)


def compiled(path) -> OpenVinoRunner:
    checkpoint = open_checkpoint(path)
    return OpenVinoRunner(
        checkpoint.config.text,
        checkpoint,
        compilation=Compilation(precision="f32", threads=2),
        global_blocks=NUM_BLOCKS,
        local_blocks=NUM_BLOCKS,
    )


def poisoned(runner: OpenVinoRunner) -> OpenVinoRunner:
    """The runner with NaN in every slot of its caches, so that reading one that was not written shows."""
    for caches in runner._caches:
        for memory in caches._arrays:
            memory[...] = 0xFF
    return runner


@pytest.fixture(scope="module")
def dense(tmp_path_factory):
    return compiled(write_safetensors(tmp_path_factory.mktemp("dense"), shape=SHAPE, kind="f32"))


@pytest.fixture(scope="module")
def grouped(tmp_path_factory):
    shape = TinyShape(window=48, width=256, feed_forward_width=256, head_width=64)
    return compiled(write_gguf(tmp_path_factory.mktemp("grouped") / "tiny.gguf", "Q4_K", shape=shape))


class TestDenseWeights(RunnerContract):
    @pytest.fixture
    def runner(self, dense):
        return poisoned(dense)


class TestGroupedWeights(RunnerContract):
    @pytest.fixture
    def runner(self, grouped):
        return poisoned(grouped)


def test_a_runner_can_be_poisoned(dense):
    """The contract's tests above are as strict as they look: what was never written is NaN."""
    runner = poisoned(dense)
    assert all(np.isnan(memory.view(np.float32)).all() for caches in runner._caches for memory in caches._arrays)
