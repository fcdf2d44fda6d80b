"""The formats that a model is exported to, each loaded when it is asked for."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from osler.errors import OptionError
from osler.tasks.progress import Progress

if TYPE_CHECKING:
    from osler.weights.checkpoint import Checkpoint

__all__ = ["TARGETS", "TYPES", "ExportOptions", "Exported", "Target", "target"]

TARGETS: dict[str, str] = {
    "gguf": "osler.adapt.export.gguf_target:export_gguf",
    "huggingface": "osler.adapt.export.huggingface:export_huggingface",
    "onnx": "osler.adapt.export.onnx.target:export_onnx",
    "openvino": "osler.adapt.export.openvino.target:export_openvino",
}
"""Name -> "module:function", a `Target`."""

TYPES = ("F32", "F16", "BF16", "Q8_0")
"""Number formats that an export may be asked for; each target says which of them it writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """How an export is written.

    Attributes:
        type: one of `TYPES`, or None for the target's own choice.
        force: replace what stands at the place.
    """

    type: str | None = None
    force: bool = False

    def type_among(self, allowed: tuple[str, ...], otherwise: str) -> str:
        """The number format, checked.

        Raises:
            OptionError: the target does not write it.
        """
        if self.type is None:
            return otherwise
        if self.type not in allowed:
            raise OptionError(
                f"cannot export in {self.type}", name="type", expected=f"one of {', '.join(allowed)} for this target"
            )
        return self.type


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export wrote.

    Attributes:
        files: all of them, under their final names.
        notes: what the user should know of them, a sentence each.
        commands: what can be run next, each a whole command line.
    """

    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.files)


Target = Callable[["Checkpoint", Path, ExportOptions, Progress], Exported]
"""Writes a checkpoint to a place: checks sizes and room first and writes beside the place (`osler.adapt.export.place`),
so that nothing half-written ever stands under the final name."""


def target(name: str) -> Target:
    """The function behind a name of `TARGETS`; imports its module.

    Raises:
        OptionError: there is none of that name.
    """
    if name not in TARGETS:
        raise OptionError(f"cannot export to {name!r}", name="to", expected=f"one of {', '.join(TARGETS)}")
    module, _, function = TARGETS[name].partition(":")
    found: Target = getattr(importlib.import_module(module), function)
    return found
