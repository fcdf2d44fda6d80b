"""A line of text below a picture, for people."""

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

__all__ = ["caption"]

USUAL_PX = 18
PART = 60
"""On wider pictures a letter is as high as so much of the width."""
SMALLEST_PX = 7
PAPER, INK = (255, 255, 255), (0, 0, 0)


def caption(pixels: np.ndarray, text: str) -> np.ndarray:
    """Put a white strip with black text below [Y, X, 3] uint8.

    The letters grow with the picture, so that they can be read where it is shown small, and shrink until the line fits.
    """
    picture = Pillow.fromarray(np.ascontiguousarray(pixels))
    letters_px = max(USUAL_PX, picture.width // PART)
    while letters_px > SMALLEST_PX and ImageFont.load_default(letters_px).getlength(text) > picture.width - letters_px:
        letters_px -= 1
    strip_px = 2 * letters_px
    sheet = Pillow.new("RGB", (picture.width, picture.height + strip_px), PAPER)
    sheet.paste(picture)
    place = (letters_px / 2, picture.height + strip_px / 2)
    ImageDraw.Draw(sheet).text(place, text, fill=INK, font=ImageFont.load_default(letters_px), anchor="lm")
    return np.array(sheet)
