"""Adapters that peft made and saved, random and loud enough to change every answer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from parity.twins import Prompt, Theirs

from osler.imaging.normalise import network_pixels
from osler.prompt import build_prompt
from osler.values import Image, ImagePart, Message, TextPart

TEXT = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
DECODER = r".*language_model.*\.(" + "|".join(TEXT) + ")"
TOWER = r".*vision_tower.*\.(q_proj|k_proj|v_proj|out_proj|fc1|fc2)"
EVERYTHING = f"{DECODER}|{TOWER}"


@dataclass(frozen=True)
class Tuned:
    """transformers' model under peft, and the folder that peft saved its adapter in."""

    theirs: Theirs
    folder: Path


def tuned(base: Path, folder: Path, **options: Any) -> Tuned:
    """An adapter on the model of a safetensors folder, computed in float32; `options` as in `adapt`."""
    theirs = Theirs(base, "f32")
    adapt(theirs.model, folder, **options)
    theirs.model.eval()
    return Tuned(theirs, folder)


def adapt(network: Any, folder: Path, *, seed: int = 0, spread: float = 0.5, **lora: Any) -> None:
    """Put an adapter of random numbers into transformers' model, and let peft save it.

    Args:
        folder: where.
        spread: how large a term is beside its matrix.
        lora: as peft.LoraConfig takes it.
    """
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    wrapped = get_peft_model(network, LoraConfig(**{"r": 4, "lora_alpha": 8, "target_modules": DECODER} | lora))
    with torch.no_grad():
        for module in wrapped.modules():
            if hasattr(module, "lora_A") and "default" in module.lora_A:
                loud(module, spread)
        for name, weight in wrapped.named_parameters():
            if "modules_to_save" in name:
                weight.add_(torch.randn_like(weight) * weight.std().clamp(min=0.1) * spread)
    wrapped.save_pretrained(folder)


def loud(module: Any, spread: float) -> None:
    """Fill a term so that it is `spread` times as large as the matrix that it is added to."""
    import torch

    a, b = module.lora_A["default"].weight, module.lora_B["default"].weight
    a.normal_(std=a.shape[1] ** -0.5)
    b.normal_()
    size = torch.linalg.matrix_norm(module.scaling["default"] * (b @ a))
    base = module.get_base_layer()
    weight = base.weight if hasattr(base, "weight") else base.mm_input_projection_weight
    b *= spread * torch.linalg.matrix_norm(weight) / size


def prompt_of(model: Any, images: list[np.ndarray], question: str) -> Prompt:
    """What a model is given: ids by Osler's template and tokenizer, which have tests of their own, pixels as arrays."""
    parts = [*(ImagePart(image=Image(pixels=image)) for image in images), TextPart(text=question)]
    vision = model.config.vision
    made = build_prompt([Message(role="user", parts=tuple(parts))], model.tokenizer, image_tokens=vision.image_tokens)
    pixels = network_pixels(images, vision.image_px) if images else np.empty((0, 3, 0, 0), np.float32)
    return Prompt(ids=np.array(made.ids), starts=tuple(span.offset for span in made.images), pixels=pixels)


def logprobs_of(model: Any, prompt: Prompt, images: list[np.ndarray]) -> dict[int, np.ndarray]:
    """log p [V] of the token at each place of a prompt but an image's, as a view of a model gives them."""
    found: dict[int, np.ndarray] = {}

    def take(place: int, logits: np.ndarray) -> None:
        found[place] = log_softmax(logits)

    vectors = model.encode_images(images)
    placed = tuple(zip(prompt.starts, vectors, strict=True))
    model.engine.score(prompt.ids, placed, 1, adapter=model.adapter_number, watch=take)
    return found


def log_softmax(logits: np.ndarray) -> np.ndarray:
    wide = logits.astype(np.float64)
    wide -= wide.max(-1, keepdims=True)
    return wide - np.log(np.exp(wide).sum(-1, keepdims=True))


def worst(found: dict[int, np.ndarray], theirs: np.ndarray) -> float:
    """The greatest difference of log-probabilities, over all places and tokens.

    Args:
        theirs: [T, V] logits of the same prompt.
    """
    expected = log_softmax(theirs)
    return max(float(np.abs(row - expected[place - 1]).max()) for place, row in found.items())
