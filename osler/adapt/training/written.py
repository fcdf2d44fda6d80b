"""What a tuning leaves: an adapter in peft's format, or a whole model, each with what it was made of in osler.json."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from osler.adapt.training.network import Network

__all__ = ["ABOUT", "write_adapter", "write_model"]

ABOUT = "osler.json"
STAGING = ".new"
OF_WEIGHTS = (".safetensors", ".safetensors.index.json", ".bin", ".md")


def write_adapter(network: Network, out: Path, *, base: str, about: Mapping[str, Any]) -> None:
    """Write adapter_config.json, adapter_model.safetensors and osler.json, each put in place as a whole.

    Args:
        network: wrapped by peft.
        base: the base model's name; never a path, which would tell of this machine.
        about: for osler.json.
    """
    staging = _staging(out)
    model: Any = network.model
    model.save_pretrained(staging, safe_serialization=True)
    config = json.loads((staging / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = base
    _write_json(staging / "adapter_config.json", config)
    _write_json(staging / ABOUT, about)
    _put(staging, out, ("adapter_model.safetensors", "adapter_config.json", ABOUT))


def write_model(network: Network, source: Path, out: Path, *, about: Mapping[str, Any]) -> None:
    """Write a folder of safetensors like the one that was tuned: weights in bfloat16, all other files as they were."""
    staging = _staging(out)
    model = network.base
    tied = model.config.get_text_config().tie_word_embeddings
    state = {
        name: weight.detach().to(torch.bfloat16).cpu()
        for name, weight in model.state_dict().items()
        if not (tied and name == "lm_head.weight")
    }
    model.save_pretrained(staging, state_dict=state, safe_serialization=True)
    for path in source.iterdir():
        if path.is_file() and not path.name.endswith(OF_WEIGHTS):
            shutil.copy(path, staging / path.name)
    _write_json(staging / ABOUT, about)
    _put(staging, out, sorted(path.name for path in staging.iterdir()))


def _staging(out: Path) -> Path:
    staging = out / STAGING
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    return staging


def _put(staging: Path, out: Path, names: Any) -> None:
    for name in names:
        with (staging / name).open("rb") as stream:
            os.fsync(stream.fileno())
        os.replace(staging / name, out / name)
    shutil.rmtree(staging)


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
