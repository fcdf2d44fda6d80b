"""A tiny random Gemma 3 as a folder of safetensors, in every generation of its names."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from osler.testing.random_weights import random_text, random_vision, to_bfloat16
from osler.testing.shape import TinyShape
from osler.testing.vocabulary import TINY_VOCABULARY

__all__ = ["write_safetensors", "write_weights"]

Prefixes = Literal["new", "old", "text"]
_PREFIXES: dict[str, dict[str, str]] = {
    "new": {"text": "model.language_model.", "vision_tower.": "model.vision_tower.", "multi": "model."},
    "old": {"text": "language_model.model.", "vision_tower.": "vision_tower.vision_model.", "multi": ""},
    "text": {"text": "model."},
}


def write_safetensors(
    folder: Path,
    *,
    shape: TinyShape | None = None,
    vision: bool = True,
    seed: int = 0,
    kind: Literal["bf16", "f16", "f32"] = "bf16",
    prefixes: Prefixes = "new",
    shards: int = 1,
    tokenizer: bool = True,
) -> Path:
    """A folder with config.json, tokenizer.json and model.safetensors (or shards with their index).

    Args:
        folder: made if it is not there.
        shape: sizes; `TinyShape(window=…, rope_factor=…)` to change some.
        vision: with tower and projector; "text" prefixes never have them.
        prefixes: the generation of weight names: "new", "old", or "text" for a text-only model.
    """
    shape = shape or TinyShape()
    folder.mkdir(parents=True, exist_ok=True)
    vision = vision and prefixes != "text"
    prefix = _PREFIXES[prefixes]
    weights = {prefix["text"] + name: values for name, values in random_text(shape, seed)}
    for name, values in random_vision(shape, seed) if vision else ():
        tower = name.startswith("vision_tower.")
        weights[name.replace("vision_tower.", prefix["vision_tower."]) if tower else prefix["multi"] + name] = values
    _write_shards(folder, weights, kind, shards)
    (folder / "config.json").write_text(json.dumps(_config(shape, text_only=prefixes == "text"), indent=2))
    if tokenizer:
        (folder / "tokenizer.json").write_text(TINY_VOCABULARY.tokenizer_json(), encoding="utf-8")
    return folder


def _config(shape: TinyShape, *, text_only: bool) -> dict[str, object]:
    if text_only:
        return {"architectures": ["Gemma3ForCausalLM"], **shape.text_config()}
    return {
        "architectures": ["Gemma3ForConditionalGeneration"],
        "model_type": "gemma3",
        "mm_tokens_per_image": shape.image_tokens,
        "image_token_index": TINY_VOCABULARY.tokens.index("<image_soft_token>"),
        "boi_token_index": TINY_VOCABULARY.tokens.index("<start_of_image>"),
        "eoi_token_index": TINY_VOCABULARY.tokens.index("<end_of_image>"),
        "text_config": shape.text_config(),
        "vision_config": shape.vision_config(),
    }


def _write_shards(folder: Path, weights: Mapping[str, np.ndarray], kind: str, shards: int) -> None:
    names = sorted(weights)
    if shards == 1:
        write_weights(folder / "model.safetensors", weights, kind)
        return
    weight_map = {}
    for number in range(shards):
        file_name = f"model-{number + 1:05}-of-{shards:05}.safetensors"
        part = names[number::shards]
        weight_map.update(dict.fromkeys(part, file_name))
        write_weights(folder / file_name, {name: weights[name] for name in part}, kind)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))


def write_weights(path: Path, weights: Mapping[str, np.ndarray], kind: str) -> None:
    """A safetensors file of float32 arrays, stored as `kind`: "bf16", "f16" or "f32"."""
    from safetensors import TensorSpec, serialize_file

    dtype = {"bf16": "bfloat16", "f16": "float16", "f32": "float32"}[kind]
    stored = {name: np.ascontiguousarray(_convert(values, kind)) for name, values in weights.items()}
    entries = {
        name: TensorSpec(dtype=dtype, shape=values.shape, data_ptr=values.ctypes.data, data_len=values.nbytes)
        for name, values in stored.items()
    }
    serialize_file(entries, str(path), {"format": "pt"})


def _convert(values: np.ndarray, kind: str) -> np.ndarray:
    """float32 as float32, as float16, or as the bits of bfloat16."""
    if kind == "bf16":
        return to_bfloat16(values)
    return values.astype(np.float16 if kind == "f16" else np.float32)
