"""A picture sent whole and again in parts, so that the model sees details that its small input would lose."""

from osler.errors import InputError
from osler.imaging.tiles import tile_regions
from osler.values import Image, Origin

__all__ = ["MAX_TILES", "num_tiles", "tiled"]

MAX_TILES = 64


def num_tiles(tiles: tuple[int, int] | None) -> int:
    """How many parts go with each whole picture; a single part is the whole, and goes once.

    Raises:
        InputError: not at least one part each way, or more than `MAX_TILES` in all.
    """
    if tiles is None:
        return 0
    columns, rows = tiles
    if columns < 1 or rows < 1 or columns * rows > MAX_TILES:
        raise InputError(
            f"cannot cut pictures into {columns} × {rows} parts: expected at least 1 × 1 and at most {MAX_TILES} parts"
        )
    return columns * rows if columns * rows > 1 else 0


def tiled(image: Image, tiles: tuple[int, int] | None) -> tuple[Image, ...]:
    """The picture, and after it its parts, rows from above, each from left to right.

    Raises:
        InputError: fewer pixels than parts.
    """
    total = num_tiles(tiles)
    if not total or tiles is None:
        return (image,)
    columns, rows = tiles
    height, width = image.pixels.shape[:2]
    if width < columns or height < rows:
        raise InputError(f"cannot cut {width} × {height} pixels into {columns} × {rows} parts")
    regions = tile_regions(width, height, columns, rows)
    return (image, *(_part(image, region, number, total) for number, region in enumerate(regions, 1)))


def _part(image: Image, region: tuple[int, int, int, int], number: int, total: int) -> Image:
    x, y, width, height = region
    pixels = image.pixels[y : y + height, x : x + width].copy()
    pixels.flags.writeable = False
    windows = image.origin.windows if image.origin else ()
    return Image(
        pixels=pixels,
        file=image.file,
        steps=(*image.steps, f"part {number} of {total}: {width} × {height} pixels from column {x}, row {y}"),
        origin=Origin(kind="tile", number=number, total=total, region_px=region, windows=windows),
    )
