"""Pictures that are neither films nor smears, from packages that ship them.

scikit-image (CC0 and public domain photographs), pydicom and pydicom-data (MIT), nilearn
(the MNI152 template) and scikit-learn (two CC BY photographs). Nothing is downloaded.
A part is held out by name, so that the refusal can be measured on pictures never seen.
"""

import random
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from nano.data import Other

PHOTOGRAPHS = (
    "astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "clock_motion.png",
    "coffee.png", "coins.png", "grass.png", "gravel.png", "horse.png", "hubble_deep_field.jpg",
    "ihc.png", "logo.png", "microaneurysms.png", "moon.png", "page.png", "phantom.png",
    "retina.jpg", "rocket.jpg", "text.png",
)  # fmt: skip
SLIDES = ("RG3_UNCR", "MR2_UNCR", "US1_UNCR", "693_UNCR", "OBXXXX1A", "color-px", "gdcm-US-ALOKA-16", "JPEG2000_UNC")
SMALL_SLIDES = ("CT_small", "MR_small", "examples_overlay")
HELD_OUT = frozenset({"chelsea.png", "coffee.png", "gravel.png", "retina.jpg", "page.png", "US1_UNCR", "CT_small"})
TEMPLATE = "mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"


def read_others(held_out: bool) -> list[Other]:
    """Read the packaged pictures of the training part or of the held-out part."""
    found = [*_photographs(), *_slides(), *_template_slices()]
    return [picture for picture in found if (picture.name in HELD_OUT) == held_out]


def _photographs() -> list[Other]:
    folder = Path(str(files("skimage"))) / "data"
    pictures = [Other(name=n, image=Image.open(folder / n).convert("RGB")) for n in PHOTOGRAPHS]
    folder = Path(str(files("sklearn"))) / "datasets" / "images"
    names = ("china.jpg", "flower.jpg")
    return pictures + [Other(name=n, image=Image.open(folder / n).convert("RGB")) for n in names]


def _slides() -> list[Other]:
    large = Path(str(files("data_store"))) / "data"
    small = Path(str(files("pydicom"))) / "data" / "test_files"
    paths = [large / f"{n}.dcm" for n in SLIDES] + [small / f"{n}.dcm" for n in SMALL_SLIDES]
    return [Other(name=path.stem, image=read_dicom(path)) for path in paths]


def read_dicom(path: Path) -> Image.Image:
    """Read a DICOM file's first frame as an 8-bit picture between its 1st and 99th percentile."""
    import pydicom
    from pydicom.pixels import apply_color_lut, convert_color_space

    dataset = pydicom.dcmread(path)
    pixels, photometric = dataset.pixel_array, dataset.PhotometricInterpretation
    pixels = pixels[0] if int(dataset.get("NumberOfFrames", 1)) > 1 else pixels
    if photometric == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, dataset)
    if photometric.startswith("YBR"):
        pixels = convert_color_space(pixels, photometric, "RGB")
    picture = _to_eight_bits(pixels)
    return Image.fromarray(255 - picture if photometric == "MONOCHROME1" else picture).convert("RGB")


def _to_eight_bits(pixels: np.ndarray) -> np.ndarray:
    low, high = np.percentile(pixels, (1, 99))
    scaled = (pixels.astype(np.float32) - low) / max(high - low, 1e-6)
    return (scaled.clip(0, 1) * 255).astype(np.uint8)


def _template_slices() -> list[Other]:
    """Cut the MNI152 T1 template into 27 slices, nine along each axis."""
    import nibabel

    path = Path(str(files("nilearn"))) / "datasets" / "data" / TEMPLATE
    volume = np.asarray(nibabel.load(path).dataobj)
    slices = []
    for axis in range(3):
        for part in np.linspace(0.25, 0.75, 9):
            plane = np.rot90(volume.take(int(volume.shape[axis] * part), axis))
            image = Image.fromarray(_to_eight_bits(plane)).convert("RGB")
            slices.append(Other(name=f"mni152-{axis}-{part:.2f}", image=image))
    return slices


def make_other(rng: random.Random) -> Other:
    """Draw a picture that no camera took: noise, a gradient, shapes or a page of bars."""
    draw = rng.choice((_noise, _gradient, _shapes, _page))
    return Other(name=draw.__name__.strip("_"), image=draw(rng))


def _colour(rng: random.Random) -> tuple[int, int, int]:
    return rng.randrange(256), rng.randrange(256), rng.randrange(256)


def _noise(rng: random.Random) -> Image.Image:
    side = rng.choice((4, 16, 64, 256))
    small = Image.frombytes("RGB", (side, side), rng.randbytes(side * side * 3))
    return small.resize((256, 256), Image.Resampling.BILINEAR)


def _gradient(rng: random.Random) -> Image.Image:
    ramp = np.linspace(0, 1, 256)[:, None, None] * np.ones((1, 256, 1))
    ends = np.array([_colour(rng), _colour(rng)], dtype=np.float64)
    picture = Image.fromarray((ends[0] + ramp * (ends[1] - ends[0])).astype(np.uint8))
    return picture.rotate(rng.choice((0, 90, 180, 270)))


def _shapes(rng: random.Random) -> Image.Image:
    picture = Image.new("RGB", (256, 256), _colour(rng))
    draw = ImageDraw.Draw(picture)
    for _ in range(rng.randrange(1, 12)):
        (x0, x1), (y0, y1) = (sorted(rng.choices(range(256), k=2)) for _ in range(2))
        rng.choice((draw.ellipse, draw.rectangle))((x0, y0, x1, y1), fill=_colour(rng))
    return picture


def _page(rng: random.Random) -> Image.Image:
    picture = Image.new("RGB", (200, 256), "white")
    draw = ImageDraw.Draw(picture)
    for y in range(16, 240, rng.choice((8, 11, 14))):
        x = 14
        while x < 180 and rng.random() > 0.06:
            width = rng.randrange(6, 30)
            draw.rectangle((x, y, min(x + width, 186), y + 4), fill=(rng.randrange(110),) * 3)
            x += width + 5
    return picture
