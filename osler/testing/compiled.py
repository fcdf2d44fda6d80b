"""Graphs compiled by tests themselves, as Osler compiles its own."""

from pathlib import Path
from typing import Any

import openvino as ov

from osler.engine.signal_stack import kept_signal_stack

__all__ = ["compiled"]


def compiled(model: ov.Model | Path, options: dict[str, Any]) -> ov.CompiledModel:
    """Compile for the CPU and leave this thread's signal stack as it was: a later test may send itself a signal."""
    with kept_signal_stack():
        return ov.Core().compile_model(model, "CPU", options)
