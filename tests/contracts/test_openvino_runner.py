"""The decoder on OpenVINO keeps the runners' contract."""

import pytest
from contracts.runner import NUM_BLOCKS, RunnerContract

from osler.engine.compilation import Compilation
from osler.engine.runner import OpenVinoRunner
from osler.testing.tiny import TinyShape, write_safetensors
from osler.weights.checkpoint import open_checkpoint


@pytest.fixture(scope="module")
def tiny_decoder(tmp_path_factory):
    folder = write_safetensors(tmp_path_factory.mktemp("tiny"), shape=TinyShape(window=64), vision=False)
    checkpoint = open_checkpoint(folder)
    return OpenVinoRunner(
        checkpoint.config.text,
        checkpoint,
        compilation=Compilation(precision="f32"),
        global_blocks=NUM_BLOCKS,
        local_blocks=NUM_BLOCKS,
    )


class TestOpenVinoRunner(RunnerContract):
    tolerance = 1e-4

    @pytest.fixture
    def runner(self, tiny_decoder):
        return tiny_decoder
