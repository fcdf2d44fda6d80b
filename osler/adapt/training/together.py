"""Being one of several processes that `accelerate launch` started, and starting them."""

import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from importlib.util import find_spec

import torch

from osler.engine.compilation import usable_cores
from osler.errors import MissingExtraError

__all__ = ["is_launched", "join", "launch", "wanted_processes"]

LONGEST_WAIT = timedelta(days=2)
"""How long a process waits for the others: one may be evaluating meanwhile."""


def is_launched() -> bool:
    """Whether this process is one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def join(device: str) -> str:
    """Meet the other processes, if there are any; give this one's device."""
    if not is_launched():
        return device
    from accelerate import PartialState

    state = PartialState(cpu=device == "cpu", timeout=LONGEST_WAIT)
    return str(state.device)


def wanted_processes(asked: int | None, device: str | None) -> int:
    """How many processes to train with: what was asked for, else one a GPU."""
    if asked is not None:
        return asked
    if device is not None or not torch.cuda.is_available():
        return 1
    return torch.cuda.device_count()


def launch(arguments: Sequence[str], processes: int) -> None:
    """Become the launcher that `accelerate launch` uses, of this very command, once for each process.

    Does not return.

    Raises:
        MissingExtraError: accelerate is not installed.
    """
    if find_spec("accelerate") is None:
        raise MissingExtraError(
            "cannot train in several processes: accelerate is missing", hint="pip install 'osler[adapt]'"
        )
    threads = max(1, usable_cores() // processes)
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    words = [sys.executable, "-m", "osler.adapt.training.launcher", "--standalone", "--nproc_per_node", str(processes)]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [*words, "-m", "osler", *arguments])
