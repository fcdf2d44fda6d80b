"""The tuned model as a folder that `osler.load_medsiglip` and transformers' SiglipModel read."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch

from osler.adapt.medsiglip.network import Network
from osler.errors import InputError
from osler.tasks.tuned_head import HEAD_FILE, TunedHead
from osler.weights.safetensors_file import SafetensorsFile
from osler.weights.safetensors_folder import weight_files

__all__ = ["ORIGIN_FILE", "save_model"]

ORIGIN_FILE = "osler.json"
MODEL = "model.safetensors"
BESIDE = (
    "config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "spiece.model",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)
"""What lies beside the weights of a published MedSigLIP and is true of the tuned one, too."""


def save_model(
    network: Network, base: Path, out: Path, *, origin: dict[str, Any], head: TunedHead | None = None
) -> Path:
    """Write the model's folder: each file whole, and config.json, without which it is no model, last.

    Args:
        network: with the weights that are to be written; low-rank terms are added in.
        base: the folder it was opened from: names and number formats are as there.
        out: the folder; its other files are left alone.
        origin: what it was made of, for osler.json.
        head: of a classifier.

    Raises:
        InputError: the disk is full, or the folder cannot be written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        _write_weights(network, base, out / MODEL)
        _put(out / ORIGIN_FILE, json.dumps(origin, ensure_ascii=False, indent=2).encode())
        if head is not None:
            _put(out / HEAD_FILE, head.to_bytes())
        for name in reversed(BESIDE):
            if (base / name).is_file():
                _put(out / name, (base / name).read_bytes())
    except OSError as error:
        raise InputError(
            f"cannot write the model in `{out}`: {error.strerror or type(error).__name__}",
            hint="make room; the same command goes on from the last checkpoint",
        ) from error
    return out


def _write_weights(network: Network, base: Path, path: Path) -> None:
    """All weights under the base's names, each in the number format that it has there."""
    from safetensors.torch import save_file

    formats = {name: entry.kind for file in weight_files(base) for name, entry in SafetensorsFile(file).tensors.items()}
    kinds = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    tensors = {
        name: weight.to(kinds[formats[name]]).contiguous() for name, weight in network.merged() if name in formats
    }
    needed = sum(one.numel() * one.element_size() for one in tensors.values())
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise InputError(
            f"cannot write the model in `{path.parent}`: it takes {needed / 1e9:.2f} GB, {free / 1e9:.2f} GB are free",
            hint="make room; the same command goes on from the last checkpoint",
        )
    partial = path.with_name(path.name + ".part")
    save_file(tensors, partial, metadata={"format": "pt"})
    partial.replace(path)


def _put(path: Path, data: bytes) -> None:
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(data)
    partial.replace(path)
