"""Exporting to a folder that transformers and vLLM load, as published ones are laid out."""

import shlex
from collections.abc import Callable
from pathlib import Path

from osler.adapt.export.companions import GGUF_BECOMES, embedding_rows, write_companions
from osler.adapt.export.huggingface_weights import copied_entries, made_entries
from osler.adapt.export.notes import source_notes
from osler.adapt.export.place import check_room, new_folder
from osler.adapt.export.safetensors_writer import Entry, write_shards
from osler.adapt.export.source import source_of
from osler.adapt.export.targets import Exported, ExportOptions
from osler.errors import InputError
from osler.tasks.progress import Progress, no_progress
from osler.weights.checkpoint import Checkpoint, open_checkpoint

__all__ = ["export_huggingface", "write_companions"]

WRITING = "Writing weights"
_KINDS = ("F32", "F16", "BF16")


def export_huggingface(
    checkpoint: Checkpoint, out: Path, options: ExportOptions, progress: Progress = no_progress
) -> Exported:
    """Write a checkpoint as a safetensors folder.

    From a safetensors folder, configuration and tokenizer are copied, and so is, byte for byte, every weight that no
    adapter changes. From a GGUF file all is made anew.

    Args:
        out: the folder.
        options: F32, F16 or BF16 for all weights; else each stays as it is, and GGUF becomes BF16.

    Raises:
        InputError: no room, or something stands at the place.
        WeightsError: weights or tokenizer cannot be written so.
    """
    kind = options.type_among(_KINDS, "") or None
    if out.resolve() == checkpoint.path.resolve():
        raise InputError("cannot write over the model that is read", hint="give another --out")
    entries = _entries(checkpoint, kind)
    total = sum(entry.size_bytes for entry in entries)
    check_room(out, total)
    with new_folder(out, force=options.force) as folder:
        write_companions(folder, checkpoint, kind)
        write_shards(folder, entries, _counted(progress, total))
        open_checkpoint(folder)  # what was written is read once, before it gets its name
    return Exported(
        files=tuple(sorted(out.iterdir())), notes=source_notes(checkpoint), commands=_commands(checkpoint, out)
    )


def _entries(checkpoint: Checkpoint, kind: str | None) -> list[Entry]:
    """All tensors, in `kind` or as the source has them."""
    source = source_of(checkpoint)
    if source.folder is None:
        return made_entries(checkpoint, kind or GGUF_BECOMES, embedding_rows(checkpoint, source))
    return copied_entries(checkpoint, kind)


def _counted(progress: Progress, total: int) -> Callable[[int], None]:
    """Tells how much is written in all, called with how much more it is."""
    done = 0
    progress(WRITING, 0, total)

    def wrote(size_bytes: int) -> None:
        nonlocal done
        done += size_bytes
        progress(WRITING, done, total)

    return wrote


def _commands(checkpoint: Checkpoint, out: Path) -> tuple[str, ...]:
    place = shlex.quote(str(out))
    ask = "osler ask IMAGE 'QUESTION'" if checkpoint.config.vision else "osler ask 'QUESTION'"
    return f"{ask} --model {place}", f"vllm serve {place}"
