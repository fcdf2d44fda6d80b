"""The loss on answers: cross entropy of the learned tokens, and of nothing else."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

__all__ = ["answer_losses", "tokens_at_once"]

LOGITS = 1 << 25
"""Logits that are held at the same time: 128 MiB in float32, or 128 tokens of Gemma's 262,144 words."""


def tokens_at_once(vocabulary_size: int) -> int:
    """Learned tokens whose logits are computed together."""
    return max(1, LOGITS // vocabulary_size)


def answer_losses(states: Tensor, targets: Tensor, logits: Callable[[Tensor], Tensor], vocabulary_size: int) -> Tensor:
    """The loss of each learned token, [N] float32: -log softmax(logits)[target].

    Logits are computed only where they are learned, some at a time, and again on the way back: with 262,144 words
    those of a long answer would need more memory than the rest of the network.

    Args:
        states: [N, D], of the positions *before* the learned tokens.
        targets: [N].
        logits: the output matrix: [N, D] to [N, V] float32.
    """
    size = tokens_at_once(vocabulary_size)
    if len(states) <= size:
        return functional.cross_entropy(logits(states), targets, reduction="none")

    def some(part: Tensor, wanted: Tensor) -> Tensor:
        return functional.cross_entropy(logits(part), wanted, reduction="none")

    parts = zip(states.split(size), targets.split(size), strict=True)
    return torch.cat([checkpoint(some, part, wanted, use_reentrant=False) for part, wanted in parts])
