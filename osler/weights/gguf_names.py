"""GGUF's tensor names to the canonical ones.

Source: gguf's tensor_mapping for gemma3 and the names in llama.cpp's tools/mtmd/clip-impl.h.
"""

from collections.abc import Mapping

from osler.weights.names import Shape

__all__ = ["feed_forward_is_swapped", "text_names", "vision_names"]

_TEXT_LAYER = {
    "attention_norm": "attn_norm",
    "post_attention_norm": "post_attention_norm",
    "feed_forward_norm": "ffn_norm",
    "post_feed_forward_norm": "post_ffw_norm",
    "query_norm": "attn_q_norm",
    "key_norm": "attn_k_norm",
    "query": "attn_q",
    "key": "attn_k",
    "value": "attn_v",
    "attention_output": "attn_output",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}
_VISION_LAYER = {
    "norm1": "ln1",
    "norm2": "ln2",
    "query": "attn_q",
    "key": "attn_k",
    "value": "attn_v",
    "attention_output": "attn_out",
    "up": "ffn_up",
    "down": "ffn_down",
}
_VISION = {
    "vision.patch.weight": "v.patch_embd.weight",
    "vision.patch.bias": "v.patch_embd.bias",
    "vision.positions": "v.position_embd.weight",
    "vision.norm.weight": "v.post_ln.weight",
    "vision.norm.bias": "v.post_ln.bias",
    "projector.norm": "mm.soft_emb_norm.weight",
    "projector.weight": "mm.input_projection.weight",
}


def text_names(num_layers: int) -> dict[str, str]:
    """Canonical names of the decoder and the tensors that hold them."""
    names = {
        "text.embedding": "token_embd.weight",
        "text.norm": "output_norm.weight",
        "text.output": "output.weight",
    }
    for layer in range(num_layers):
        for canonical, tensor in _TEXT_LAYER.items():
            names[f"text.layers.{layer}.{canonical}"] = f"blk.{layer}.{tensor}.weight"
    return names


def vision_names(num_layers: int, *, swapped: bool) -> dict[str, str]:
    """Canonical names of tower and projector and the tensors that hold them.

    Args:
        num_layers: layers of the tower.
        swapped: the file calls the first matrix of the feed-forward "down" and the second "up".
    """
    names = dict(_VISION)
    layer_names = {**_VISION_LAYER, **({"up": "ffn_down", "down": "ffn_up"} if swapped else {})}
    for layer in range(num_layers):
        for canonical, tensor in layer_names.items():
            for part in ("weight", "bias"):
                names[f"vision.layers.{layer}.{canonical}.{part}"] = f"v.blk.{layer}.{tensor}.{part}"
    return names


def feed_forward_is_swapped(shapes: Mapping[str, Shape], width: int, feed_forward_width: int) -> bool:
    """Whether a projector file has the feed-forward's names the wrong way round, as older converters wrote them.

    Decided by shape: the second matrix gives [width, feed_forward_width].
    """
    up = shapes.get("v.blk.0.ffn_up.weight")
    return up == (width, feed_forward_width) and width != feed_forward_width
