"""A tiny random MedSigLIP as the published one lies on disk: config.json, model.safetensors, spiece.model."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from osler.testing.random_weights import Named, RandomNumbers, biased_linear, layer_norm, random_tower
from osler.testing.tiny_safetensors import write_weights

__all__ = ["TinyMedSiglip", "write_medsiglip"]

WORDS = (
    "chest x-ray film of a normal heart and clear lungs",
    "right pleural effusion, pneumonia, opacity and consolidation of the left lower lobe",
    "diabetic retinopathy severity mild moderate severe proliferative none",
    "skin lesion melanoma nevus histopathology of colon adenocarcinoma lymphocytes",
    "a photo of an image with no findings: fracture, nodule, enlarged, tumour",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyMedSiglip:
    """Sizes: the two towers differ in all that they may differ in."""

    width: int = 64
    vision_feed_forward_width: int = 96
    vision_layers: int = 2
    vision_heads: int = 2
    image_px: int = 56
    patch_px: int = 14
    words_feed_forward_width: int = 80
    words_layers: int = 3
    words_heads: int = 4
    num_tokens: int = 16
    vocabulary_size: int = 160

    @property
    def num_patches(self) -> int:
        return (self.image_px // self.patch_px) ** 2

    def config(self) -> dict[str, Any]:
        """config.json."""
        return {
            "architectures": ["SiglipModel"],
            "model_type": "siglip",
            "text_config": {
                "model_type": "siglip_text_model",
                "vocab_size": self.vocabulary_size,
                "hidden_size": self.width,
                "intermediate_size": self.words_feed_forward_width,
                "num_hidden_layers": self.words_layers,
                "num_attention_heads": self.words_heads,
                "max_position_embeddings": self.num_tokens,
            },
            "vision_config": {
                "model_type": "siglip_vision_model",
                "hidden_size": self.width,
                "intermediate_size": self.vision_feed_forward_width,
                "num_hidden_layers": self.vision_layers,
                "num_attention_heads": self.vision_heads,
                "image_size": self.image_px,
                "patch_size": self.patch_px,
            },
        }


def write_medsiglip(folder: Path, *, shape: TinyMedSiglip | None = None, seed: int = 0, kind: str = "f32") -> Path:
    """A folder of tiny random weights, made if it is not there.

    Args:
        kind: "f32" (as published), "bf16" or "f16".
    """
    shape = shape or TinyMedSiglip()
    folder.mkdir(parents=True, exist_ok=True)
    write_weights(folder / "model.safetensors", dict(_weights(shape, seed)), kind)
    (folder / "config.json").write_text(json.dumps(shape.config(), indent=2))
    (folder / "spiece.model").write_bytes(_sentencepiece(shape.vocabulary_size))
    return folder


def _weights(shape: TinyMedSiglip, seed: int) -> Iterator[Named]:
    source, width = RandomNumbers(seed), shape.width
    tower = "vision_model."
    patch = source.normal(width, 3, shape.patch_px, shape.patch_px, scale=0.04)
    yield f"{tower}embeddings.patch_embedding.weight", patch
    yield f"{tower}embeddings.patch_embedding.bias", source.normal(width, scale=0.1)
    yield f"{tower}embeddings.position_embedding.weight", source.normal(shape.num_patches, width, scale=0.5)
    yield from random_tower(source, tower, shape.vision_layers, width, shape.vision_feed_forward_width)
    yield from layer_norm(source, f"{tower}post_layernorm", width)
    yield from _head(source, shape)
    tower = "text_model."
    yield f"{tower}embeddings.token_embedding.weight", source.normal(shape.vocabulary_size, width, scale=0.5)
    yield f"{tower}embeddings.position_embedding.weight", source.normal(shape.num_tokens, width, scale=0.5)
    yield from random_tower(source, tower, shape.words_layers, width, shape.words_feed_forward_width)
    yield from layer_norm(source, f"{tower}final_layer_norm", width)
    yield from biased_linear(source, f"{tower}head", width, width)
    yield "logit_scale", np.array([2.3], np.float32)
    yield "logit_bias", np.array([-5.5], np.float32)


def _head(source: RandomNumbers, shape: TinyMedSiglip) -> Iterator[Named]:
    """The pooling head."""
    prefix, width = "vision_model.head.", shape.width
    yield f"{prefix}probe", source.normal(1, 1, width, scale=0.5)
    yield f"{prefix}attention.in_proj_weight", source.linear(3 * width, width)
    yield f"{prefix}attention.in_proj_bias", source.normal(3 * width, scale=0.1)
    yield from biased_linear(source, f"{prefix}attention.out_proj", width, width)
    yield from layer_norm(source, f"{prefix}layernorm", width)
    yield from biased_linear(source, f"{prefix}mlp.fc1", shape.vision_feed_forward_width, width)
    yield from biased_linear(source, f"{prefix}mlp.fc2", width, shape.vision_feed_forward_width)


def _sentencepiece(size: int) -> bytes:
    """A unigram model with the special tokens where MedSigLIP's has them: `</s>` 1, `<unk>` 2."""
    from sentencepiece import SentencePieceTrainer, set_min_log_level

    set_min_log_level(2)
    written = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter([*WORDS, *(word for line in WORDS for word in line.split())]),
        model_writer=written,
        model_type="unigram",
        vocab_size=size,
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        num_threads=1,
    )
    return written.getvalue()
