"""Several processes that train together, one a GPU, started by `accelerate launch`.

Each takes its share of a step's parts; gradients are added up once a step. With adapters that is little, and
nothing else (gradient checkpointing, parts of unequal weight, weights that a part does not touch) has to know of it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, distributed

__all__ = ["add_up", "add_up_gradients", "decided_by_first", "is_first", "number_of_processes", "rank", "told_by_first"]


def _are_several() -> bool:
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1


def number_of_processes() -> int:
    """How many train together."""
    return distributed.get_world_size() if _are_several() else 1


def rank() -> int:
    """Which of them this one is, from 0."""
    return distributed.get_rank() if _are_several() else 0


def is_first() -> bool:
    """Whether this is the one that writes and talks."""
    return rank() == 0


def add_up(values: Tensor) -> Tensor:
    """The sum over all processes, in place."""
    if _are_several():
        distributed.all_reduce(values)
    return values


def add_up_gradients(weights: Sequence[Tensor]) -> None:
    """Give all processes the sum of their gradients; what none of them touched keeps None."""
    if not _are_several() or not weights:
        return
    touched = add_up(torch.tensor([weight.grad is not None for weight in weights], device=weights[0].device).float())
    for weight, number in zip(weights, touched.tolist(), strict=True):
        if number:
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
            add_up(weight.grad)


def told_by_first(value: Any) -> Any:
    """The first process's value, in all of them."""
    if not _are_several():
        return value
    held = [value]
    distributed.broadcast_object_list(held, src=0)
    return held[0]


def decided_by_first(decide: Callable[[], Any]) -> Any:
    """What the first process decides, in all of them.

    Raises:
        SystemExit: in the others, where the first one could not decide; it says why.
    """
    found: tuple[bool, Any] = (False, None)
    try:
        if is_first():
            found = (True, decide())
    finally:
        is_decided, value = told_by_first(found)
    if not is_decided:
        raise SystemExit(1)
    return value
