"""Examples side by side, padded on the right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from osler.prompt import ImageSpan

__all__ = ["Batch", "Learnable", "Square", "collate"]

Square = np.ndarray | str
"""An image [S, S, 3] uint8 as the vision tower sees it, or the name under which the tower's answer to it is kept."""


class Learnable(Protocol):
    """What is asked of an example (`osler.adapt.data.example.Example`)."""

    @property
    def ids(self) -> np.ndarray:
        """[T] token ids, the image's placeholder where image vectors stand."""

    @property
    def learned(self) -> np.ndarray:
        """[T] bool: whether a token is to be predicted from what stands before it."""

    @property
    def squares(self) -> Sequence[Square]:
        """The images, in order."""

    @property
    def images(self) -> Sequence[ImageSpan]:
        """Where the vectors of each image stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Several examples.

    Attributes:
        ids: [B, T] int64, 0 in the padding.
        mask: [B, T] int64, 1 for what is no padding.
        before: [B, T] bool: whether the *next* token is learned, so that a state here predicts it.
        targets: [N] int64, the learned tokens in the order of `before`.
        images: [B, T] bool, where image vectors stand.
        squares: the images of all examples, in order.
    """

    ids: Tensor
    mask: Tensor
    before: Tensor
    targets: Tensor
    images: Tensor
    squares: tuple[Square, ...]


def collate(examples: Sequence[Learnable], device: torch.device | str = "cpu") -> Batch:
    """Put examples side by side.

    A first token cannot be predicted, so it is never a target.
    """
    longest = max(len(example.ids) for example in examples)
    ids = np.zeros((len(examples), longest), np.int64)
    mask, learned, images = np.zeros_like(ids), np.zeros(ids.shape, bool), np.zeros(ids.shape, bool)
    for row, example in enumerate(examples):
        size = len(example.ids)
        ids[row, :size], mask[row, :size], learned[row, :size] = example.ids, 1, example.learned
        for span in example.images:
            images[row, span.offset : span.offset + span.length] = True
    learned[:, 0] = False
    before = np.zeros_like(learned)
    before[:, :-1] = learned[:, 1:]
    return Batch(
        ids=torch.from_numpy(ids).to(device),
        mask=torch.from_numpy(mask).to(device),
        before=torch.from_numpy(before).to(device),
        targets=torch.from_numpy(ids[learned]).to(device),
        images=torch.from_numpy(images).to(device),
        squares=tuple(square for example in examples for square in example.squares),
    )
