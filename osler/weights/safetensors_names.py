"""Names in published safetensors files to the canonical ones.

Three generations of prefixes exist for the same weights (reference/medgemma.md 10b)::

    language_model.model.layers.0...      vision_tower.vision_model...        multi_modal_projector...
    model.language_model.layers.0...      model.vision_tower[.vision_model]... model.multi_modal_projector...
    model.layers.0...                     (text only)

so leading `model.` and `language_model.` parts, and `vision_model.` after the tower, carry no meaning.
"""

import re

__all__ = ["canonical_name", "stored_name"]

_PREFIX = re.compile(r"^(?:(?:language_)?model\.)+")
_LAYER = re.compile(r"^layers\.(\d+)\.(.+)\.weight$")
_VISION_LAYER = re.compile(r"^encoder\.layers\.(\d+)\.(.+)\.(weight|bias)$")
_TEXT = {"embed_tokens.weight": "text.embedding", "norm.weight": "text.norm", "lm_head.weight": "text.output"}
_TEXT_LAYER = {
    "input_layernorm": "attention_norm",
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "feed_forward_norm",
    "post_feedforward_layernorm": "post_feed_forward_norm",
    "self_attn.q_norm": "query_norm",
    "self_attn.k_norm": "key_norm",
    "self_attn.q_proj": "query",
    "self_attn.k_proj": "key",
    "self_attn.v_proj": "value",
    "self_attn.o_proj": "attention_output",
    "mlp.gate_proj": "gate",
    "mlp.up_proj": "up",
    "mlp.down_proj": "down",
}
_VISION_TOWER = {
    "embeddings.patch_embedding.weight": "vision.patch.weight",
    "embeddings.patch_embedding.bias": "vision.patch.bias",
    "embeddings.position_embedding.weight": "vision.positions",
    "post_layernorm.weight": "vision.norm.weight",
    "post_layernorm.bias": "vision.norm.bias",
}
_VISION_TOWER_LAYER = {
    "layer_norm1": "norm1",
    "layer_norm2": "norm2",
    "self_attn.q_proj": "query",
    "self_attn.k_proj": "key",
    "self_attn.v_proj": "value",
    "self_attn.out_proj": "attention_output",
    "mlp.fc1": "up",
    "mlp.fc2": "down",
}
_PROJECTOR = {"mm_soft_emb_norm.weight": "projector.norm", "mm_input_projection_weight": "projector.weight"}


def canonical_name(stored: str) -> str | None:
    """The canonical name, or None for what the graphs do not use (position ids, a pooling head).

    >>> canonical_name("language_model.model.layers.3.mlp.up_proj.weight")
    'text.layers.3.up'
    >>> canonical_name("model.vision_tower.encoder.layers.0.self_attn.out_proj.bias")
    'vision.layers.0.attention_output.bias'
    """
    name = _PREFIX.sub("", stored)
    if name.startswith("vision_tower."):
        return _vision_name(name.removeprefix("vision_tower.").removeprefix("vision_model."))
    if name.startswith("multi_modal_projector."):
        return _PROJECTOR.get(name.removeprefix("multi_modal_projector."))
    match = _LAYER.match(name)
    if match and match[2] in _TEXT_LAYER:
        return f"text.layers.{int(match[1])}.{_TEXT_LAYER[match[2]]}"
    return _TEXT.get(name)


def _vision_name(name: str) -> str | None:
    match = _VISION_LAYER.match(name)
    if match and match[2] in _VISION_TOWER_LAYER:
        return f"vision.layers.{int(match[1])}.{_VISION_TOWER_LAYER[match[2]]}.{match[3]}"
    return _VISION_TOWER.get(name)


def stored_name(name: str, *, has_vision: bool) -> str:
    """The name in published files: that of the second generation above, or of the third for a text-only model.

    >>> stored_name("text.layers.3.up", has_vision=True), stored_name("text.norm", has_vision=False)
    ('language_model.model.layers.3.mlp.up_proj.weight', 'model.norm.weight')
    >>> stored_name("vision.layers.0.attention_output.bias", has_vision=True)
    'vision_tower.vision_model.encoder.layers.0.self_attn.out_proj.bias'
    """
    prefix = "language_model.model." if has_vision else "model."
    parts = name.split(".")
    if parts[:2] == ["text", "layers"]:
        return f"{prefix}layers.{parts[2]}.{_STORED_TEXT[parts[3]]}.weight"
    if parts[:2] == ["vision", "layers"]:
        return f"{_TOWER}encoder.layers.{parts[2]}.{_STORED_TOWER[parts[3]]}.{parts[4]}"
    if name in _STORED_VISION:
        return _TOWER + _STORED_VISION[name]
    if name.startswith("projector."):
        return "multi_modal_projector." + _STORED_PROJECTOR[name]
    if name == "text.output":
        return prefix.removesuffix("model.") + "lm_head.weight"
    return prefix + _STORED_TABLES[name]


_TOWER = "vision_tower.vision_model."
_STORED_TEXT = {canonical: stored for stored, canonical in _TEXT_LAYER.items()}
_STORED_TOWER = {canonical: stored for stored, canonical in _VISION_TOWER_LAYER.items()}
_STORED_VISION = {canonical: stored for stored, canonical in _VISION_TOWER.items()}
_STORED_PROJECTOR = {canonical: stored for stored, canonical in _PROJECTOR.items()}
_STORED_TABLES = {canonical: stored for stored, canonical in _TEXT.items()}
