"""The network: transformers' own Gemma 3 class made tiny, and the heads that exist only in training."""

import math

import torch
from torch import Tensor, nn
from transformers import Gemma3Config, Gemma3ForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutputWithPooling

from nano.data import FINDINGS

PATCHES_A_SIDE, TOKENS_A_SIDE, WIDTH = 16, 8, 192
IMAGE_TOKENS = TOKENS_A_SIDE**2
IDS = {"pad": 0, "eos": 1, "bos": 2, "end_of_turn": 106, "boi": 2045, "eoi": 2046, "image": 2047}

TEXT_SHAPE = {
    "model_type": "gemma3_text", "vocab_size": 2048, "hidden_size": WIDTH, "intermediate_size": 512,
    "num_hidden_layers": 7, "num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": 64,
    "query_pre_attn_scalar": 64, "sliding_window": 512, "max_position_embeddings": 8192, "rms_norm_eps": 1e-6,
    "hidden_activation": "gelu_pytorch_tanh", "rope_theta": 1_000_000.0, "rope_local_base_freq": 10_000.0,
    "rope_scaling": {"rope_type": "linear", "factor": 8.0}, "attention_bias": False, "attention_dropout": 0.0,
    "pad_token_id": IDS["pad"], "eos_token_id": IDS["eos"], "bos_token_id": IDS["bos"],
}  # fmt: skip
VISION_SHAPE = {
    "model_type": "siglip_vision_model", "hidden_size": WIDTH, "intermediate_size": 768, "num_hidden_layers": 6,
    "num_attention_heads": 3, "image_size": 256, "patch_size": 16, "num_channels": 3, "layer_norm_eps": 1e-6,
    "hidden_act": "gelu_pytorch_tanh", "attention_dropout": 0.0, "vision_use_head": False,
}  # fmt: skip


def configuration() -> dict:
    """Return config.json as published Gemma 3 folders have it, but with every field spelled out."""
    return {
        "architectures": ["Gemma3ForConditionalGeneration"],
        "model_type": "gemma3",
        "boi_token_index": IDS["boi"],
        "eoi_token_index": IDS["eoi"],
        "image_token_index": IDS["image"],
        "bos_token_id": IDS["bos"],
        "pad_token_id": IDS["pad"],
        "eos_token_id": [IDS["eos"], IDS["end_of_turn"]],
        "mm_tokens_per_image": IMAGE_TOKENS,
        "initializer_range": 0.02,
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
        "text_config": dict(TEXT_SHAPE),
        "vision_config": dict(VISION_SHAPE),
    }


def build_network(seed: int, attention: str = "eager") -> Gemma3ForConditionalGeneration:
    """Build the network with random weights; position embeddings start as a two-dimensional sine grid."""
    torch.manual_seed(seed)
    network = Gemma3ForConditionalGeneration(Gemma3Config(**configuration(), attn_implementation=attention))
    with torch.no_grad():
        network.model.multi_modal_projector.mm_input_projection_weight.normal_(std=0.05)
        network.model.vision_tower.embeddings.position_embedding.weight.copy_(sine_grid())
    return network


def sine_grid() -> Tensor:
    """Return [256, 192]: half of the width encodes the row, half the column, amplitude 0.5."""
    quarter = WIDTH // 4
    rates = torch.exp(torch.arange(quarter) * (-math.log(100.0) / quarter))
    angles = torch.arange(PATCHES_A_SIDE)[:, None] * rates  # [16, 48]
    line = torch.cat([angles.sin(), angles.cos()], dim=1)  # [16, 96]
    rows = line[:, None].expand(-1, PATCHES_A_SIDE, -1)
    return 0.5 * torch.cat([rows, rows.transpose(0, 1)], dim=2).reshape(PATCHES_A_SIDE**2, WIDTH)


def image_vectors(network: Gemma3ForConditionalGeneration, pixels: Tensor) -> Tensor:
    """Return [I, 64, 192] after the projector, for pixels [I, 3, 256, 256]."""
    return network.model.get_image_features(pixels, return_dict=True).pooler_output


def hidden_states(network: Gemma3ForConditionalGeneration, ids: Tensor, mask: Tensor, vectors: Tensor) -> Tensor:
    """Return [B, T, D] for ids [B, T], mask [B, T] and the image vectors [I, M, D] in order of appearance."""
    images = {"image": BaseModelOutputWithPooling(pooler_output=vectors)} if len(vectors) else None
    output = network.model(
        input_ids=ids,
        attention_mask=mask,
        token_type_ids=(ids == IDS["image"]).long(),
        mm_encoder_outputs=images,
        use_cache=False,
    )
    return output.last_hidden_state


class Heads(nn.Module):
    """Throw-away heads on the projector's output: what the vision tower learns first.

    From the mean vector: kind (3), view (2), findings (14). From each of the 64 vectors: the
    cell under it (none, RBC, WBC, platelet), its own row and column, the white cell's box.
    """

    def __init__(self) -> None:
        super().__init__()
        self.kind = nn.Linear(WIDTH, 3)
        self.view = nn.Linear(WIDTH, 2)
        self.findings = nn.Linear(WIDTH, len(FINDINGS))
        self.cell = nn.Linear(WIDTH, 4)
        self.row = nn.Linear(WIDTH, TOKENS_A_SIDE)
        self.column = nn.Linear(WIDTH, TOKENS_A_SIDE)
        self.box = nn.Linear(WIDTH, 4)
