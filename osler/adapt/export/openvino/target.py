"""Exporting to OpenVINO's IR: a folder for its runtime and for openvino-genai (docs/exporting-graphs.md)."""

import shlex
from math import prod
from pathlib import Path

from osler.adapt.export.companions import write_companions
from osler.adapt.export.notes import source_notes
from osler.adapt.export.openvino.networks import write_networks
from osler.adapt.export.openvino.recast import KINDS, Recast
from osler.adapt.export.place import check_room, new_folder
from osler.adapt.export.targets import Exported, ExportOptions
from osler.engine.stacked_weights import Source
from osler.errors import InputError
from osler.model.matrix import GroupedMatrix
from osler.tasks.progress import Progress, no_progress
from osler.versions import version_of
from osler.weights.adapted import AdaptedCheckpoint
from osler.weights.checkpoint import Checkpoint
from osler.weights.quantised import QuantisedCheckpoint

__all__ = ["export_openvino"]

GROUPED_FACTOR = 1.6
"""Codes, scales and offsets as a share of the quantised file that they come from, at most."""

EIGHT_BITS_FACTOR = 9 / 8
"""Codes and float32 scales of 32 weights each, in bytes a weight."""

CONVERTER = "pip install openvino-genai openvino-tokenizers transformers"


def export_openvino(
    checkpoint: Checkpoint, out: Path, options: ExportOptions, progress: Progress = no_progress
) -> Exported:
    """Write a model as IR.

    Args:
        out: the folder.
        options: F32 or F16 for all matrices, Q8_0 for a decoder in 8 bits; else each stays in the form that it has,
            which for GGUF means its own integer codes and scales.

    Raises:
        InputError: no room, or something stands at the place.
        WeightsError: a weight is too large for F16, or Q8_0 is asked of what is quantised already.
    """
    kind = options.type_among((*KINDS, "Q8_0"), "") or None
    if out.resolve() == checkpoint.path.resolve():
        raise InputError("cannot write over the model that is read", hint="give another --out")
    check_room(out, size_bytes(checkpoint, kind))
    with new_folder(out, force=options.force) as folder:
        about = {"version": version_of("osler") or "", "source": checkpoint.description, "weights": checkpoint.identity}
        write_networks(checkpoint.config, _source(checkpoint, kind), folder, about=about, progress=progress)
        write_companions(folder, checkpoint)
    place = shlex.quote(str(out))
    return Exported(
        files=tuple(sorted(out.iterdir())),
        notes=(
            *source_notes(checkpoint),
            f"openvino-genai asks for the tokenizer as a network: {CONVERTER}, then the command below.",
        ),
        commands=(f"convert_tokenizer {place} --with-detokenizer -o {place}",),
    )


def size_bytes(checkpoint: Checkpoint, kind: str | None) -> int:
    """What an export takes, at most; the embedding stands in it twice."""
    names = (*checkpoint.names(), "text.embedding")
    if kind is not None:
        each = EIGHT_BITS_FACTOR if kind == "Q8_0" else KINDS[kind].itemsize
        eyes = sum(prod(checkpoint.shape(name)) for name in names if not name.startswith("text."))
        return int(each * sum(prod(checkpoint.shape(name)) for name in names) + 4 * eyes)
    files = sum(file.size_bytes for file in checkpoint.files) * (GROUPED_FACTOR if _is_grouped(checkpoint) else 1)
    changed = checkpoint.changed if isinstance(checkpoint, AdaptedCheckpoint) else frozenset()
    return int(files + sum(4 * prod(checkpoint.shape(name)) for name in (*changed, "text.embedding")))


def _source(checkpoint: Checkpoint, kind: str | None) -> Source:
    if kind is None:
        return checkpoint
    return QuantisedCheckpoint(checkpoint, 8) if kind == "Q8_0" else Recast(checkpoint, kind)


def _is_grouped(checkpoint: Checkpoint) -> bool:
    base = checkpoint.base if isinstance(checkpoint, AdaptedCheckpoint) else checkpoint
    return isinstance(base.matrix("text.layers.0.query"), GroupedMatrix)
