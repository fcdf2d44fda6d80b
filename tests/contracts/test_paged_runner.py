"""The numpy runner of the engine's tests keeps the runners' contract."""

import pytest
from contracts.runner import NUM_BLOCKS, RunnerContract

from osler.testing.runners import PagedRunner, tiny_config


class TestPagedRunner(RunnerContract):
    tolerance = 1e-5

    @pytest.fixture
    def runner(self):
        return PagedRunner(tiny_config(), global_blocks=NUM_BLOCKS, local_blocks=NUM_BLOCKS)
