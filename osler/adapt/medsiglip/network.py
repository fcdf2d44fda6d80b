"""MedSigLIP in torch: opened from its folder, embedding as Osler's engine does, with the chosen parts to be trained."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from osler.adapt.training.precision import Precision, Wanted, choose_device, choose_precision
from osler.errors import InputError
from osler.extras import needed
from osler.imaging.normalise import normalise
from osler.weights.medsiglip_names import medsiglip_shapes

__all__ = ["Network", "Scope", "open_network"]

LAYER = re.compile(r"(vision|text)_model\.encoder\.layers\.(\d+)\.")
BEHIND = ("vision_model.post_layernorm.", "vision_model.head.", "text_model.final_layer_norm.", "text_model.head.")
LINEAR = r"(self_attn\.(q|k|v|out)_proj|mlp\.fc[12])"
SCALES = ("logit_scale", "logit_bias")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What of the network is trained.

    Attributes:
        pictures, words: which tower.
        layers: only so many layers from the end, and what comes behind them; None for all, with the embeddings.
        lora: rank of the low-rank terms that are trained in place of these layers' matrices; 0 for the matrices.
        scales: whether logit_scale and logit_bias are trained.
    """

    pictures: bool = True
    words: bool = True
    layers: int | None = None
    lora: int = 0
    scales: bool = True

    def takes(self, name: str, num_layers: int) -> bool:
        """Whether a weight is in it, LoRA apart.

        Args:
            name: in the file.
            num_layers: of the tower that it belongs to.

        >>> Scope(layers=1).takes("vision_model.encoder.layers.26.mlp.fc1.weight", 27)
        True
        >>> Scope(layers=1).takes("vision_model.encoder.layers.25.mlp.fc1.weight", 27)
        False
        """
        if name in SCALES:
            return self.scales
        if not (self.pictures if name.startswith("vision_model.") else self.words):
            return False
        layer = LAYER.match(name)
        if self.layers is None or name.startswith(BEHIND):
            return True
        return layer is not None and int(layer[2]) >= num_layers - self.layers


class Network:
    """Transformers' SiglipModel, with what is needed to train it.

    Args:
        model: as transformers loaded it, float32.
        scope: what is trained.
        precision: where and in which numbers it computes; the weights are float32.

    Attributes:
        model, scope, precision: as given.
        trained: the weights that are trained, by name.
    """

    def __init__(self, model: Any, scope: Scope, precision: Precision) -> None:
        self.model, self.scope, self.device = model.to(precision.device), scope, precision.device
        self.precision = precision
        self.image_px: int = model.config.vision_config.image_size
        self.width: int = model.config.vision_config.hidden_size
        if scope.lora:
            _add_low_rank(model, scope)
        for name, weight in model.named_parameters():
            weight.requires_grad_(self._is_trained(name))
        self.trained = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
        self.model.train()  # no dropout in it; gradient checkpointing asks for it

    def see(self, squares: np.ndarray) -> Tensor:
        """Vectors [I, D] of length 1, float32, of squares [I, S, S, 3] uint8."""
        pixels = torch.from_numpy(normalise(squares)).to(self.device)
        with self.precision.computing():
            vectors = self.model.vision_model(pixel_values=pixels).pooler_output.float()
        return vectors / vectors.norm(dim=-1, keepdim=True)

    def read(self, ids: np.ndarray) -> Tensor:
        """Vectors [B, D] of length 1, float32, of ids [B, T]; nothing is masked, as in the towers' own training."""
        tokens = torch.from_numpy(np.ascontiguousarray(ids, np.int64)).to(self.device)
        with self.precision.computing():
            vectors = self.model.text_model(input_ids=tokens).pooler_output.float()
        return vectors / vectors.norm(dim=-1, keepdim=True)

    def logits(self, pictures: Tensor, texts: Tensor) -> Tensor:
        """How well each picture fits each text, [I, B], before the sigmoid."""
        return pictures @ texts.T * self.model.logit_scale.exp() + self.model.logit_bias

    def groups(self, decay: float) -> list[dict[str, Any]]:
        """For AdamW: matrices decay, biases, norms and scales do not, as transformers' Trainer has it."""
        matrices = [weight for weight in self.trained.values() if weight.ndim > 1]
        others = [weight for weight in self.trained.values() if weight.ndim <= 1]
        return [group for group in _groups(matrices, others, decay) if group["params"]]

    def state(self) -> dict[str, Tensor]:
        """What is trained, on the CPU."""
        return {name: weight.detach().cpu().clone() for name, weight in self.trained.items()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take up what `state` gave."""
        with torch.no_grad():
            for name, weight in self.trained.items():
                weight.copy_(state[name])

    def merged(self) -> Iterator[tuple[str, Tensor]]:
        """All weights by their names in the file, low-rank terms added in."""
        terms = {
            f"{name}.weight": module.get_delta_weight("default")
            for name, module in self.model.named_modules()
            if hasattr(module, "get_delta_weight") and getattr(module, "lora_A", None)
        }
        for name, weight in self.model.state_dict().items():
            if ".lora_" not in name:
                plain = name.replace(".base_layer.", ".")
                yield plain, (weight + terms[plain] if plain in terms else weight).detach().cpu()

    def save_memory(self) -> None:
        """Compute each layer twice instead of keeping what is inside it (gradient checkpointing)."""
        model = self.model  # the first name is transformers' newer one
        enable = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
        enable({"use_reentrant": False})

    def _is_trained(self, name: str) -> bool:
        if self.scope.lora and name not in SCALES:
            return ".lora_" in name
        tower = self.model.config.vision_config if name.startswith("vision") else self.model.config.text_config
        return self.scope.takes(name, tower.num_hidden_layers)


def open_network(folder: Path, scope: Scope, *, device: str | None = None, precision: Wanted = "auto") -> Network:
    """Open a folder that Osler opens as MedSigLIP.

    Args:
        device, precision: as `osler.adapt.training.precision` takes them.

    Raises:
        WeightsError: it is no MedSigLIP.
        OptionError: there is no such device.
        MissingExtraError: transformers (or, for low-rank terms, peft) is not installed.
    """
    from osler.weights.medsiglip import MedSiglipCheckpoint

    shapes = medsiglip_shapes(MedSiglipCheckpoint(folder).config)  # says clearly what is wrong with a folder
    chosen = choose_precision(precision, choose_device(device), sum(map(prod, shapes.values())))
    needed("transformers", "tune MedSigLIP", "adapt")
    from transformers import SiglipModel
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    return Network(SiglipModel.from_pretrained(folder, dtype=torch.float32, local_files_only=True), scope, chosen)


def _groups(matrices: list[Tensor], others: list[Tensor], decay: float) -> list[dict[str, Any]]:
    return [{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def _add_low_rank(model: Any, scope: Scope) -> None:
    """Put low-rank terms beside the matrices of the scope's layers, in place.

    Raises:
        InputError: the scope has no layer.
    """
    needed("peft", "train low-rank terms", "adapt")
    from peft import LoraConfig, inject_adapter_in_model

    towers = {"vision": model.config.vision_config, "text": model.config.text_config}
    names = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear)
        and (found := LAYER.match(name)) is not None
        and re.search(LINEAR, name)
        and scope.takes(f"{name}.weight", towers[found[1]].num_hidden_layers)
    ]
    if not names:
        raise InputError("cannot train low-rank terms: no layer was chosen", hint="give --layers 1 or more")
    inject_adapter_in_model(LoraConfig(r=scope.lora, lora_alpha=scope.lora, target_modules=names), model)
