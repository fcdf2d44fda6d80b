"""How graphs are compiled.

That memory stays flat by these bounds is measured by tools/load_bench.py (docs/serving.md): a graph small enough for a
test grows too little to tell.
"""

import os

import numpy as np
import openvino as ov
from openvino import opset13 as op

from osler.engine.compilation import KEPT_EXECUTORS, KEPT_PRIMITIVES, Compilation


def test_what_is_kept_of_shapes_is_bounded(monkeypatch):
    asked = []
    compile_model = ov.Core.compile_model

    def watched(core, model, device, options):
        asked.append(options)
        return compile_model(core, model, device, options)

    monkeypatch.setattr(ov.Core, "compile_model", watched)
    rows = op.parameter([-1, 64], np.float32)
    Compilation(precision="f32").compile(ov.Model([op.tanh(rows)], [rows]))
    assert [options["CPU_RUNTIME_CACHE_CAPACITY"] for options in asked] == [KEPT_EXECUTORS]
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == KEPT_PRIMITIVES
