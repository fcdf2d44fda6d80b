"""A tiny random LoRA adapter in peft's format, for the tiny models. No torch."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from osler.testing.shape import TinyShape
from osler.testing.tiny_safetensors import write_weights

__all__ = ["ALL_TEXT", "ALL_TOWER", "adapter_weights", "write_adapter", "write_adapter_files"]

ALL_TEXT = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
ALL_TOWER = ("tower.q_proj", "tower.k_proj", "tower.v_proj", "tower.out_proj", "tower.fc1", "tower.fc2")
Prefixes = Literal["new", "old", "text"]
_TEXT = {"new": "model.language_model.", "old": "language_model.model.", "text": "model."}
_TOWER = {"new": "model.vision_tower.", "old": "vision_tower.vision_model.", "text": ""}
_PROJECTOR = {"new": "model.multi_modal_projector.", "old": "multi_modal_projector.", "text": ""}


def write_adapter(
    folder: Path,
    *,
    shape: TinyShape | None = None,
    seed: int = 0,
    targets: Iterable[str] = ALL_TEXT,
    rank: int = 4,
    alpha: float = 8,
    projector: bool = False,
    prefixes: Prefixes = "new",
    kind: Literal["bf16", "f16", "f32"] = "f32",
    config: Mapping[str, Any] | None = None,
) -> Path:
    """adapter_config.json and adapter_model.safetensors, random and large enough to change every answer.

    Args:
        folder: made if it is not there.
        targets: peft's names of decoder matrices, `tower.` before those of the vision tower, or "lm_head".
        projector: whether the projector's two weights are in it, whole.
        config: further entries of adapter_config.json, or other values of those there.
    """
    targets = tuple(targets)
    weights = adapter_weights(
        shape or TinyShape(), seed, targets, rank=rank, alpha=alpha, projector=projector, prefixes=prefixes
    )
    values = {
        "peft_type": "LORA",
        "bias": "none",
        "r": rank,
        "lora_alpha": alpha,
        "target_modules": sorted({target.removeprefix("tower.") for target in targets}),
        "modules_to_save": ["multi_modal_projector"] if projector else None,
        "use_dora": False,
        "use_rslora": False,
        **(config or {}),
    }
    return write_adapter_files(folder, weights, values, kind=kind)


def write_adapter_files(
    folder: Path, weights: Mapping[str, np.ndarray], config: Mapping[str, Any], *, kind: str = "f32"
) -> Path:
    """The two files of an adapter from what is to stand in them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))
    write_weights(folder / "adapter_model.safetensors", weights, kind)
    return folder


def adapter_weights(
    shape: TinyShape,
    seed: int,
    targets: Iterable[str],
    *,
    rank: int = 4,
    alpha: float = 8,
    projector: bool = False,
    prefixes: Prefixes = "new",
) -> dict[str, np.ndarray]:
    """The tensors by peft's names; a term is about a third of its random matrix in size, whatever its rank."""
    generator = np.random.default_rng([seed, 7])
    weights: dict[str, np.ndarray] = {}
    for module, (rows, columns) in _modules(shape, tuple(targets), prefixes):
        a = generator.standard_normal((rank, columns)) * columns**-0.5
        b = generator.standard_normal((rows, rank)) * rank**0.5 / alpha / 3
        weights[f"base_model.model.{module}.lora_A.weight"] = a.astype(np.float32)
        weights[f"base_model.model.{module}.lora_B.weight"] = b.astype(np.float32)
    if projector:
        prefix, width = f"base_model.model.{_PROJECTOR[prefixes]}", shape.vision_width
        matrix = generator.standard_normal((width, shape.width)) * width**-0.5
        weights[prefix + "mm_input_projection_weight"] = matrix.astype(np.float32)
        weights[prefix + "mm_soft_emb_norm.weight"] = (generator.standard_normal(width) * 0.2).astype(np.float32)
    return weights


def _modules(shape: TinyShape, targets: tuple[str, ...], prefixes: Prefixes) -> Iterable[tuple[str, tuple[int, int]]]:
    """Each module that is adapted, by its name in the model, with the shape of its matrix."""
    for target in targets:
        if target == "lm_head":
            place = "language_model.lm_head" if prefixes == "old" else "lm_head"
            yield place, (shape.vocabulary_size, shape.width)
        elif target.startswith("tower."):
            name = target.removeprefix("tower.")
            part = "mlp" if name.startswith("fc") else "self_attn"
            for layer in range(shape.vision_layers):
                yield f"{_TOWER[prefixes]}encoder.layers.{layer}.{part}.{name}", _tower_shape(shape, name)
        else:
            part = "self_attn" if target in ALL_TEXT[:4] else "mlp"
            for layer in range(shape.layers):
                yield f"{_TEXT[prefixes]}layers.{layer}.{part}.{target}", _text_shape(shape, target)


def _tower_shape(shape: TinyShape, name: str) -> tuple[int, int]:
    width, feed_forward = shape.vision_width, shape.vision_feed_forward_width
    return {"fc1": (feed_forward, width), "fc2": (width, feed_forward)}.get(name, (width, width))


def _text_shape(shape: TinyShape, name: str) -> tuple[int, int]:
    width, query, key = shape.width, shape.heads * shape.head_width, shape.kv_heads * shape.head_width
    return {
        "q_proj": (query, width),
        "k_proj": (key, width),
        "v_proj": (key, width),
        "o_proj": (width, query),
        "gate_proj": (shape.feed_forward_width, width),
        "up_proj": (shape.feed_forward_width, width),
        "down_proj": (width, shape.feed_forward_width),
    }[name]
