"""Which weights are tuned, and in what form."""

import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal

import torch

from osler.adapt.training.network import Network
from osler.errors import MissingExtraError, OptionError
from osler.weights.checkpoint import Checkpoint

__all__ = ["METHODS", "Method", "default_rate", "refuse_method", "tune_by"]

Name = Literal["lora", "qlora", "full"]
METHODS: tuple[Name, ...] = ("lora", "qlora", "full")

DECODER = r"layers\.\d+\.(self_attn\.[qkvo]_proj|mlp\.(gate|up|down)_proj)"
TOWER = r"model\.vision_tower\.(vision_model\.)?encoder\.layers\.\d+\.(self_attn\.(q|k|v|out)_proj|mlp\.fc[12])"
PROJECTOR = "multi_modal_projector"

WIDTH_OF_4B = 2560
RATE_OF_4B = {"lora": 2e-4, "qlora": 2e-4, "full": 1e-5}
"""The rate of MedGemma's own fine-tuning notebook; tuning everything needs one that is lower by more than ten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How a model is tuned.

    Attributes:
        name: "lora" (low-rank terms beside frozen matrices), "qlora" (the same beside matrices of 4 bits) or "full".
        rank: of the terms.
        alpha: the terms are multiplied by alpha / rank; None for the rank, so by 1.
        dropout: the share of a term's inputs that is left out, in training.
        vision: tune the vision tower, too. The projector always is.
    """

    name: Name = "lora"
    rank: int = 16
    alpha: float | None = None
    dropout: float = 0.05
    vision: bool = False

    @property
    def has_terms(self) -> bool:
        """Whether the result is an adapter, and not a whole model."""
        return self.name != "full"

    def words(self, *, has_vision: bool = True) -> str:
        """For people; `has_vision` says whether the model has a projector.

        >>> Method(rank=4).words(has_vision=False)
        'LoRA of rank 4 (alpha 4) on attention and feed-forward'
        """
        tower = ", vision tower" if self.vision else ""
        if self.name == "full":
            return f"all weights of the decoder{' and projector' if has_vision else ''}{tower}"
        kind = "LoRA" if self.name == "lora" else "LoRA over 4 bits"
        projector = "; the projector whole" if has_vision else ""
        parts = f"attention and feed-forward{tower}{projector}"
        return f"{kind} of rank {self.rank} (alpha {self.alpha or self.rank:g}) on {parts}"


def default_rate(method: Method, width: int) -> float:
    """The learning rate unless the user says otherwise: narrower models take, and need, a higher one.

    A step of Adam moves every weight by about the rate, whatever its gradient; a sum over `width` of them moves by
    `width` times that. So the rate goes with 1 / width.

    >>> default_rate(Method(), 2560)
    0.0002
    """
    rate = RATE_OF_4B[method.name] * WIDTH_OF_4B / width
    return float(f"{rate:.2g}")


def tune_by(method: Method, network: Network, *, seed: int) -> Network:
    """Mark what is tuned; with terms the network is wrapped by peft. Everything random follows from the seed.

    Raises:
        OptionError: the vision tower is to be tuned, and there is none.
    """
    if method.vision and not network.has_vision:
        expected = "a model that reads images; this one has no vision weights"
        raise OptionError(f"cannot tune the vision tower: expected {expected}", name="vision", expected=expected)
    torch.manual_seed(seed)
    if method.has_terms:
        return _with_terms(method, network)
    network.decoder.requires_grad_(True)
    if network.has_vision:
        network.base.model.multi_modal_projector.requires_grad_(True)
        network.tower.requires_grad_(method.vision)
    network.base.lm_head.requires_grad_(True)  # the embedding itself where they are tied
    network.model.float()
    return network


def _with_terms(method: Method, network: Network) -> Network:
    from peft import LoraConfig, get_peft_model

    decoder = "model.language_model." if network.has_vision else "model."
    targets = f"{decoder.replace('.', '[.]')}{DECODER}"
    if method.vision:
        targets = f"({targets})|({TOWER})"
    settings = LoraConfig(
        r=method.rank,
        lora_alpha=method.alpha or method.rank,  # type: ignore[arg-type]
        lora_dropout=method.dropout,
        target_modules=targets,
        modules_to_save=[PROJECTOR] if network.has_vision else None,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers in a way that goes with its version 6
        wrapped = Network(get_peft_model(network.base, settings))
    for weight in wrapped.trained().values():
        weight.data = weight.data.float()
    return wrapped


def refuse_method(method: Method, checkpoint: Checkpoint, device: str) -> None:
    """Refuse what cannot work here, before anything is loaded.

    Raises:
        MissingExtraError: bitsandbytes is not installed.
        OptionError: the method needs CUDA, or a folder of safetensors.
    """
    if method.name == "qlora":
        if not device.startswith("cuda"):
            _refuse("qlora needs a GPU with CUDA: bitsandbytes multiplies its 4 bits only there", "lora")
        if find_spec("bitsandbytes") is None:
            raise MissingExtraError(
                "cannot tune with --method qlora: bitsandbytes is not installed", hint="pip install bitsandbytes"
            )
    if method.name == "full" and not checkpoint.path.is_dir():
        _refuse("a whole tuned model is written as a folder of safetensors, which a GGUF file is not", "lora")


def _refuse(why: str, instead: str) -> Any:
    raise OptionError(f"cannot tune: {why}", name="method", expected=f"{instead}, because {why}")
