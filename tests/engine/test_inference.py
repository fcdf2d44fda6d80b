"""Running a compiled graph so that Ctrl-C does not have to wait for its end."""

import os
import signal
import threading
from time import perf_counter

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from osler.engine.inference import infer
from osler.testing.compiled import compiled


def request(products: int) -> ov.InferRequest:
    """x → tanh(x Wᵀ), so many times, on one thread."""
    x = op.parameter([2048, 2048], ov.Type.f32, name="x")
    weights = op.constant(np.eye(2048, dtype=np.float32))
    y = x
    for _ in range(products):
        y = op.tanh(op.matmul(y, weights, False, True))
    return compiled(ov.Model([y], [x]), {"INFERENCE_NUM_THREADS": 1}).create_infer_request()


def test_the_result_is_that_of_the_graph():
    run = request(2)
    infer(run, {"x": np.full((2048, 2048), 0.5, np.float32)})
    assert run.get_output_tensor().data == pytest.approx(np.tanh(np.tanh(0.5)), abs=1e-2)


def test_ctrl_c_does_not_wait_for_the_end():
    run = request(400)  # 6.9 teraflops: half a minute and more
    interrupt = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    begun = perf_counter()
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        infer(run, {"x": np.zeros((2048, 2048), np.float32)})
    assert perf_counter() - begun < 3
