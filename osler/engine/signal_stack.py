"""The stack on which a thread handles signals.

OpenVINO 2026.4 gives the thread that compiles a graph an alternate signal stack of exactly the size that the kernel
asks for at least (11,568 bytes on a Zen 5), and leaves it there. Python handles signals on such a stack, which the
processor's registers alone fill: the next Ctrl-C ended the process with a segmentation fault.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["kept_signal_stack"]

DISABLED = 2  # SS_DISABLE of signal.h


class _Stack(ctypes.Structure):
    """Linux's stack_t."""

    _fields_ = (("start", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


@contextmanager
def kept_signal_stack() -> Iterator[None]:
    """Give this thread its alternate signal stack, or none, back at the end. On Linux; elsewhere nothing is done."""
    if sys.platform != "linux":
        yield
        return
    system, before = ctypes.CDLL(None), _Stack()
    known = system.sigaltstack(None, ctypes.byref(before)) == 0
    try:
        yield
    finally:
        if known:
            before.flags &= DISABLED  # that it is in use cannot be set
            system.sigaltstack(ctypes.byref(before), None)
