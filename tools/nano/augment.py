"""From a picture to the 256x256 pixels that the network sees, with and without chance.

The plain path is Osler's own: pad with black to a centred square, resize with Pillow's
bilinear filter, scale to [-1, 1]. Boxes follow every step, as (y0, x0, y1, x1) in pixels
of the image they belong to, and end as whole numbers 0..1000 of the padded square.
"""

import random
from collections.abc import Sequence

import numpy as np
from PIL import Image

from nano.data import Cell

SIDE_PX = 256
BILINEAR = Image.Resampling.BILINEAR


def pad_to_square(image: Image.Image) -> tuple[Image.Image, int, int]:
    """Return the picture centred on a black square, and the left and top pad in pixels."""
    side = max(image.size)
    left, top = (side - image.width) // 2, (side - image.height) // 2
    square = Image.new(image.mode, (side, side))
    square.paste(image, (left, top))
    return square, left, top


def prepare(image: Image.Image) -> np.ndarray:
    """Return [3, 256, 256] f32 in [-1, 1] of a picture, as Osler prepares it."""
    square, _, _ = pad_to_square(image.convert("RGB"))
    return to_array(square.resize((SIDE_PX, SIDE_PX), BILINEAR))


def to_array(image: Image.Image) -> np.ndarray:
    """Return [3, 256, 256] f32: divided by 255, then less the mean 0.5 and over the deviation 0.5."""
    pixels = np.asarray(image.convert("RGB"), dtype=np.float32) / 255.0
    return ((pixels - 0.5) / 0.5).transpose(2, 0, 1)


def scale_cells(cells: Sequence[Cell], image: Image.Image) -> list[Cell]:
    """Move cells from pixels of `image` to 0..1000 of its padded square."""
    _, left, top = pad_to_square(image)
    return _move(cells, scale=1000 / max(image.size), top=top, left=left)


def _move(cells: Sequence[Cell], *, scale: float, top: float, left: float) -> list[Cell]:
    """Shift by (top, left), then scale."""
    shift = np.array([top, left, top, left])
    return [Cell(label=c.label, box=tuple((np.array(c.box) + shift) * scale)) for c in cells]


def vary_film(image: Image.Image, rng: random.Random) -> np.ndarray:
    """Rotate by up to 8 degrees, scale, shift, bend the grey curve and erase a patch; never flip."""
    square, _, _ = pad_to_square(image)
    square = square.rotate(rng.uniform(-8, 8), BILINEAR)
    square = _vary_frame(square, rng, smallest=0.82, largest=1.06)
    gamma, gain = rng.uniform(0.7, 1.4), rng.uniform(0.85, 1.15)
    curve = [min(255, round(255 * gain * (v / 255) ** gamma)) for v in range(256)]
    pixels = to_array(square.point(curve))
    return _erase(pixels, rng) if rng.random() < 0.5 else pixels


def _vary_frame(square: Image.Image, rng: random.Random, *, smallest: float, largest: float) -> Image.Image:
    """Cut a random square out of a picture (with black around it) and resize it to 256."""
    side = square.width
    wide = Image.new(square.mode, (side * 2, side * 2))
    wide.paste(square, (side // 2, side // 2))
    cut = side * rng.uniform(smallest, largest)
    slack = abs(side - cut) / 2 + side * 0.03
    x0, y0 = (side - cut / 2 + rng.uniform(-slack, slack) for _ in range(2))
    return wide.resize((SIDE_PX, SIDE_PX), BILINEAR, box=(x0, y0, x0 + cut, y0 + cut))


def _erase(pixels: np.ndarray, rng: random.Random) -> np.ndarray:
    """Fill one rectangle of up to a third of each side with one grey."""
    height, width = (rng.randrange(16, 84) for _ in range(2))
    y0, x0 = rng.randrange(SIDE_PX - height), rng.randrange(SIDE_PX - width)
    pixels[:, y0 : y0 + height, x0 : x0 + width] = rng.uniform(-1, 1)
    return pixels


def vary_smear(image: Image.Image, cells: Sequence[Cell], rng: random.Random) -> tuple[np.ndarray, list[Cell]]:
    """Turn by quarters, flip, crop and recolour a smear; return pixels and cells in 0..1000."""
    image, cells = _turn(image, cells, rng.randrange(4))
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        cells = [Cell(label=c.label, box=_mirror(c.box, image.width)) for c in cells]
    if rng.random() < 0.75:
        image, cells = _crop(image, cells, rng)
    square, _, _ = pad_to_square(image)
    pixels = to_array(square.resize((SIDE_PX, SIDE_PX), BILINEAR))
    return _recolour(pixels, rng), scale_cells(cells, image)


def _mirror(box: tuple[float, ...], width: int) -> tuple[float, float, float, float]:
    y0, x0, y1, x1 = box
    return y0, width - x1, y1, width - x0


def _turn(image: Image.Image, cells: Sequence[Cell], quarters: int) -> tuple[Image.Image, list[Cell]]:
    """Turn a picture and its boxes counter-clockwise: (y, x) -> (width - x, y), a quarter at a time."""
    cells = list(cells)
    for _ in range(quarters):
        width = image.width
        image = image.transpose(Image.Transpose.ROTATE_90)
        cells = [Cell(label=c.label, box=(width - c.box[3], c.box[0], width - c.box[1], c.box[2])) for c in cells]
    return image, cells


def _crop(image: Image.Image, cells: Sequence[Cell], rng: random.Random) -> tuple[Image.Image, list[Cell]]:
    """Cut a window of 65-100 % of each side that cuts no white blood cell in two; keep cells half in it."""
    for _ in range(8):
        width, height = (round(side * rng.uniform(0.65, 1.0)) for side in image.size)
        left, top = rng.randint(0, image.width - width), rng.randint(0, image.height - height)
        shares = [_share_inside(c.box, left, top, width, height) for c in cells]
        white = [share for share, cell in zip(shares, cells, strict=True) if cell.label == "WBC"]
        if all(share > 0.97 for share in white) or (white and max(white) < 0.02 and rng.random() < 0.3):
            kept = [c for c, share in zip(cells, shares, strict=True) if share >= 0.5]
            moved = _move(kept, scale=1.0, top=-top, left=-left)
            clipped = [Cell(label=c.label, box=_clip(c.box, width, height)) for c in moved]
            return image.crop((left, top, left + width, top + height)), clipped
    return image, list(cells)


def _share_inside(box: tuple[float, ...], left: int, top: int, width: int, height: int) -> float:
    y0, x0, y1, x1 = box
    inner = max(0.0, min(y1, top + height) - max(y0, top)) * max(0.0, min(x1, left + width) - max(x0, left))
    return inner / max((y1 - y0) * (x1 - x0), 1e-6)


def _clip(box: tuple[float, ...], width: int, height: int) -> tuple[float, float, float, float]:
    y0, x0, y1, x1 = box
    return max(y0, 0), max(x0, 0), min(y1, height), min(x1, width)


def _recolour(pixels: np.ndarray, rng: random.Random) -> np.ndarray:
    """Scale and shift each channel a little, all of them together a little more; keep the padding black."""
    gains = np.array([rng.uniform(0.92, 1.08) for _ in range(3)], dtype=np.float32) * rng.uniform(0.85, 1.12)
    return ((pixels + 1) * gains[:, None, None] - 1).clip(-1, 1)


def vary_other(image: Image.Image, rng: random.Random) -> np.ndarray:
    """Crop, turn, flip and recolour any other picture."""
    share = rng.uniform(0.5, 1.0)
    width, height = (max(8, round(side * share)) for side in image.size)
    left, top = rng.randint(0, image.width - width), rng.randint(0, image.height - height)
    image = image.crop((left, top, left + width, top + height)).rotate(rng.choice((0, 0, 90, 180, 270)), expand=True)
    if rng.random() < 0.2:
        image = image.convert("L")
    pixels = prepare(image)[:, :, :: rng.choice((1, -1))]
    return _recolour(-pixels if rng.random() < 0.1 else pixels, rng)
