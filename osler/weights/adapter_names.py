"""Names in peft's adapter files to the canonical ones.

peft puts `base_model.model.` before a module's own name and `lora_A.weight`, `lora_B.weight` behind it. What stands
between is one of transformers' three generations of prefixes (`osler.weights.safetensors_names`)::

    base_model.model.model.language_model.layers.0.self_attn.q_proj.lora_A.weight    Gemma3ForConditionalGeneration
    base_model.model.language_model.model.layers.0.self_attn.q_proj.lora_A.weight    the same before transformers 4.52
    base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight                   Gemma3ForCausalLM
    base_model.model.model.multi_modal_projector.mm_soft_emb_norm.weight             a module that is saved whole
    base_model.model.model.multi_modal_projector.lora_A.weight                       a parameter (target_parameters)

Source: peft 0.21.2, utils/save_and_load.py; names seen with transformers 5.23.
"""

import re
from dataclasses import dataclass
from enum import Enum

from osler.weights.safetensors_names import canonical_name

__all__ = ["Part", "Role", "part_of"]

_PREFIX = "base_model.model."
_FACTOR = re.compile(r"^(.+)\.lora_([AB])\.weight$")
_PROJECTOR = "multi_modal_projector"
_PROJECTION = "mm_input_projection_weight"


class Role(Enum):
    """What a tensor of an adapter is."""

    A = "lora_A"
    B = "lora_B"
    WHOLE = "a whole weight"
    COPY = "a copy of the base model's"


@dataclass(frozen=True, slots=True)
class Part:
    """One tensor of an adapter.

    Attributes:
        name: the canonical weight's it changes, such as "text.layers.0.query".
        role: what it is of that weight.
        module: the name that peft's patterns are matched with: the module's, in the model that was tuned.
        is_swapped: whether the factors are of the transposed weight (the projector is stored [D_vision, D_text]).
    """

    name: str
    role: Role
    module: str
    is_swapped: bool = False


def part_of(stored: str) -> Part | None:
    """What a stored name stands for, or None for what is not known.

    >>> part_of("base_model.model.model.layers.3.mlp.up_proj.lora_B.weight").name
    'text.layers.3.up'
    >>> part_of("base_model.model.model.language_model.embed_tokens.lora_embedding_A") is None
    True
    """
    if not stored.startswith(_PREFIX):
        return None
    inner = stored.removeprefix(_PREFIX)
    factor = _FACTOR.match(inner)
    if factor is None:
        return _whole(inner)
    module, role = factor[1], Role[factor[2]]
    if module.rsplit(".", 1)[-1] == _PROJECTOR:
        name = canonical_name(f"{module}.{_PROJECTION}")
        return None if name is None else Part(name, role, module, is_swapped=True)
    name = canonical_name(module + ".weight")
    return None if name is None else Part(name, role, module)


def _whole(inner: str) -> Part | None:
    if inner.endswith("lm_head.base_layer.weight"):  # written beside a tuned head, unchanged
        return Part("text.output", Role.COPY, inner)
    name = canonical_name(inner)
    return None if name is None else Part(name, Role.WHOLE, inner)
