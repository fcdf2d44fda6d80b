"""`osler merge`: an adapter put into its model for good."""

from pathlib import Path
from typing import Annotated

import typer

from osler.cli.console import phases
from osler.cli.export import opened, print_exported

__all__ = ["merge"]


def merge(
    model: Annotated[Path, typer.Argument(help="The model that the adapter was tuned on.", show_default=False)],
    adapter: Annotated[Path, typer.Argument(help="The adapter's folder.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="The safetensors folder to write.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Replace what stands there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Merge a LoRA adapter into its model: a folder of safetensors, which Osler, transformers and vLLM load.

    Weights that the adapter leaves alone are copied byte for byte; the others are computed in float32 and rounded once.

    osler merge medgemma-1.5-4b-it brain-mri --out medgemma-brain-mri
    """
    from osler.adapt.export.targets import ExportOptions, target

    checkpoint = opened(model, adapter)
    with phases("bytes") as report:
        exported = target("huggingface")(checkpoint, out, ExportOptions(force=force), report)
    print_exported(checkpoint, exported, as_json=json)
