"""How graphs are compiled."""

import os
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from osler.engine.compilation import Compilation


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux tells what a process holds")
def test_what_is_kept_of_shapes_is_bounded():
    rows = op.parameter([-1, 64], np.float32)
    graph = ov.Model([op.matmul(rows, op.constant(np.ones((64, 64), np.float32)), False, False)], [rows])
    request = Compilation(precision="f32").compile(graph).create_infer_request()

    def grown(lengths):
        before = resident_bytes()
        for length in lengths:
            request.infer([np.ones((length, 64), np.float32)])
        return resident_bytes() - before

    grown(range(1, 400))
    assert grown(range(400, 1200)) < 1.5 * 2**20
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"].isdigit()


def resident_bytes():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
