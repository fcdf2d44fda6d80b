"""What a frozen vision tower says of each image, computed once: on a CPU that is most of a training's time."""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from osler.adapt.training.batch import Square
from osler.adapt.training.checkpoint import written_beside
from osler.errors import InputError
from osler.recent import Recent

__all__ = ["KeptImages"]


class KeptImages:
    """The pooled output of the tower for images, in memory up to a bound, then on the disk.

    Each image is computed alone, so that what is kept does not depend on which others it stood beside.

    Args:
        compute: [S, S, 3] uint8 squares to [I, M, D].
        folder: where files go; those of an earlier run are used again.
        key: names the weights and numbers that compute.
        most_bytes: how much is held in memory.
    """

    def __init__(
        self, compute: Callable[[Sequence[np.ndarray]], Tensor], folder: Path, *, key: str, most_bytes: int
    ) -> None:
        self._compute, self._folder, self._key = compute, folder, key
        self._held: Recent[str, Tensor] = Recent(most_bytes, lambda values: values.nbytes)
        self.num_computed = 0

    def name_of(self, square: np.ndarray) -> str:
        """Keep an image; give the name by which it can be had."""
        digest = hashlib.sha256(f"{self._key} {square.shape}".encode())
        digest.update(np.ascontiguousarray(square).data)
        name = digest.hexdigest()[:32]
        if name not in self._held and not self._path(name).exists():
            with torch.no_grad():
                values = self._compute([square])[0].detach().to("cpu").clone()
            self.num_computed += 1
            self._write(name, values)
            self._held.keep(name, values)
        return name

    def of(self, squares: Sequence[Square], device: torch.device | str = "cpu") -> Tensor:
        """[I, M, D] of images, or of names of kept ones, in order.

        Raises:
            InputError: a file was taken away or damaged meanwhile.
        """
        names = [square if isinstance(square, str) else self.name_of(square) for square in squares]
        return torch.stack([self._one(name) for name in names]).to(device)

    def _one(self, name: str) -> Tensor:
        held = self._held.get(name)
        if held is not None:
            return held
        try:
            values = torch.load(self._path(name), weights_only=True)
        except (OSError, RuntimeError, EOFError) as error:
            self._path(name).unlink(missing_ok=True)
            raise InputError(
                f"cannot read `{self._path(name)}`, which this training wrote ({type(error).__name__})",
                hint="run the same command again: it goes on from its last checkpoint",
            ) from None
        return self._held.keep(name, values)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.pt"

    def _write(self, name: str, values: Tensor) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with written_beside(self._path(name), ending=f".{os.getpid()}.new") as beside:  # others may write it, too
            torch.save(values, beside)
