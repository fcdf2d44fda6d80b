"""`osler export`: a model in the formats of other programs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from osler.cli.console import phases, print_json, print_note, print_text, size_text

if TYPE_CHECKING:
    from osler.adapt.export.targets import Exported
    from osler.weights.checkpoint import Checkpoint
    from osler.weights.medsiglip import MedSiglipCheckpoint

__all__ = ["export", "opened", "print_exported"]


def export(
    *,
    model: Annotated[
        Path | None,
        typer.Argument(help="GGUF file or safetensors folder (else $OSLER_MODEL, else the demonstration model)."),
    ] = None,
    to: Annotated[
        Literal["gguf", "huggingface", "openvino", "onnx"], typer.Option(help="The format.", show_default=False)
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The folder to write; for gguf also a file.", show_default=False)
    ],
    number_type: Annotated[
        Literal["F32", "F16", "BF16", "Q8_0"] | None,
        typer.Option(
            "--type", help="Number format (gguf: BF16; huggingface: as the source has it). Smaller: osler quantise."
        ),
    ] = None,
    adapter: Annotated[
        Path | None, typer.Option(help="Merge this LoRA adapter into the model first.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what stands there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a model, and a tuned adapter merged into it, in the format of another program.

    osler export medgemma-1.5-4b-it --adapter brain-mri --to gguf --type Q8_0 --out tuned/

    osler export medgemma-1.5-4b-it --adapter brain-mri --to huggingface --out tuned/

    osler export medsiglip-448 --to onnx --out towers/
    """
    from osler.adapt.export.targets import ExportOptions, target

    write = target(to)
    checkpoint: Any = opened(model, adapter) if to != "onnx" else _medsiglip(model) or opened(model, adapter)
    with phases("steps" if to == "openvino" else "bytes") as report:
        exported = write(checkpoint, out, ExportOptions(type=number_type, force=force), report)
    print_exported(checkpoint, exported, as_json=json)


def opened(model: Path | None, adapter: Path | None) -> "Checkpoint":
    """A model's checkpoint, the adapter merged into it where there is one."""
    from osler.tasks.load import model_path
    from osler.weights.checkpoint import open_checkpoint

    checkpoint = open_checkpoint(model_path(model))
    if adapter is None:
        return checkpoint
    from osler.weights.adapted import AdaptedCheckpoint
    from osler.weights.adapter import open_adapter

    return AdaptedCheckpoint(checkpoint, open_adapter(adapter, checkpoint.config))


def _medsiglip(model: Path | None) -> "MedSiglipCheckpoint | None":
    """MedSigLIP's checkpoint where the model is one."""
    from osler.tasks.load import model_path
    from osler.weights.medsiglip import MedSiglipCheckpoint, is_medsiglip

    path = model_path(model)
    return MedSiglipCheckpoint(path) if is_medsiglip(path) else None


def print_exported(checkpoint: "Checkpoint | MedSiglipCheckpoint", exported: "Exported", *, as_json: bool) -> None:
    """Say which files were written, of what size, what to know of them and what to run next."""
    if as_json:
        files = [{"path": path, "size_bytes": path.stat().st_size} for path in exported.files]
        print_json(
            {
                "source": checkpoint.description,
                "weights": checkpoint.identity,
                "files": files,
                "size_bytes": exported.size_bytes,
                "notes": exported.notes,
                "commands": exported.commands,
            }
        )
        return
    for path in exported.files:
        print_text(f"{size_text(path.stat().st_size):>10}  {path}")
    for note in exported.notes:
        print_note(note)
    if exported.commands:
        print_note("\nNext:", style="bold")
        for command in exported.commands:
            print_note(f"  {command}")
