"""Running a compiled graph so that Ctrl-C does not have to wait for its end."""

from collections.abc import Callable, Mapping
from contextlib import suppress

import numpy as np
import openvino as ov

__all__ = ["infer"]

LISTEN_EVERY_MS = 100
"""Python handles signals only between calls into OpenVINO, and an image takes one call of several seconds."""


def infer(
    request: ov.InferRequest, inputs: Mapping[str, np.ndarray] | None = None, tick: Callable[[], None] | None = None
) -> None:
    """Run a request to its end; where an exception comes in between, end it within one operation of the graph.

    Args:
        request: of a compiled graph.
        inputs: by name; None where the request has its tensors already.
        tick: called again and again while it runs.
    """
    request.start_async(dict(inputs or {}))
    try:
        while not request.wait_for(LISTEN_EVERY_MS):
            if tick is not None:
                tick()
    except BaseException:
        request.cancel()
        with suppress(RuntimeError):  # says that it was cancelled
            request.wait()
        raise
    request.wait()  # raises what went wrong inside
