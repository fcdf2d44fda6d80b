"""What a GGUF file says of a Gemma 3 besides its tensors.

Source: llama.cpp's conversion/gemma.py and conversion/base.py for the keys, src/models/gemma3.cpp and
tools/mtmd/clip.cpp for how they are read.
"""

from typing import TYPE_CHECKING, Any

from osler.adapt.export.vocabulary import Vocabulary
from osler.errors import WeightsError
from osler.model.config import ModelConfig, TextConfig, VisionConfig
from osler.prompt.special import BOS, END_OF_TURN, EOS, PAD
from osler.weights.pieces import UNKNOWN

if TYPE_CHECKING:
    from gguf import GGUFWriter

__all__ = ["add_text", "add_vision", "add_vocabulary", "size_label"]

_LAYERS_OF_27B = 62
_PATTERN = 6
_POOLING = 4
_LOCAL_BASE = 10_000.0


def size_label(weights: int) -> str:
    """How many weights a model has, as file names tell it.

    >>> size_label(3_880_263_168), size_label(268_098_176)
    ('4B', '268M')
    """
    if weights >= 1e9:
        return f"{weights / 1e9:.0f}B" if weights >= 1.95e9 else f"{weights / 1e9:.1f}B"
    return f"{weights / 1e6:.0f}M" if weights >= 1e6 else f"{weights / 1e3:.0f}K"


def add_text(writer: "GGUFWriter", config: TextConfig) -> None:
    """The decoder's shape.

    Raises:
        WeightsError: GGUF has no word for this shape, and llama.cpp would compute another.
    """
    from gguf import RopeScalingType

    _check_scale(config)
    writer.add_context_length(config.context_length)
    writer.add_embedding_length(config.width)
    writer.add_block_count(config.num_layers)
    writer.add_feed_forward_length(config.feed_forward_width)
    writer.add_head_count(config.num_heads)
    writer.add_head_count_kv(config.num_kv_heads)
    writer.add_key_length(config.head_width)
    writer.add_value_length(config.head_width)
    writer.add_layer_norm_rms_eps(config.norm_epsilon)
    writer.add_rope_freq_base(config.rope_base_global)
    if config.rope_factor != 1:
        writer.add_rope_scaling_type(RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(config.rope_factor)
    if all(config.global_layers):
        return
    writer.add_sliding_window(config.window)
    if config.rope_base_local != _LOCAL_BASE:  # what every reader takes where nothing is said
        writer.add_rope_freq_base_swa(config.rope_base_local)
    if config.global_layers != tuple((layer + 1) % _PATTERN == 0 for layer in range(config.num_layers)):
        writer.add_sliding_window_pattern([not is_global for is_global in config.global_layers])


def _check_scale(config: TextConfig) -> None:
    """llama.cpp tells the attention's scale by the number of layers: GGUF has no key for it."""
    is_27b = config.num_layers == _LAYERS_OF_27B
    read = (config.width // config.num_heads if is_27b else config.head_width) ** -0.5
    if abs(config.query_scale / read - 1) > 1e-6:
        raise WeightsError(
            f"cannot write this model as GGUF: its attention is scaled by {config.query_scale:.6f},"
            f" but GGUF has no key for that and its readers take {read:.6f}",
            hint="export it to huggingface, where config.json tells the scale",
        )


def add_vocabulary(writer: "GGUFWriter", vocabulary: Vocabulary, template: str) -> None:
    """Tokens, special ids and the chat template."""
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(list(vocabulary.tokens))
    writer.add_token_scores(vocabulary.scores.tolist())
    writer.add_token_types(vocabulary.types.tolist())
    ids: dict[str, Any] = {
        BOS: writer.add_bos_token_id,
        EOS: writer.add_eos_token_id,
        END_OF_TURN: writer.add_eot_token_id,
        UNKNOWN: writer.add_unk_token_id,
        PAD: writer.add_pad_token_id,
    }
    for token, add in ids.items():
        if (index := vocabulary.id_of(token)) is not None:
            add(index)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(template)


def add_vision(writer: "GGUFWriter", config: ModelConfig) -> None:
    """The tower's and projector's shape.

    Raises:
        WeightsError: GGUF has no word for this shape.
    """
    from gguf import VisionProjectorType

    vision = config.vision
    if vision is None:
        raise WeightsError("cannot write a projector file: these weights read no images", hint="use multimodal weights")
    if vision.projector_epsilon != vision.norm_epsilon:
        raise WeightsError(
            "cannot write this projector as GGUF: tower and projector have different epsilons, GGUF has one key",
            hint="export it to huggingface",
        )
    writer.add_clip_has_vision_encoder(True)
    writer.add_clip_projector_type(VisionProjectorType.GEMMA3)
    writer.add_vision_use_gelu(True)
    writer.add_vision_projection_dim(config.text.width)
    writer.add_vision_image_size(vision.image_px)
    writer.add_vision_patch_size(vision.patch_px)
    writer.add_vision_embedding_length(vision.width)
    writer.add_vision_feed_forward_length(vision.feed_forward_width)
    writer.add_vision_block_count(vision.num_layers)
    writer.add_vision_head_count(vision.num_heads)
    writer.add_vision_attention_layernorm_eps(vision.norm_epsilon)
    writer.add_vision_image_mean([0.5, 0.5, 0.5])
    writer.add_vision_image_std([0.5, 0.5, 0.5])
    if (pooling := _pooling(vision)) != _POOLING:
        writer.add_vision_projector_scale_factor(pooling)


def _pooling(vision: VisionConfig) -> int:
    """Patches on a side that become one image token."""
    return vision.patches_per_side // vision.tokens_per_side
