"""Ctrl-C after a model was compiled."""

import subprocess
import sys

import pytest

PROGRAM = """
import os, signal
import numpy as np
import openvino as ov
from openvino import opset13
from osler.engine.compilation import Compilation
seen = []
signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
given = opset13.parameter([4, 4], np.float32)
product = opset13.matmul(given, opset13.constant(np.ones((4, 4), np.float32)), False, False)
Compilation(precision="f32", threads=1).compile(ov.Model([product], [given]))
os.kill(os.getpid(), signal.SIGINT)
print(seen)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's signal stacks")
def test_a_signal_is_handled_after_a_model_was_compiled():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[2]")
