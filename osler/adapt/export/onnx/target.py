"""Exporting to ONNX: a folder that onnxruntime runs (docs/exporting-graphs.md)."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path

from osler.adapt.export.companions import write_companions
from osler.adapt.export.notes import source_notes
from osler.adapt.export.onnx.numbers import NUMBERS
from osler.adapt.export.onnx.parts import Parts, medsiglip_parts, model_parts, write_parts
from osler.adapt.export.place import check_room, new_folder
from osler.adapt.export.targets import Exported, ExportOptions
from osler.errors import InputError
from osler.tasks.progress import Progress, no_progress
from osler.versions import version_of
from osler.weights.checkpoint import Checkpoint
from osler.weights.medsiglip import MedSiglipCheckpoint
from osler.weights.medsiglip_names import medsiglip_shapes
from osler.weights.names import Shape, expected_shapes, is_text_matrix

__all__ = ["export_onnx"]

WRITING = "Writing weights"

MODEL_BYTES = 16 << 20
"""What nodes, vectors and tokenizer take, generously."""

GUIDE = "docs/exporting-graphs.md has a program of one screen that asks it questions."


def export_onnx(
    checkpoint: Checkpoint | MedSiglipCheckpoint,
    out: Path,
    options: ExportOptions,
    progress: Progress = no_progress,
) -> Exported:
    """Write a model as ONNX.

    Args:
        checkpoint: MedGemma's, or MedSigLIP's.
        out: the folder.
        options: F16 (the default) or F32 weights, whose products are in float32 either way; or Q8_0 for MedGemma's
            decoder in 8 bits, with an operation that only onnxruntime has.

    Raises:
        MissingExtraError: onnx is not installed.
        InputError: no room, or something stands at the place.
        WeightsError: a weight is too large for F16.
    """
    is_medsiglip = isinstance(checkpoint, MedSiglipCheckpoint)
    kind = options.type_among(tuple(NUMBERS) if is_medsiglip else (*NUMBERS, "Q8_0"), "F16")
    if out.resolve() == checkpoint.path.resolve():
        raise InputError("cannot write over the model that is read", hint="give another --out")
    job = _pictures_and_words(checkpoint) if isinstance(checkpoint, MedSiglipCheckpoint) else _model(checkpoint)
    total, done = size_bytes(job.shapes, kind), 0
    check_room(out, total + MODEL_BYTES)

    def wrote(size_bytes: int) -> None:
        nonlocal done
        done += size_bytes
        progress(WRITING, min(done, total), total)

    with new_folder(out, force=options.force) as folder:
        write_parts(job.parts, checkpoint, folder, kind=kind, about=job.about | {"type": kind}, wrote=wrote)
        job.accompany(folder)
    return Exported(files=tuple(sorted(out.iterdir())), notes=(*job.notes, GUIDE))


def size_bytes(shapes: dict[str, Shape], kind: str) -> int:
    """What weights take."""
    if kind != "Q8_0":
        return sum(map(prod, shapes.values())) * NUMBERS[kind].itemsize
    return sum(prod(shape) * (9 if is_text_matrix(name) else 16) // 8 for name, shape in shapes.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be written.

    Attributes:
        parts: the networks.
        shapes: of all weights.
        about: metadata of every file.
        notes: what the user should know.
        accompany: writes what else belongs into the folder.
    """

    parts: Parts
    shapes: dict[str, Shape]
    about: dict[str, str]
    notes: tuple[str, ...]
    accompany: Callable[[Path], None]


def _model(checkpoint: Checkpoint) -> Job:
    return Job(
        parts=model_parts(checkpoint.config),
        shapes=expected_shapes(checkpoint.config),
        about=_about(checkpoint.identity) | {"source": checkpoint.description},
        notes=source_notes(checkpoint),
        accompany=lambda folder: write_companions(folder, checkpoint),
    )


def _pictures_and_words(checkpoint: MedSiglipCheckpoint) -> Job:
    numbers = {"logit_scale": checkpoint.logit_scale, "logit_bias": checkpoint.logit_bias}
    return Job(
        parts=medsiglip_parts(checkpoint.config),
        shapes=medsiglip_shapes(checkpoint.config),
        about=_about(checkpoint.identity) | {name: repr(value) for name, value in numbers.items()},
        notes=(),
        accompany=lambda folder: _copy_medsiglip(checkpoint, folder, numbers),
    )


def _about(identity: str) -> dict[str, str]:
    return {"osler": version_of("osler") or "", "weights_id": identity}


def _copy_medsiglip(checkpoint: MedSiglipCheckpoint, folder: Path, numbers: dict[str, float]) -> None:
    """Configuration and tokenizer as they are, and how a cosine becomes a probability."""
    for path in sorted(checkpoint.path.iterdir()):
        if path.suffix in (".json", ".model") and not path.name.endswith(".index.json"):
            shutil.copyfile(path, folder / path.name)
    (folder / "logits.json").write_text(json.dumps(numbers, indent=2) + "\n")
