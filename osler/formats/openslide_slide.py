"""Slides that OpenSlide reads: Aperio, Hamamatsu, Leica, MIRAX, Philips, Sakura, Trestle, Ventana, Zeiss, tiled TIFF.

Source: openslide-python's API; properties as in OpenSlide's documentation.
"""

from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from osler.errors import InputError
from osler.formats.files import check_size
from osler.formats.slide_guard import MAX_TILE_PIXELS, check_levels, frozen, need, positive, reading
from osler.values import Level, Slide

__all__ = ["OpenslideSlide"]


class OpenslideSlide(Slide):
    """A slide file, through the OpenSlide library.

    Raises:
        InputError: OpenSlide does not know the file, or it is damaged.
        MissingExtraError: openslide-python or its library is not installed.
    """

    def __init__(self, path: Path) -> None:
        openslide = need("openslide", str(path))
        self.path = path
        with reading(str(path)):
            self._handle = openslide.OpenSlide(str(path))
            try:
                self._describe()
            except BaseException:
                self._handle.close()
                raise

    def _describe(self) -> None:
        properties = dict(self._handle.properties)
        sizes = zip(self._handle.level_dimensions, self._handle.level_downsamples, strict=True)
        self.levels = tuple(
            Level(width_px=width, height_px=height, downsample=float(downsample))
            for (width, height), downsample in sizes
        )
        check_levels(str(self.path), self.levels)
        self._check_tiles(properties)
        sides = [positive(properties.get(f"openslide.mpp-{axis}")) for axis in "xy"]
        known = [side for side in sides if side is not None]
        self.mpp_um = sum(known) / len(known) if known else None
        self.objective = positive(properties.get("openslide.objective-power"))

    def _check_tiles(self, properties: dict[str, str]) -> None:
        """Refuse tiles that would take more memory than a region; OpenSlide decodes whole tiles."""
        for index in range(len(self.levels)):
            sides = [positive(properties.get(f"openslide.level[{index}].tile-{side}")) for side in ("width", "height")]
            if None not in sides and sides[0] * sides[1] > MAX_TILE_PIXELS:  # type: ignore[operator]
                raise InputError(
                    f"cannot read `{self.path}`: tiles of {sides[0]:,.0f} × {sides[1]:,.0f} pixels, expected at most "
                    f"{MAX_TILE_PIXELS:,} pixels",
                    hint="export it with tiles of 256 or 512 pixels",
                )

    def read_region(self, level: int, x_px: int, y_px: int, width_px: int, height_px: int) -> np.ndarray:
        check_size(str(self.path), width_px, height_px)
        with reading(str(self.path)):
            region = self._handle.read_region((x_px, y_px), level, (width_px, height_px))  # RGBA
            paper = Pillow.new("RGB", region.size, "white")
            paper.paste(region, mask=region.getchannel("A"))
        return frozen(np.asarray(paper))

    def close(self) -> None:
        self._handle.close()
