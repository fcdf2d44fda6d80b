"""Checkpoints: written beside the old one and put in its place, so that there is always a whole one."""

import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from osler.errors import InputError

__all__ = ["read_checkpoint", "write_checkpoint", "written_beside"]


@contextmanager
def written_beside(path: Path, *, ending: str = ".new") -> Iterator[Path]:
    """A name with another ending to write to, which is put into the place of `path` when it is done.

    Raises:
        InputError: it cannot be written, as on a full disk; what `path` was is still there.
    """
    beside = path.with_name(f"{path.name}{ending}")
    try:
        yield beside
        os.replace(beside, path)
    except (OSError, RuntimeError) as error:  # torch's writer raises the latter, too
        beside.unlink(missing_ok=True)
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise InputError(
            f"cannot write `{path}`: {reason}",
            hint="make room on the disk; the same command then goes on from the last checkpoint",
        ) from error


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a state; whoever reads `path` finds the old one or the new one, at any moment, after a power cut, too.

    Raises:
        InputError: it cannot be written; the old one is still there.
    """
    with written_beside(path) as beside, beside.open("wb") as stream:
        torch.save(state, stream)
        stream.flush()
        os.fsync(stream.fileno())
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
