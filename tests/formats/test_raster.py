import struct
import zlib

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageOps

from osler.errors import InputError
from osler.formats.detect import detect
from osler.formats.raster import Raster, raster_of, read_raster

COLOUR = np.random.default_rng(1).integers(0, 256, (5, 7, 3), dtype=np.uint8)


def read(path) -> Raster:
    return read_raster(path, detect(path))


def saved(path, picture: Pillow.Image, kind: str = "PNG", **options):
    picture.save(path, kind, **options)
    return path


def png_of_size(width: int, height: int, *, data: bytes = b"") -> bytes:
    """A PNG whose header is whole, whatever follows."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_lossless_colour_comes_out_as_it_went_in(tmp_path, kind):
    raster = read(saved(tmp_path / "film", Pillow.fromarray(COLOUR), kind))
    assert np.array_equal(raster.values, COLOUR)
    assert raster.steps == (f"decoded {kind}: 7 × 5 pixels, RGB",)


def test_lossy_colour_comes_out_nearly_as_it_went_in(tmp_path):
    flat = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    for kind in ("JPEG", "WEBP"):
        values = read(saved(tmp_path / "film", Pillow.fromarray(flat), kind, quality=95)).values
        assert np.abs(values.astype(int) - flat).max() < 6


def test_grey_is_repeated_in_three_channels(tmp_path):
    raster = read(saved(tmp_path / "film", Pillow.fromarray(COLOUR[:, :, 0])))
    assert np.array_equal(raster.values, np.repeat(COLOUR[:, :, :1], 3, axis=2))
    assert raster.steps[-1] == "grey repeated in three channels"


def test_black_and_white_become_0_and_255(tmp_path):
    bits = np.array([[True, False, True]])
    raster = read(saved(tmp_path / "film", Pillow.fromarray(bits)))
    assert raster.values[:, :, 1].tolist() == [[255, 0, 255]]
    assert "black and white" in raster.steps[-1]


def test_a_palette_is_looked_up(tmp_path):
    picture = Pillow.fromarray(np.array([[0, 1, 2]], np.uint8), mode="P")
    picture.putpalette([10, 20, 30, 40, 50, 60, 255, 0, 0])
    raster = read(saved(tmp_path / "film", picture))
    assert raster.values.tolist() == [[[10, 20, 30], [40, 50, 60], [255, 0, 0]]]
    assert raster.steps[-1] == "palette to RGB"


def test_what_is_transparent_is_laid_over_white(tmp_path):
    layer = np.array([[[0, 0, 0, 0], [0, 0, 0, 255], [100, 0, 200, 51]]], np.uint8)
    raster = read(saved(tmp_path / "film", Pillow.fromarray(layer)))
    assert raster.values.tolist() == [[[255, 255, 255], [0, 0, 0], [224, 204, 244]]]
    assert raster.steps[-1] == "transparent parts laid over white"


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_an_opaque_transparency_channel_is_dropped(tmp_path, mode):
    raster = read(saved(tmp_path / "film", Pillow.fromarray(COLOUR).convert(mode)))
    expected = np.asarray(Pillow.fromarray(COLOUR).convert("L" if mode == "LA" else "RGB").convert("RGB"))
    assert np.array_equal(raster.values, expected)
    assert raster.steps[-1] == "opaque transparency channel dropped"


def test_a_single_transparent_colour_is_laid_over_white(tmp_path):
    grey = Pillow.fromarray(np.array([[0, 80]], np.uint8))
    raster = read(saved(tmp_path / "film", grey, transparency=0))
    assert raster.values[0, :, 0].tolist() == [255, 80]


def test_cmyk_becomes_rgb(tmp_path):
    ink = Pillow.fromarray(np.array([[[0, 0, 0, 0], [255, 0, 0, 0]]], np.uint8), mode="CMYK")
    raster = read(saved(tmp_path / "film", ink, "TIFF"))
    assert raster.values.tolist() == [[[255, 255, 255], [0, 255, 255]]]
    assert raster.steps[-1] == "CMYK to RGB"


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_numbers(tmp_path, kind):
    deep = np.array([[0, 300, 65_535]], np.uint16)
    raster = read(saved(tmp_path / "film", Pillow.fromarray(deep), kind))
    assert (raster.values.dtype, raster.values.tolist()) == (np.uint16, deep.tolist())
    assert raster.steps == (f"decoded {kind}: 3 × 1 pixels, 16-bit grey",)


def test_big_endian_16_bit_grey_keeps_its_numbers(tmp_path):
    deep = np.array([[0, 300, 65_535]], ">u2")
    picture = Pillow.frombytes("I;16B", (3, 1), deep.tobytes())
    assert read(saved(tmp_path / "film", picture, "TIFF")).values.tolist() == deep.tolist()


@pytest.mark.parametrize("values", [np.array([[-70_000, 5]], np.int32), np.array([[-0.5, 1e6]], np.float32)])
def test_32_bit_grey_keeps_its_numbers(tmp_path, values):
    raster = read(saved(tmp_path / "film", Pillow.fromarray(values), "TIFF"))
    assert (raster.values.dtype, raster.values.tolist()) == (values.dtype, values.tolist())


def test_16_bit_grey_whose_zero_is_white_is_turned_round(tmp_path):
    path = saved(tmp_path / "film", Pillow.fromarray(np.array([[0, 1000]], np.uint16)), "TIFF", tiffinfo={262: 0})
    content = bytearray(path.read_bytes())
    entry = content.index(struct.pack("<HHI", 262, 3, 1))
    content[entry + 8 : entry + 10] = struct.pack("<H", 0)
    path.write_bytes(content)
    raster = read(path)
    assert raster.values.tolist() == [[65_535, 64_535]]
    assert "white is zero" in raster.steps[-1]


def test_16_bit_colour_is_said_to_be_cut(tmp_path):
    content = png_of_size(1, 1, data=b"\0" + struct.pack(">HHH", 0x1234, 0x80FF, 0xFFFF))
    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    content = content[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + content[33:]
    path = tmp_path / "film"
    path.write_bytes(content)
    raster = read(path)
    assert raster.values.tolist() == [[[0x12, 0x80, 0xFF]]]
    assert "16-bit colour cut to its upper 8 bits" in raster.steps


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_every_exif_orientation_is_turned_upright_once(tmp_path, kind, orientation):
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    picture = Pillow.fromarray(COLOUR)
    path = saved(tmp_path / "film", picture, kind, exif=exif, **options)
    raster = read(path)
    picture.getexif()[0x0112] = orientation
    assert np.array_equal(raster.values, np.asarray(ImageOps.exif_transpose(picture)))
    said = [step for step in raster.steps if "orientation" in step]
    assert said == ([f"turned upright (EXIF orientation {orientation})"] if orientation > 1 else [])


@pytest.mark.parametrize(("kind", "options"), [("TIFF", {}), ("WEBP", {"lossless": True}), ("PNG", {})])
def test_of_several_pages_the_first_is_taken_and_that_is_said(tmp_path, kind, options):
    pages = [Pillow.fromarray(COLOUR), Pillow.fromarray(255 - COLOUR), Pillow.fromarray(COLOUR // 2)]
    path = saved(tmp_path / "film", pages[0], kind, save_all=True, append_images=pages[1:], **options)
    raster = read(path)
    assert np.array_equal(raster.values, COLOUR)
    assert raster.steps[1] == "first of 3 pages taken, the others left out"


def test_40000_by_40000_pixels_are_refused_from_the_header(tmp_path):
    path = tmp_path / "huge.png"
    path.write_bytes(png_of_size(40_000, 40_000))
    with pytest.raises(
        InputError, match="40,000 × 40,000 = 1,600,000,000 pixels, expected at most 178,956,970"
    ) as caught:
        read(path)
    assert "smaller copy" in caught.value.hint


def test_a_picture_between_pillows_two_limits_gives_no_warning(tmp_path, recwarn):
    path = tmp_path / "large.png"
    path.write_bytes(png_of_size(13_000, 13_000))
    with pytest.raises(InputError, match="damaged"):
        read(path)
    assert not recwarn.list


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "BMP"])
def test_a_picture_cut_off_anywhere_is_one_input_error(tmp_path, kind):
    noise = np.random.default_rng(2).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    whole = saved(tmp_path / "whole", Pillow.fromarray(noise), kind).read_bytes()
    for share in (0.02, 0.1, 0.5, 0.9):
        path = tmp_path / "cut"
        path.write_bytes(whole[: max(20, int(len(whole) * share))])
        with pytest.raises(InputError):
            read(path)


def test_random_bytes_after_a_good_beginning_are_one_input_error(tmp_path):
    rubbish = np.random.default_rng(3).bytes(500)
    beginnings = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"RIFF\0\2\0\0WEBPVP8 "]
    for number, beginning in enumerate(beginnings):
        path = tmp_path / str(number)
        path.write_bytes(beginning + rubbish)
        with pytest.raises(InputError, match="damaged, cut off"):
            read(path)


def test_a_damaged_exif_block_does_not_spoil_the_pixels(tmp_path):
    path = saved(tmp_path / "film", Pillow.fromarray(COLOUR), exif=b"Exif\0\0II*\0\xff\xff\xff\xff rubbish")
    assert np.array_equal(read(path).values, COLOUR)


def test_a_pillow_picture_in_memory_is_read_too():
    raster = raster_of(Pillow.fromarray(COLOUR))
    assert np.array_equal(raster.values, COLOUR)
    assert raster.steps == ()


@pytest.mark.parametrize(
    "mode", ["YCbCr", "LAB", "HSV", "RGBX", "RGBa", "La", "LA", "PA", "RGBA", "CMYK", "P", "L", "1"]
)
def test_every_mode_of_pillow_s_becomes_rgb(mode):
    assert raster_of(Pillow.new(mode, (3, 2))).values.shape == (2, 3, 3)


@pytest.mark.parametrize("mode", ["RGBA", "P", "I", "I;16", "L"])
def test_tall_pictures_are_the_same_in_every_band(tmp_path, mode):
    levels = np.random.default_rng(0).integers(0, 256, (600, 3), dtype=np.uint8)
    picture = Pillow.fromarray(levels).convert("L").convert(mode)
    raster = raster_of(picture)
    expected = np.asarray(picture) if mode.startswith("I") else np.repeat(levels[:, :, None], 3, axis=2)
    assert np.array_equal(raster.values, expected)


def test_half_transparent_rows_are_laid_over_white_wherever_they_are():
    layer = np.zeros((600, 2, 4), np.uint8)
    layer[:, :, 3] = 255
    layer[550:, :, 3] = 0
    raster = raster_of(Pillow.fromarray(layer))
    assert (raster.values[:550] == 0).all() and (raster.values[550:] == 255).all()
    assert raster.steps == ("transparent parts laid over white",)


def test_a_webp_picture_of_34_bytes_that_would_take_gigabytes_is_refused(tmp_path):
    width, height = 13_000, 13_000
    bits = (width - 1) | (height - 1) << 14
    chunk = b"VP8L" + struct.pack("<I", 13) + b"\x2f" + struct.pack("<I", bits) + bytes(8) + b"\0"
    path = tmp_path / "bomb"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk)
    with pytest.raises(InputError, match="a WebP picture of 169,000,000 pixels, expected at most 100,000,000"):
        read(path)
