"""Hostile files: whatever a header or a frame says, there is a picture or one error, soon and in little memory."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from contracts.reader import PeakMemory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate

from osler.errors import InputError
from osler.formats.dicom_header import read_header
from osler.tasks.film import plan_film
from osler.tasks.study_options import StudyOptions

LIMIT_BYTES = 2**31
NUMBERS = st.sampled_from([0, 1, 2, 3, 7, 8, 12, 16, 24, 32, 64, 255, 512, 4096, 20_000, 65_535]) | st.integers(
    0, 65_535
)
SYNTAXES = (
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.4.100",
    "1.2.3.4",
)
PHOTOMETRICS = (
    "MONOCHROME1",
    "MONOCHROME2",
    "RGB",
    "PALETTE COLOR",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_ICT",
    "YBR_PARTIAL_420",
    "HSV",
    "",
)
FRAMES = st.sampled_from(["", "0", "1", "2", "65535", "2147483647", "99999999999", "-5", "1e9", "many"])
DECIMALS = st.sampled_from(["", "1", "0", "-1024", "1e300", "nan", "inf", "Quixote", "0.000001"])
SEEDS = ("MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "SC_rgb_small_odd_jpeg.dcm", "MR_small_RLE.dcm")
QUIET = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def element(group: int, number: int, form: str, value: bytes) -> bytes:
    value += b" " * (len(value) % 2) if form in ("CS", "DS", "IS") else b"\0" * (len(value) % 2)
    if form in ("OB", "OW", "SQ", "UN"):
        return struct.pack("<HH2sHI", group, number, form.encode(), 0, len(value)) + value
    return struct.pack("<HH2sH", group, number, form.encode(), len(value)) + value


def number(group: int, tag: int, value: int) -> bytes:
    return element(group, tag, "US", struct.pack("<H", value))


HOSTILE = {
    "syntax": st.sampled_from(SYNTAXES),
    "modality": st.sampled_from([b"CT", b"MR", b"DX", b"", b"\xff\xfe"]),
    "samples": st.sampled_from([0, 3, 4, 65_535]),
    "photometric": st.sampled_from(PHOTOMETRICS),
    "planar": st.sampled_from([1, 2]),
    "frames": FRAMES,
    "rows": NUMBERS,
    "columns": NUMBERS,
    "allocated": st.sampled_from([1, 8, 16, 32, 64, 12, 0, 65_535]),
    "stored": st.sampled_from([1, 8, 12, 16, 32, 0, 65_535]),
    "signed": st.sampled_from([1, 2]),
    "intercept": DECIMALS,
    "slope": DECIMALS,
    "table": st.tuples(NUMBERS, NUMBERS, st.sampled_from([8, 16, 0, 255])),
    "table_tags": st.sampled_from([(0x1201, 0x1202, 0x1203), (0x1221, 0x1222, 0x1223)]),
    "entries": st.binary(max_size=64),
    "has_lut": st.just(True),
}
SOUND = {
    "modality": b"DX",
    "samples": 1,
    "photometric": "MONOCHROME2",
    "planar": 0,
    "frames": "2",
    "rows": 16,
    "columns": 8,
    "allocated": 8,
    "stored": 8,
    "signed": 0,
    "intercept": "-1024",
    "slope": "1",
    "table": (16, 0, 8),
    "table_tags": (0x1201, 0x1202, 0x1203),
    "entries": bytes(range(16)),
    "has_lut": False,
}
PIXELS = {"plain": 0, "claimed": 0, "noise": 2, "rle": 2, "JPEG": 3, "JPEG2000": 6}  # which syntax goes with them


@st.composite
def files(draw) -> bytes:
    """Elements in their order; up to four of them hostile or missing, the others sound."""
    kind = draw(st.sampled_from(sorted(PIXELS)))
    said = SOUND | {"syntax": SYNTAXES[PIXELS[kind]]}
    for name in draw(st.lists(st.sampled_from(sorted(HOSTILE)), max_size=4)):
        said[name] = draw(HOSTILE[name])
    parts = [*header(said), draw(pixels(kind))]
    missing = draw(st.integers(0, 5 * len(parts)))
    body = b"".join(part for place, part in enumerate(parts) if place != missing)
    if said["syntax"].endswith("1.99"):
        deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
        body = deflater.compress(body) + deflater.flush()
    meta = element(0x02, 0x10, "UI", said["syntax"].encode())
    return bytes(128) + b"DICM" + element(0x02, 0, "UL", struct.pack("<I", len(meta))) + meta + body


def header(said: dict) -> list[bytes]:
    table = struct.pack("<HHH", *said["table"])
    lut = element(0x28, 0x3002, "US", table) + element(0x28, 0x3006, "OW", said["entries"])
    return [
        element(0x08, 0x16, "UI", b"1.2.840.10008.5.1.4.1.1.7"),
        element(0x08, 0x60, "CS", said["modality"]),
        number(0x28, 0x02, said["samples"]),
        element(0x28, 0x04, "CS", said["photometric"].encode()),
        number(0x28, 0x06, said["planar"]),
        element(0x28, 0x08, "IS", said["frames"].encode()),
        number(0x28, 0x10, said["rows"]),
        number(0x28, 0x11, said["columns"]),
        number(0x28, 0x100, said["allocated"]),
        number(0x28, 0x101, said["stored"]),
        number(0x28, 0x103, said["signed"]),
        element(0x28, 0x1052, "DS", said["intercept"].encode()),
        element(0x28, 0x1053, "DS", said["slope"].encode()),
        *(element(0x28, tag, "US", table) for tag in (0x1101, 0x1102, 0x1103)),
        *(element(0x28, tag, "OW", said["entries"]) for tag in said["table_tags"]),
        element(0x28, 0x3000, "SQ", struct.pack("<HHI", 0xFFFE, 0xE000, len(lut)) + lut) if said["has_lut"] else b"",
    ]


@st.composite
def pixels(draw, kind: str) -> bytes:
    if kind == "plain":
        return element(0x7FE0, 0x10, "OW", draw(st.just(bytes(range(256)) * 2) | st.binary(max_size=600)))
    if kind == "claimed":
        claim = struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OW", 0, draw(st.integers(0, 2**32 - 1)))
        return claim + draw(st.binary(max_size=99))
    content = draw(st.binary(min_size=2, max_size=200)) if kind == "noise" else codestream(kind)
    framed = encapsulate([content] * draw(st.integers(1, 3)), has_bot=draw(st.booleans()))
    return struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OB", 0, 0xFFFFFFFF) + framed + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def codestream(kind: str) -> bytes:
    if kind == "rle":
        return struct.pack("<16L", 1, 64, *[0] * 14) + bytes([129, 0]) * 4000
    stream = io.BytesIO()
    Pillow.fromarray(np.zeros((16, 8), np.uint8)).save(stream, kind)
    return stream.getvalue()


def attempt(path: Path) -> None:
    """A picture, or the one error that names the file and no one else."""
    try:
        images = plan_film([read_header(path)], StudyOptions()).develop(None).images
    except InputError as error:
        assert str(path) in error.message
        assert "Quixote" not in error.message
        return
    assert all(image.pixels.dtype == np.uint8 and image.pixels.ndim == 3 for image in images)


@QUIET
@given(content=files())
def test_any_header_gives_a_picture_or_one_error(tmp_path, content):
    path = tmp_path / "hostile"
    path.write_bytes(content)
    with PeakMemory() as memory:
        attempt(path)
    assert memory.grown_bytes < LIMIT_BYTES


@QUIET
@pytest.mark.parametrize("name", SEEDS)
@given(data=st.data())
def test_damaged_compressed_frames_give_a_picture_or_one_error(tmp_path, name, data):
    content = bytearray(Path(get_testdata_file(name)).read_bytes())
    start = content.index(b"\xe0\x7f\x10\x00")
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(start, min(start + 600, len(content) - 1)))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged"
    path.write_bytes(content[: data.draw(st.integers(start, len(content)) | st.just(len(content)))])
    attempt(path)


def test_65535_cubed_is_refused_from_its_header(tmp_path):
    parts = [
        number(0x28, 0x02, 1),
        element(0x28, 0x04, "CS", b"MONOCHROME2"),
        element(0x28, 0x08, "IS", b"65535"),
        *(number(0x28, tag, 65_535) for tag in (0x10, 0x11)),
        *(number(0x28, tag, 16) for tag in (0x100, 0x101)),
        element(0x7FE0, 0x10, "OW", bytes(64)),
    ]
    path = tmp_path / "huge"
    meta = element(0x02, 0x10, "UI", SYNTAXES[0].encode())
    path.write_bytes(bytes(128) + b"DICM" + meta + b"".join(parts))
    with PeakMemory() as memory, pytest.raises(InputError, match="65,535 × 65,535"):
        plan_film([read_header(path)], StudyOptions()).develop(None)
    assert memory.grown_bytes < 2**25
