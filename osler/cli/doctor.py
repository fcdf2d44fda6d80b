"""`osler doctor`: what this machine can run, which files were found, and what is missing."""

import os
from collections.abc import Iterator
from pathlib import Path
from textwrap import TextWrapper
from typing import TYPE_CHECKING, Annotated

import typer

from osler.cli.console import phases, print_json, print_text, size_text, text_width

if TYPE_CHECKING:
    from osler.cli.checkup import Checkup, Folder, Model, Processor

__all__ = ["doctor"]

TITLE_WIDTH = 11


def doctor(
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="GGUF file or safetensors folder to look at (else $OSLER_MODEL)."),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every byte of pulled files, not only their sizes.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what this machine can run, which files were found and what is missing; exit 1 if something is wrong."""
    from osler.cli.checkup import check_up

    named = os.environ.get("OSLER_MODEL")
    with phases("bytes") as report:
        checkup = check_up(model or (Path(named) if named else None), read_all=verify, report=report)
    if json:
        print_json(checkup)
    else:
        _print_checkup(checkup)
    if checkup.problems:
        raise typer.Exit(1)


def _print_checkup(checkup: "Checkup") -> None:
    width = text_width()
    for title, lines in _sections(checkup):
        for number, line in enumerate(lines):
            label = f"{title if number == 0 else '':<{TITLE_WIDTH}}"
            wrapper = TextWrapper(
                width,
                initial_indent=label,
                subsequent_indent=" " * TITLE_WIDTH,
                break_long_words=False,  # paths and names stay in one piece
                break_on_hyphens=False,
            )
            print_text(wrapper.fill(line))
    for problem in checkup.problems:
        print_text(f"\nproblem: {problem.what}" + (f"\n   hint: {problem.hint}" if problem.hint else ""))
    if not checkup.problems:
        print_text("\nno problems found")


def _sections(checkup: "Checkup") -> Iterator[tuple[str, list[str]]]:
    """Titles and lines, in the order in which they are read."""
    versions = dict(checkup.versions)
    yield "osler", [f"{versions.pop('osler') or 'not installed (run from its folder)'}, {checkup.system}"]
    yield "packages", [", ".join(f"{name} {version or 'MISSING'}" for name, version in versions.items())]
    if checkup.extras:
        yield (
            "extras",
            [
                f"{extra}: {'installed' if not missing else 'not installed (' + ', '.join(missing) + ')'}"
                for extra, missing in checkup.extras.items()
            ],
        )
    yield "processor", list(_processor_lines(checkup.processor))
    total, available = checkup.memory_total_bytes, checkup.memory_available_bytes
    yield "memory", [f"{size_text(available)} available of {size_text(total)}"]
    yield (
        "cache",
        [f"{checkup.cache_folder}: {size_text(checkup.cache_bytes)} used, {size_text(checkup.disk_free_bytes)} free"],
    )
    yield "pulled", [_folder_line(folder) for folder in checkup.pulled] or ["nothing (see `osler models`)"]
    if checkup.model is not None:
        yield "model", list(_model_lines(checkup.model, available))


def _processor_lines(processor: "Processor") -> Iterator[str]:
    yield f"{processor.name}, {processor.usable_cores} of {processor.cores} cores usable"
    if processor.features:
        has = [name for name, there in processor.features.items() if there]
        lacks = [name for name, there in processor.features.items() if not there]
        yield f"has {', '.join(has) or 'none of the features that help'}" + (
            f"; lacks {', '.join(lacks)}" if lacks else ""
        )
    if processor.precisions:
        slower = "" if "BF16" in processor.precisions else " (no BF16: it computes in float32, slower)"
        yield f"OpenVINO computes in {', '.join(processor.precisions)}{slower}"


def _folder_line(folder: "Folder") -> str:
    if folder.problems:
        return f"{folder.path}: NOT as it was pulled"
    checked = "every byte verified" if folder.bytes_verified else "sizes match (--verify reads every byte)"
    return f"{folder.path}: {folder.num_files} files, {size_text(folder.size_bytes)}, {checked}"


def _model_lines(model: "Model", available_bytes: int | None) -> Iterator[str]:
    size_bytes = sum(model.files.values())
    yield f"{model.path}: {model.description}"
    yield f"{model.layers} layers of width {model.width}, {model.vocabulary:,} tokens, context {model.context_tokens:,}"
    yield f"images: {f'yes, {model.image_px} x {model.image_px} pixels' if model.reads_images else 'no'}"
    if model.missing:
        yield f"missing for images: {model.missing}"
    for name, size in model.files.items():
        yield f"{name}, {size_text(size)}"
    if available_bytes is not None and size_bytes > available_bytes:
        yield f"the files ({size_text(size_bytes)}) are larger than the memory that is free: expect it to be very slow"
