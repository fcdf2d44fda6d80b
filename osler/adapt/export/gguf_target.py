"""Exporting to GGUF: a model file and its projector file, for llama.cpp and what is built on it, and for Osler."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from gguf import GGMLQuantizationType, LlamaFileType

from osler.adapt.export.gguf_model import projector_size, text_size, write_projector, write_text
from osler.adapt.export.notes import source_notes, tokenizer_notes
from osler.adapt.export.place import check_room, new_files
from osler.adapt.export.source import source_of
from osler.adapt.export.targets import TYPES, Exported, ExportOptions
from osler.errors import InputError
from osler.tasks.progress import Progress, no_progress
from osler.weights.adapted import AdaptedCheckpoint
from osler.weights.checkpoint import Checkpoint, open_checkpoint
from osler.weights.gguf_file import GgufFile, is_gguf

__all__ = ["GgufPlaces", "check_neighbours", "export_gguf", "gguf_commands", "gguf_places"]

_FILE_TYPES = {
    "F32": LlamaFileType.ALL_F32,
    "F16": LlamaFileType.MOSTLY_F16,
    "BF16": LlamaFileType.MOSTLY_BF16,
    "Q8_0": LlamaFileType.MOSTLY_Q8_0,
}
_OUTSIDE = re.compile(r"[^\w.+-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufPlaces:
    """Where the two files go; `projector` is None where the model reads no images."""

    model: Path
    projector: Path | None

    @property
    def paths(self) -> list[Path]:
        return [self.model] if self.projector is None else [self.model, self.projector]


def export_gguf(
    checkpoint: Checkpoint, out: Path, options: ExportOptions, progress: Progress = no_progress
) -> Exported:
    """Write a checkpoint as GGUF.

    Args:
        out: a folder, or the model file's name where it ends in .gguf. The projector file (mmproj) goes beside it.
        options: F32, F16, BF16 (the default) or Q8_0; the projector file is F16 beside Q8_0.

    Raises:
        InputError: no room, or something stands at the place.
        WeightsError: the model cannot be told in GGUF.
    """
    kind_name = options.type_among(TYPES, "BF16")
    kind = GGMLQuantizationType[kind_name]
    eyes = GGMLQuantizationType.F16 if kind_name == "Q8_0" else kind
    places = gguf_places(checkpoint, out, kind_name, eyes.name)
    check_neighbours(checkpoint, places)
    needed = text_size(checkpoint, lambda name, shape: kind)
    check_room(places.model, needed + (projector_size(checkpoint, eyes) if places.projector else 0))
    with new_files(places.paths, force=options.force) as staged:
        write_text(
            checkpoint,
            staged[0],
            kind_of=lambda name, shape: kind,
            file_type=_FILE_TYPES[kind_name],
            progress=progress,
        )
        if places.projector is not None:
            write_projector(checkpoint, staged[1], kind=eyes, progress=progress)
        open_checkpoint(staged[0])  # what was written is read once, before it gets its name
    notes = (*source_notes(checkpoint), *tokenizer_notes(checkpoint))
    return Exported(files=tuple(places.paths), notes=notes, commands=gguf_commands(places))


def gguf_places(checkpoint: Checkpoint, out: Path, kind: str, eyes: str) -> GgufPlaces:
    """The files' names, as programs that look for projectors expect them: "mmproj-" before the model's name.

    Args:
        kind, eyes: the types to name the files by, such as "Q8_0" and "F16".
    """
    if out.suffix.lower() == ".gguf":
        model, projector = out, out.with_name(f"mmproj-{out.stem}.gguf")
    else:
        name = model_name(checkpoint)
        model, projector = out / f"{name}-{kind}.gguf", out / f"mmproj-{name}-{eyes}.gguf"
    return GgufPlaces(model=model, projector=projector if checkpoint.config.vision else None)


def model_name(checkpoint: Checkpoint) -> str:
    """What the exported model is called: its source's name, and the adapter's after it."""
    name = source_of(checkpoint).name
    if isinstance(checkpoint, AdaptedCheckpoint):
        name = f"{name}-{checkpoint.adapter.name}"
    return _OUTSIDE.sub("-", name).strip("-.") or "model"


def check_neighbours(checkpoint: Checkpoint, places: GgufPlaces) -> None:
    """See that the folder holds no other model's projector: programs, Osler too, look for one beside the model.

    Raises:
        InputError: it does, or a file to write is the source itself.
    """
    own = {path.resolve() for path in places.paths}
    read = {checkpoint.path.resolve(), *((checkpoint.path.parent / file.name).resolve() for file in checkpoint.files)}
    if own & read:
        raise InputError("cannot write over the model that is read", hint="give another --out")
    for path in sorted(places.model.parent.glob("*.gguf")):
        if path.resolve() in own or not is_gguf(path):
            continue
        if GgufFile(path).metadata.get("general.architecture") == "clip":
            raise InputError(
                f"`{path.name}` lies in the same folder: programs could take it for the projector of the new model",
                hint="give --out a folder of its own",
            )


def gguf_commands(places: GgufPlaces) -> tuple[str, ...]:
    """What can be run with the files."""
    model = shlex.quote(str(places.model))
    if places.projector is None:
        return (f"osler ask 'QUESTION' --model {model}", f"llama-server -m {model}")
    return (
        f"osler ask IMAGE 'QUESTION' --model {model}",
        f"llama-server -m {model} --mmproj {shlex.quote(str(places.projector))}",
    )
