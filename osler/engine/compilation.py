"""How graphs are compiled: precision, threads and the quantisation of activations."""

import os
from dataclasses import dataclass

import openvino as ov

from osler.engine.signal_stack import kept_signal_stack
from osler.errors import InputError

__all__ = ["PRECISIONS", "Compilation"]

PRECISIONS = ("bf16", "f32")

KEPT_EXECUTORS = 256
KEPT_PRIMITIVES = "64"
"""What OpenVINO and oneDNN below it keep of shapes that they computed, least recently used first out. Each length of a
prompt is a shape of its own; by their own bounds (5,000 and 1,024) a server grows with each new one, by 2 MB with a
model of 270 million parameters."""

os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", KEPT_PRIMITIVES)  # read once, when the first graph is compiled

ACTIVATION_GROUP = 32
"""Activations become 8-bit integers in groups of as many numbers before they meet compressed weights.
The weights' own group (32 in most GGUF types) is fastest and most exact: docs/LOG.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compilation:
    """What a graph is compiled for.

    Attributes:
        precision: "bf16" computes in bfloat16 (float32 where the processor has no bfloat16 instructions) with
            8-bit activations in front of compressed weights; "f32" computes in float32 throughout.
        threads: processor threads, or None for all that this process may use.
    """

    precision: str = "bf16"
    threads: int | None = None

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise InputError(f"cannot compute in precision `{self.precision}`: expected one of {', '.join(PRECISIONS)}")
        if self.threads is not None and self.threads < 1:
            raise InputError(f"cannot run on {self.threads} threads: expected at least 1")

    @property
    def is_narrow(self) -> bool:
        """Whether products are computed in bfloat16."""
        return self.precision == "bf16"

    def compile(self, model: ov.Model) -> ov.CompiledModel:
        """Compile for the processor; a key/value cache takes the precision of the computation."""
        with kept_signal_stack():
            return ov.Core().compile_model(
                model,
                "CPU",
                {
                    "INFERENCE_PRECISION_HINT": self.precision,
                    "KV_CACHE_PRECISION": self.precision,
                    "INFERENCE_NUM_THREADS": self.threads or usable_cores(),
                    "DYNAMIC_QUANTIZATION_GROUP_SIZE": ACTIVATION_GROUP if self.is_narrow else 0,
                    "PERFORMANCE_HINT": "LATENCY",
                    "CPU_RUNTIME_CACHE_CAPACITY": KEPT_EXECUTORS,
                },
            )


def usable_cores() -> int:
    """Processor cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
