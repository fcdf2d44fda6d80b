"""Checkpoints: written beside the old one and put in its place, so that there is always a whole one."""

import os
import pickle
from pathlib import Path
from typing import Any

import torch

from osler.errors import InputError

__all__ = ["read_checkpoint", "write_checkpoint"]


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a state; whoever reads `path` finds the old one or the new one, at any moment, after a power cut, too."""
    beside = path.with_name(f"{path.name}.new")
    with beside.open("wb") as stream:
        torch.save(state, stream)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(beside, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_checkpoint(path: Path) -> dict[str, Any] | None:
    """What `write_checkpoint` wrote, on the CPU; None where there is nothing.

    Raises:
        InputError: the file is none of ours, or damaged. It is read as data: no code in it is run.
    """
    if not path.exists():
        return None
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, OSError) as error:
        raise InputError(
            f"cannot read the checkpoint `{path}` ({type(error).__name__})",
            hint="remove it to begin again, or train into another folder",
        ) from error
