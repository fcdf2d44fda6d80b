"""How long a context the model and the memory hold, found out before any work starts."""

from dataclasses import dataclass

from osler.engine.blocks import blocks_for, local_blocks_for
from osler.engine.chunking import DECODED_AT_ONCE
from osler.engine.step import BLOCK
from osler.errors import ContextError
from osler.model.config import TextConfig

__all__ = ["CacheSize", "ContextPlan", "plan_context"]

SHARE_OF_FREE = 0.5
"""How much of the free memory a cache may take that nobody asked for in numbers."""

LEAST_CONTEXT = 512
"""Tokens below which a model is of no use: an image and its question take about 300."""

KEPT_PREFIXES = 2
"""Kept beginnings of prompts that have local blocks of their own beside what running sequences need: that of a study,
and the last conversation. Their global blocks are those of the context; they give way to prompts that need them."""

GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheSize:
    """What cached keys and values of one model cost.

    Attributes:
        config: the decoder.
        bytes_per_value: of the cache's number type, its scales included: 4 for f32, 2 for bf16.
        prefill_tokens: most tokens of one chunk (`Limits.prefill_tokens`, or an image's length if that is more).
    """

    config: TextConfig
    bytes_per_value: float = 2
    prefill_tokens: int = 1024

    @property
    def bytes_per_layer_token(self) -> float:
        """A key and a value of every key/value head."""
        return 2 * self.config.num_kv_heads * self.config.head_width * self.bytes_per_value

    @property
    def bytes_per_token(self) -> float:
        """What each further token costs: global layers keep them all.

        >>> every_sixth = tuple((layer + 1) % 6 == 0 for layer in range(34))
        >>> medgemma_4b = TextConfig(num_layers=34, num_kv_heads=4, head_width=256, global_layers=every_sixth)
        >>> CacheSize(config=medgemma_4b).bytes_per_token / 1024
        20.0
        """
        return sum(self.config.global_layers) * self.bytes_per_layer_token

    def local_blocks(self, context: int, sequences: int) -> int:
        """Blocks of the local layers: one sequence computes its prompt, the others decode, prefixes are kept."""
        prefilling = local_blocks_for(context, self.config.window, self.prefill_tokens)
        decoding = local_blocks_for(context, self.config.window, DECODED_AT_ONCE)
        kept = local_blocks_for(context, self.config.window, 0)
        return prefilling + (sequences - 1) * decoding + KEPT_PREFIXES * kept

    def total_bytes(self, context: int, sequences: int) -> int:
        """What the whole cache takes when every block has been touched."""
        num_local_layers = self.config.num_layers - sum(self.config.global_layers)
        local = self.local_blocks(context, sequences) * BLOCK * num_local_layers * self.bytes_per_layer_token
        return int(blocks_for(context) * sequences * BLOCK * self.bytes_per_token + local)

    def longest(self, num_bytes: int, sequences: int) -> int:
        """The longest context of whole blocks that so many bytes hold, at most the model's."""
        low, high = 0, self.config.context_length // BLOCK
        while low < high:
            middle = (low + high + 1) // 2
            if self.total_bytes(middle * BLOCK, sequences) <= num_bytes:
                low = middle
            else:
                high = middle - 1
        return low * BLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextPlan:
    """A cache that the model and the memory can hold.

    Attributes:
        context: most tokens of a sequence, prompt and answer.
        sequences: sequences of that length that run at once; more of them if they are shorter.
        global_blocks, local_blocks: blocks of the two kinds of layers.
        total_bytes: memory taken once all blocks have been used; before that, less.
    """

    context: int
    sequences: int
    global_blocks: int
    local_blocks: int
    total_bytes: int


def plan_context(size: CacheSize, *, wanted: int | None, free_bytes: int | None, sequences: int = 1) -> ContextPlan:
    """Size the cache, or say why it cannot be had.

    Args:
        size: the model's costs.
        wanted: tokens of context asked for; None for the longest that half the free memory holds.
        free_bytes: memory that is free beside the weights; None where it is not known, and then the model's limit
            alone counts.
        sequences: sequences of that length to hold at once.

    Raises:
        ContextError: the model or the memory does not hold it.
    """
    limit = size.config.context_length
    if wanted is not None and wanted < 1:
        raise ContextError(f"cannot hold a context of {wanted:,} tokens: expected at least 1", hint="raise --context")
    if wanted is not None and wanted > limit:
        raise ContextError(
            f"cannot hold a context of {wanted:,} tokens: the model's limit is {limit:,}",
            hint=f"pass --context {limit} or less",
        )
    context = _default_context(size, free_bytes, sequences) if wanted is None else wanted
    needed = size.total_bytes(context, sequences)
    if free_bytes is not None and needed > free_bytes:
        raise _too_large(size, context, free_bytes, sequences)
    return ContextPlan(
        context=context,
        sequences=sequences,
        global_blocks=blocks_for(context) * sequences,
        local_blocks=size.local_blocks(context, sequences),
        total_bytes=needed,
    )


def _default_context(size: CacheSize, free_bytes: int | None, sequences: int) -> int:
    """The longest context in a share of the free memory; the least useful one, to be refused or not, below that."""
    limit = size.config.context_length
    if free_bytes is None:
        return limit
    return max(size.longest(int(free_bytes * SHARE_OF_FREE), sequences), min(LEAST_CONTEXT, limit))


def _too_large(size: CacheSize, context: int, free_bytes: int, sequences: int) -> ContextError:
    needed = size.total_bytes(context, sequences)
    each = f" for each of {sequences} sequences" if sequences > 1 else ""
    fits = size.longest(free_bytes, sequences)
    remedy = f"pass --context {fits} or less, or free some memory" if fits else "free some memory"
    return ContextError(
        f"cannot hold a context of {context:,} tokens{each}: its keys and values need {needed / GIB:.2f} GiB, "
        f"{free_bytes / GIB:.2f} GiB are free (the model's limit is {size.config.context_length:,} tokens)",
        hint=remedy,
    )
