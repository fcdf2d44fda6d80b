"""Writing the quantised model: one GGUF file of the decoder, and the projector file beside it where it reads images."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from gguf import GGMLQuantizationType, LlamaFileType

from osler.adapt.export.gguf_model import projector_size, write_projector, write_text
from osler.adapt.export.gguf_target import GgufPlaces, check_neighbours, gguf_places
from osler.adapt.export.place import check_room, new_files
from osler.adapt.quantise.encoder import BlockEncoder
from osler.adapt.quantise.importance import Importance
from osler.adapt.quantise.mixes import MIXES
from osler.errors import InputError
from osler.tasks.progress import Progress, no_progress
from osler.weights.checkpoint import Checkpoint, open_checkpoint

__all__ = ["check_places", "places_for", "write_files"]

GUESSED = 1024
"""llama.cpp's mark of a file type that says about what a file is, not exactly."""

EYES = GGMLQuantizationType.F16
"""The vision tower stays in F16, as in every published build: it is small, and llama.cpp reads images with it."""


def places_for(checkpoint: Checkpoint, out: Path, name: str) -> GgufPlaces:
    """Where the files go; `out` is a .gguf file or a folder."""
    return gguf_places(checkpoint, out, name, EYES.name)


def check_places(checkpoint: Checkpoint, places: GgufPlaces, text_bytes: int, *, force: bool) -> None:
    """Refuse what cannot be written before anything is computed.

    Raises:
        InputError: no room, something stands there, or another model's projector would be mistaken for this one's.
    """
    check_neighbours(checkpoint, places)
    eyes = projector_size(checkpoint, EYES) if places.projector else 0
    check_room(places.model, text_bytes + eyes)
    there = [path for path in places.paths if path.exists()]
    if there and not force:
        raise InputError(
            f"`{there[0].name}` exists already in `{there[0].absolute().parent.name}`",
            hint="give another --out, or --force to replace it",
        )


def write_files(
    checkpoint: Checkpoint,
    places: GgufPlaces,
    kinds: Mapping[str, str],
    encoder: BlockEncoder,
    *,
    mix: str,
    is_exact: bool,
    importance: Importance | None = None,
    force: bool = False,
    progress: Progress = no_progress,
) -> None:
    """Write a checkpoint with these types.

    Args:
        kinds: of the decoder's matrices, by canonical names.
        mix: the file type to show, and whether it is exactly that one.
        importance: that the encoder used; the file says of how much text.
        force: replace files that stand there.
    """
    with new_files(places.paths, force=force) as staged:
        write_text(
            checkpoint,
            staged[0],
            kind_of=lambda name, shape: GGMLQuantizationType[kinds[name]],
            encoder=encoder,
            file_type=cast(LlamaFileType, MIXES[mix].number | (0 if is_exact else GUESSED)),
            progress=progress,
            extra=_said_of(importance),
        )
        if places.projector is not None:
            write_projector(checkpoint, staged[1], kind=EYES, progress=progress)
        open_checkpoint(staged[0])  # what was written is read once, before it gets its name


def _said_of(importance: Importance | None) -> dict[str, str | int | float | bool]:
    """llama.cpp's words for the importance matrix; the names of the user's files are left out."""
    if importance is None:
        return {}
    tokens = max(importance.counts.values())
    return {
        "quantize.imatrix.entries_count": len(importance.sums),
        "quantize.imatrix.chunks_count": -(-tokens // importance.chunk_tokens),
    }
