"""How much memory a training will take, before it begins."""

from dataclasses import dataclass
from typing import Any

from osler.adapt.medsiglip.network import Network
from osler.adapt.training.memory import SHARE, TOWER_BYTES
from osler.engine.memory import available_bytes
from osler.errors import InputError

__all__ = ["Memory", "choose_memory", "estimate"]

F32 = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes of a training, on the device that computes it.

    Attributes:
        weights: of the whole network, float32.
        trained: gradients, and AdamW's two averages, of what is trained.
        passes: what is kept inside the towers from the forward to the backward pass of one part.
    """

    weights: int
    trained: int
    passes: int

    @property
    def total(self) -> int:
        """All of it: at worst everything is there at the same time."""
        return self.weights + self.trained + self.passes

    @property
    def text(self) -> str:
        """For people.

        >>> Memory(weights=3_500_000_000, trained=10_500_000_000, passes=20_000_000_000).text
        '34.0 GB: weights 3.5, gradients and averages 10.5, inside the towers 20.0'
        """
        parts = {"weights": self.weights, "gradients and averages": self.trained, "inside the towers": self.passes}
        return f"{self.total / 1e9:.1f} GB: " + ", ".join(f"{name} {size / 1e9:.1f}" for name, size in parts.items())


def estimate(network: Network, *, batch: int, with_words: bool, saves_memory: bool) -> Memory:
    """Estimate a training.

    Args:
        network: with what is trained of it chosen.
        batch: pictures, and texts, of a part.
        with_words: whether texts are read.
        saves_memory: whether layers are computed twice (gradient checkpointing).
    """
    vision, words = network.model.config.vision_config, network.model.config.text_config
    patches = (vision.image_size // vision.patch_size) ** 2
    passes = _kept(network, "vision_model.", vision, patches * batch, saves_memory)
    if with_words:
        passes += _kept(network, "text_model.", words, words.max_position_embeddings * batch, saves_memory)
    return Memory(
        weights=F32 * sum(weight.numel() for weight in network.model.parameters()),
        trained=3 * F32 * sum(weight.numel() for weight in network.trained.values()),
        passes=passes,
    )


def choose_memory(
    network: Network, *, batch: int, with_words: bool, wanted: bool | None, free_bytes: int | None = None
) -> tuple[Memory, bool]:
    """The estimate, and whether layers are computed twice: as wanted, else only where it would not fit otherwise.

    Args:
        free_bytes: what may be taken; None for what the device tells.

    Raises:
        InputError: it does not fit either way.
    """
    free = free_bytes if free_bytes is not None else _free_bytes(network.device)
    ways = (False, True) if wanted is None else (wanted,)
    for saves in ways:
        memory = estimate(network, batch=batch, with_words=with_words, saves_memory=saves)
        if free is None or memory.total <= SHARE * free:
            return memory, saves
    raise InputError(
        f"cannot tune: it would take {memory.text}; {(free or 0) / 1e9:.1f} GB are free, of which "
        f"{SHARE * (free or 0) / 1e9:.1f} may be planned for",
        hint="lower --batch, train fewer --layers or with --lora, or use a machine with more",
    )


def _free_bytes(device: str) -> int | None:
    if device == "cpu":
        return available_bytes()
    import torch

    return torch.cuda.mem_get_info(device)[0]


def _kept(network: Network, tower: str, config: Any, tokens: int, saves_memory: bool) -> int:
    """Bytes a tower keeps: of its layers from the first one with something to train."""
    kept = _layers_behind_first(network, tower, config.num_hidden_layers)
    by_width, by_feed_forward = TOWER_BYTES[network.precision.name, False]  # low-rank terms have no dropout here
    inside = by_width * config.hidden_size + by_feed_forward * config.intermediate_size
    if saves_memory:
        return tokens * (kept * F32 * config.hidden_size + min(kept, 1) * inside)
    return tokens * kept * inside


def _layers_behind_first(network: Network, tower: str, layers: int) -> int:
    """How many layers keep something: from the first one on that is trained, or behind something that is."""
    names = [name for name in network.trained if name.startswith(tower)]
    if any(name.startswith(f"{tower}embeddings.") for name in names):
        return layers
    numbers = [int(name.split(".")[3]) for name in names if ".encoder.layers." in name]
    return layers - min(numbers) if numbers else 0
