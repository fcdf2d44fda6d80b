"""transformers' Gemma 3 as a network to tune: where its parts are, and what a pass through it gives."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from osler.adapt.export.huggingface_config import TokenIds, config_json
from osler.adapt.export.huggingface_weights import stored_matrix, stored_vector
from osler.adapt.training.batch import Batch
from osler.errors import WeightsError
from osler.model.config import ModelConfig
from osler.prompt.special import BOS, END_OF_IMAGE, END_OF_TURN, EOS, IMAGE_SOFT_TOKEN, PAD, START_OF_IMAGE
from osler.weights.checkpoint import Checkpoint
from osler.weights.safetensors_names import canonical_name

__all__ = ["Network", "open_network"]

ATTENTION = "sdpa"
NAMED = (BOS, EOS, PAD, END_OF_TURN, START_OF_IMAGE, END_OF_IMAGE, IMAGE_SOFT_TOKEN)


class Network:
    """A Gemma 3 of transformers, maybe wrapped by peft.

    Attributes:
        model: `Gemma3ForConditionalGeneration`, `Gemma3ForCausalLM`, or a `PeftModel` of one.
        image_token: the id that stands where image vectors go, None for a model of text only.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        config: Any = self.base.config
        self.image_token: int | None = config.image_token_id if self.has_vision else None

    @property
    def base(self) -> Any:
        """transformers' model, without peft's wrapper (its layers stay replaced)."""
        model: Any = self.model
        return model.get_base_model() if hasattr(model, "get_base_model") else model

    @property
    def has_vision(self) -> bool:
        """Whether it reads images."""
        return hasattr(self.base.model, "vision_tower")

    @property
    def decoder(self) -> nn.Module:
        """The text model."""
        return self.base.model.language_model if self.has_vision else self.base.model

    @property
    def tower(self) -> nn.Module:
        """The vision tower."""
        return self.base.model.vision_tower

    @property
    def tunes_tower(self) -> bool:
        """Whether any of the vision tower's weights is tuned."""
        return self.has_vision and any(weight.requires_grad for weight in self.tower.parameters())

    @property
    def device(self) -> torch.device:
        return self.base.lm_head.weight.device

    def trained(self) -> dict[str, nn.Parameter]:
        """What is tuned, by name, in a fixed order."""
        return {name: weight for name, weight in self.model.named_parameters() if weight.requires_grad}

    def recompute(self) -> None:
        """Compute layers again on the way back, instead of keeping what is inside them."""
        enable = getattr(self.base, "activation_checkpointing_enable", None) or self.base.gradient_checkpointing_enable
        enable({"use_reentrant": False})

    def pooled(self, squares: Sequence[np.ndarray]) -> Tensor:
        """The tower's output for squares [S, S, 3] uint8, averaged as the projector does first: [I, M, D_vision]."""
        pixels = torch.from_numpy(np.stack(squares)).to(self.device).permute(0, 3, 1, 2)
        dtype = next(self.tower.parameters()).dtype
        states = self.tower(pixel_values=(pixels.float() / 127.5 - 1).to(dtype)).last_hidden_state  # [I, P, D]
        projector = self._projector()
        side = projector.patches_per_image
        grid = states.transpose(1, 2).reshape(len(states), -1, side, side).contiguous()
        return projector.avg_pool(grid).flatten(2).transpose(1, 2)

    def vectors(self, pooled: Tensor) -> Tensor:
        """What the projector makes of `pooled`: [I, M, D_text]."""
        projector = self._projector()
        normed = projector.mm_soft_emb_norm(pooled)
        return torch.matmul(normed, projector.mm_input_projection_weight.to(normed.dtype))

    def states(self, batch: Batch, vectors: Tensor | None) -> Tensor:
        """The last hidden states [B, T, D].

        An image's tokens see each other in both directions; all else sees what stands before it.

        Args:
            vectors: [I, M, D] of the batch's images in their order, None where there are none.
        """
        options: dict[str, Any] = {}
        ids = batch.ids
        if self.image_token is not None:
            options["token_type_ids"] = batch.images.long()
            ids = ids.masked_fill(batch.images, self.image_token)
        if vectors is not None:
            from transformers.modeling_outputs import BaseModelOutputWithPooling

            options["mm_encoder_outputs"] = {"image": BaseModelOutputWithPooling(pooler_output=vectors)}
        output = self.base.model(input_ids=ids, attention_mask=batch.mask, use_cache=False, **options)
        return output.last_hidden_state

    def logits(self, states: Tensor) -> Tensor:
        """[N, V] float32 for states [N, D]."""
        return self.base.lm_head(states).float()

    def _projector(self) -> Any:
        module = self.base.model.multi_modal_projector
        tuned = getattr(module, "modules_to_save", None)
        return module if tuned is None else tuned["default"]


def open_network(checkpoint: Checkpoint, *, dtype: torch.dtype, device: str = "cpu", four_bit: bool = False) -> Network:
    """The network of a checkpoint, with every weight frozen.

    Args:
        checkpoint: a folder of safetensors, read by transformers; or GGUF, whose numbers are decoded first.
        dtype: of the weights.
        four_bit: keep the decoder's matrices in 4 bits (bitsandbytes, CUDA).

    Raises:
        WeightsError: the checkpoint cannot be tuned in that way.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    folder = checkpoint.path if checkpoint.path.is_dir() else checkpoint.path.parent
    if _is_published(checkpoint.path):
        model = _from_folder(folder, checkpoint.config, dtype, device, four_bit)
    elif four_bit:
        raise WeightsError(
            f"cannot tune `{checkpoint.path.name}` with --method qlora: GGUF weights are not what bitsandbytes packs",
            hint="give the published safetensors folder, or use --method lora",
        )
    else:
        model = _from_checkpoint(checkpoint, dtype)
    model.requires_grad_(False)
    return Network(model if four_bit else model.to(device))


def _is_published(path: Path) -> bool:
    return path.is_dir() and (path / "config.json").is_file() and any(path.glob("*.safetensors"))


def _from_folder(folder: Path, config: ModelConfig, dtype: torch.dtype, device: str, four_bit: bool) -> nn.Module:
    from transformers import BitsAndBytesConfig, Gemma3ForCausalLM, Gemma3ForConditionalGeneration

    kind: Any = Gemma3ForCausalLM if config.vision is None else Gemma3ForConditionalGeneration
    options: dict[str, Any] = {}
    if four_bit:
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
            bnb_4bit_quant_storage=torch.bfloat16,
            llm_int8_skip_modules=["lm_head", "vision_tower", "multi_modal_projector"],
        )
        options["device_map"] = {"": device}
    return kind.from_pretrained(folder, dtype=dtype, attn_implementation=ATTENTION, local_files_only=True, **options)


def _from_checkpoint(checkpoint: Checkpoint, dtype: torch.dtype) -> nn.Module:
    """Build the network without weights, then put in the checkpoint's, one after the other."""
    from transformers import Gemma3Config, Gemma3ForCausalLM, Gemma3ForConditionalGeneration, Gemma3TextConfig

    config = checkpoint.config
    fields = config_json(config, _token_ids(checkpoint), config.text.vocabulary_size, str(dtype).removeprefix("torch."))
    shape: Any = Gemma3TextConfig(**fields) if config.vision is None else Gemma3Config(**fields)
    kind: Any = Gemma3ForCausalLM if config.vision is None else Gemma3ForConditionalGeneration
    with torch.device("meta"):
        model = kind._from_config(shape, attn_implementation=ATTENTION)
    state = {name: _stored(checkpoint, name, like.shape, dtype) for name, like in model.state_dict().items()}
    fresh = kind._from_config(shape, attn_implementation=ATTENTION, dtype=dtype)  # buffers need real numbers
    fresh.load_state_dict(state, assign=True)
    fresh.tie_weights()
    return fresh


def _stored(checkpoint: Checkpoint, name: str, shape: torch.Size, dtype: torch.dtype) -> Tensor:
    """A weight as transformers keeps it."""
    canonical = canonical_name(name)
    if canonical == "text.output" and canonical not in checkpoint.names():
        canonical = "text.embedding"
    if canonical is None:
        raise WeightsError(f"cannot tune `{checkpoint.path.name}`: transformers wants `{name}`, which it has not")
    if len(checkpoint.shape(canonical)) == 2:
        values = stored_matrix(checkpoint, canonical).dequantised()
    else:
        values = stored_vector(checkpoint, canonical)
    return torch.from_numpy(np.ascontiguousarray(values, np.float32)).reshape(shape).to(dtype)


def _token_ids(checkpoint: Checkpoint) -> TokenIds:
    """The special tokens that there are; GGUF files leave out the one that stands where image vectors go."""
    tokenizer = checkpoint.tokenizer()
    found = {token: tokenizer.id_of(token) for token in NAMED}
    ids = {token: place for token, place in found.items() if place is not None}
    return {IMAGE_SOFT_TOKEN: checkpoint.config.text.vocabulary_size, **ids}
