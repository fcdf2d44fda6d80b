"""Boxes of an answer, in the pixels of the image that was asked about, and drawn on it."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from osler.errors import InputError
from osler.imaging.caption import caption
from osler.imaging.draw import draw_boxes
from osler.tasks.boxes import place_boxes, read_boxes
from osler.values import Image, Reply

__all__ = ["free_path", "overlay", "save_png", "with_boxes"]

LEAST_SIDE_PX = 640
"""Smaller pictures are enlarged before they are drawn on, so that labels can be read."""


def with_boxes(reply: Reply, image: Image, *, pad: bool = True) -> Reply:
    """The reply with the boxes of its text, placed in the image; as it was where the text holds no readable list."""
    height, width = image.pixels.shape[:2]
    found = read_boxes(reply.text)
    return reply if found is None else replace(reply, boxes=place_boxes(found, width, height, padded=pad))


def overlay(image: Image, reply: Reply) -> np.ndarray:
    """The image with the reply's boxes and, in a strip below, its notice: [Y', X', 3] uint8."""
    times = -(-LEAST_SIDE_PX // max(image.pixels.shape[:2]))
    pixels = image.pixels.repeat(times, axis=0).repeat(times, axis=1)
    boxes = [
        replace(box, x0=box.x0 * times, y0=box.y0 * times, x1=box.x1 * times, y1=box.y1 * times) for box in reply.boxes
    ]
    return caption(draw_boxes(pixels, boxes), reply.notice)


def save_png(pixels: np.ndarray, path: Path) -> None:
    """Write [Y, X, 3] uint8 as a PNG; nothing that exists is written over and nothing is left half-written.

    Raises:
        InputError: the file is there already, or cannot be written.
    """
    from PIL import Image as Pillow

    partial = path.with_name(path.name + ".part")
    try:
        if path.exists():
            raise InputError(f"cannot write `{path}`: it is there already", hint="choose another name")
        Pillow.fromarray(pixels).save(partial, "PNG")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise InputError(f"cannot write `{path}`: {error.strerror or type(error).__name__}") from error


def free_path(path: Path) -> Path:
    """The path itself, or with the first number from 2 on under which there is nothing yet."""
    number, candidate = 1, path
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return candidate
