"""A folder of two classes of small pictures, light and dark, that a tiny model can learn to tell apart."""

from pathlib import Path

import numpy as np

from osler.imaging.png import png_of

QUESTION = "Is it?"


def write_classes(folder: Path, *, each: int = 8, side: int = 56) -> Path:
    """`yes` is light, `no` is dark; every picture has noise of its own."""
    for name, level in (("yes", 200), ("no", 40)):
        (folder / name).mkdir(parents=True)
        for number in range(each):
            noise = np.random.default_rng([number, level]).integers(-40, 40, (side, side, 3))
            (folder / name / f"{number}.png").write_bytes(png_of(np.clip(level + noise, 0, 255).astype(np.uint8)))
    return folder
