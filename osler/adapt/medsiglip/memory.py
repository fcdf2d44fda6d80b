"""How much memory a training will take, before it begins."""

from dataclasses import dataclass

from osler.adapt.medsiglip.network import Network

__all__ = ["Memory", "estimate"]

F32 = 4
TIMES_WIDTH, TIMES_FEED_FORWARD = 13, 3
"""Numbers a layer keeps for each token until its gradient is computed, in widths and feed-forward widths.

Counted in a pass of transformers' layer with torch's saved tensors (tests/adapt/medsiglip/test_memory.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes of a training, on the device that computes it.

    Attributes:
        weights: of the whole network, float32.
        trained: gradients, and AdamW's two averages, of what is trained.
        passes: what is kept inside the network from the forward to the backward pass of one part.
    """

    weights: int
    trained: int
    passes: int

    @property
    def total(self) -> int:
        return self.weights + self.trained + self.passes


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


def _kept(network: Network, tower: str, config, tokens: int, saves_memory: bool) -> int:
    """Bytes a tower keeps: of its layers from the first one with something to train."""
    layers = config.num_hidden_layers
    kept = _layers_behind_first(network, tower, layers)
    inside = TIMES_WIDTH * config.hidden_size + TIMES_FEED_FORWARD * config.intermediate_size
    if saves_memory:
        return F32 * tokens * (kept * config.hidden_size + min(kept, 1) * inside)
    return F32 * tokens * kept * inside


def _layers_behind_first(network: Network, tower: str, layers: int) -> int:
    """How many layers keep something: from the first one on that is trained, or behind something that is."""
    names = [name for name in network.trained if name.startswith(tower)]
    if any(name.startswith(f"{tower}embeddings.") for name in names):
        return layers
    numbers = [int(name.split(".")[3]) for name in names if ".encoder.layers." in name]
    return layers - min(numbers) if numbers else 0
