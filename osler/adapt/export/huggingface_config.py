"""config.json and the files beside it, made from a configuration, for models that come from GGUF files.

The fields are those of published Gemma 3 folders (transformers 4.50), which transformers 4 and 5 and vLLM read alike;
`layer_types` is added, which newer ones take for the pattern of layers.
"""

from typing import Any

from osler.model.config import ModelConfig, TextConfig, VisionConfig
from osler.prompt.special import BOS, END_OF_IMAGE, END_OF_TURN, EOS, IMAGE_SOFT_TOKEN, PAD, START_OF_IMAGE

__all__ = ["TokenIds", "config_json", "generation_json", "preprocessor_json", "processor_json"]

TokenIds = dict[str, int]
"""The ids of special tokens."""

_ACTIVATION = "gelu_pytorch_tanh"


def config_json(config: ModelConfig, ids: TokenIds, rows: int, dtype: str) -> dict[str, Any]:
    """config.json.

    Args:
        rows: of the embedding that is written.
        dtype: "bfloat16", "float16" or "float32".
    """
    text = _text(config.text, ids, rows)
    common = {
        "torch_dtype": dtype,
        "tie_word_embeddings": config.text.tied_output,
        "bos_token_id": ids[BOS],
        "eos_token_id": _stops(ids),
        "pad_token_id": ids[PAD],
    }
    if config.vision is None:
        return {"architectures": ["Gemma3ForCausalLM"], **text, **common}
    return {
        "architectures": ["Gemma3ForConditionalGeneration"],
        "model_type": "gemma3",
        **common,
        "boi_token_index": ids[START_OF_IMAGE],
        "eoi_token_index": ids[END_OF_IMAGE],
        "image_token_index": ids[IMAGE_SOFT_TOKEN],
        "initializer_range": 0.02,
        "mm_tokens_per_image": config.vision.image_tokens,
        "text_config": text,
        "vision_config": _vision(config.vision),
    }


def _stops(ids: TokenIds) -> list[int]:
    return [ids[token] for token in (EOS, END_OF_TURN) if token in ids]


def _text(config: TextConfig, ids: TokenIds, rows: int) -> dict[str, Any]:
    scale = round(config.query_scale**-2, 6)
    fields: dict[str, Any] = {
        "model_type": "gemma3_text",
        "vocab_size": rows,
        "hidden_size": config.width,
        "intermediate_size": config.feed_forward_width,
        "num_hidden_layers": config.num_layers,
        "num_attention_heads": config.num_heads,
        "num_key_value_heads": config.num_kv_heads,
        "head_dim": config.head_width,
        "query_pre_attn_scalar": int(scale) if scale == int(scale) else scale,
        "sliding_window": config.window,
        "layer_types": ["full_attention" if whole else "sliding_attention" for whole in config.global_layers],
        "max_position_embeddings": config.context_length,
        "rms_norm_eps": config.norm_epsilon,
        "hidden_activation": _ACTIVATION,
        "rope_theta": config.rope_base_global,
        "rope_local_base_freq": config.rope_base_local,
        "rope_scaling": None if config.rope_factor == 1 else {"rope_type": "linear", "factor": config.rope_factor},
        "attention_bias": False,
        "attention_dropout": 0.0,
        "tie_word_embeddings": config.tied_output,
        "bos_token_id": ids[BOS],
        "eos_token_id": ids[EOS],
        "pad_token_id": ids[PAD],
    }
    if (pattern := _pattern(config.global_layers)) is not None:
        fields["sliding_window_pattern"] = pattern
    return fields


def _pattern(global_layers: tuple[bool, ...]) -> int | None:
    """n where every n-th layer is global, None where the layers follow no such pattern."""
    step = global_layers.index(True) + 1 if True in global_layers else len(global_layers) + 1
    regular = tuple((layer + 1) % step == 0 for layer in range(len(global_layers)))
    return step if regular == global_layers else None


def _vision(config: VisionConfig) -> dict[str, Any]:
    return {
        "model_type": "siglip_vision_model",
        "hidden_size": config.width,
        "intermediate_size": config.feed_forward_width,
        "num_hidden_layers": config.num_layers,
        "num_attention_heads": config.num_heads,
        "image_size": config.image_px,
        "patch_size": config.patch_px,
        "num_channels": 3,
        "layer_norm_eps": config.norm_epsilon,
        "hidden_act": _ACTIVATION,
        "attention_dropout": 0.0,
        "vision_use_head": False,
    }


def generation_json(ids: TokenIds) -> dict[str, Any]:
    """generation_config.json, with the sampling that Gemma 3 is published with."""
    return {
        "bos_token_id": ids[BOS],
        "eos_token_id": _stops(ids),
        "pad_token_id": ids[PAD],
        "cache_implementation": "hybrid",
        "do_sample": True,
        "top_k": 64,
        "top_p": 0.95,
    }


def preprocessor_json(config: VisionConfig) -> dict[str, Any]:
    """preprocessor_config.json."""
    return {
        "do_convert_rgb": None,
        "do_normalize": True,
        "do_pan_and_scan": None,
        "do_rescale": True,
        "do_resize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_processor_type": "Gemma3ImageProcessor",
        "image_seq_length": config.image_tokens,
        "image_std": [0.5, 0.5, 0.5],
        "pan_and_scan_max_num_crops": None,
        "pan_and_scan_min_crop_size": None,
        "pan_and_scan_min_ratio_to_activate": None,
        "processor_class": "Gemma3Processor",
        "resample": 2,
        "rescale_factor": 1 / 255,
        "size": {"height": config.image_px, "width": config.image_px},
    }


def processor_json(config: VisionConfig) -> dict[str, Any]:
    """processor_config.json."""
    return {"image_seq_length": config.image_tokens, "processor_class": "Gemma3Processor"}
