"""In which numbers a training computes, and why."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from osler.errors import OptionError

__all__ = ["Precision", "Wanted", "choose_device", "choose_precision"]

Wanted = Literal["auto", "bf16", "f32"]

SMALL = 50_000_000
"""Weights below which a CPU loses with conversions what bfloat16 products win."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """Numbers of a training.

    Attributes:
        name: "bf16" (products in bfloat16; what is tuned, its optimiser and all sums in float32) or "f32".
        reason: why, for people.
        device: "cpu", "cuda" or "cuda:1".
    """

    name: Literal["bf16", "f32"]
    reason: str
    device: str

    @property
    def frozen(self) -> torch.dtype:
        """The type of weights that are not tuned."""
        return torch.bfloat16 if self.name == "bf16" else torch.float32

    def computing(self) -> AbstractContextManager:
        """Compute in this precision meanwhile."""
        return torch.autocast(self.device.partition(":")[0], dtype=torch.bfloat16, enabled=self.name == "bf16")


def choose_device(wanted: str | None = None) -> str:
    """The device that was asked for, else this process's GPU, else the CPU.

    Raises:
        OptionError: it is not there.
    """
    if wanted is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind = wanted.partition(":")[0]
    if kind == "cpu" or (kind == "cuda" and torch.cuda.is_available()):
        return wanted
    expected = "cpu" + (" or cuda" if torch.cuda.is_available() else "; torch finds no CUDA here")
    raise OptionError(f"cannot train on `{wanted}`: expected {expected}", name="device", expected=expected)


def choose_precision(wanted: Wanted, device: str, num_weights: int) -> Precision:
    """Choose between bfloat16 and float32.

    float16 is never chosen: Gemma 3's activations overflow it.

    Args:
        wanted: what the user asked for.
        device: where it is computed.
        num_weights: of the model.
    """
    if wanted == "bf16":
        return Precision(name="bf16", reason="asked for", device=device)
    if wanted == "f32":
        return Precision(name="f32", reason="asked for", device=device)
    name, reason = _chosen(device, num_weights)
    return Precision(name=name, reason=reason, device=device)


def _chosen(device: str, num_weights: int) -> tuple[Literal["bf16", "f32"], str]:
    if device.startswith("cuda"):
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return "bf16", "this GPU multiplies bfloat16"
        return "f32", "this GPU does not multiply bfloat16, and float16 overflows in Gemma 3"
    if not _multiplies_bfloat16():
        return "f32", "this processor does not multiply bfloat16"
    if num_weights < SMALL:
        return "f32", f"the model is small ({num_weights / 1e6:.1f} million weights): exact numbers cost little"
    return "bf16", "this processor multiplies bfloat16"


def _multiplies_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor has instructions for it; torch would compute it without them, but slower than float32."""
    try:
        words = set(cpuinfo.read_text().split())
    except OSError:
        return False
    return bool(words & {"avx512_bf16", "amx_bf16", "bf16"})
