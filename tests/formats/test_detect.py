import gzip
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from osler.errors import InputError
from osler.formats.detect import KIND_NAMES, SIGNATURES, Stranger, detect, find_kind
from osler.testing.dicom import make_dicom
from osler.testing.slide import make_slide, tissue_slide

PIXELS = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)


def written(path, content: bytes):
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff", "webp", "bmp"])
def test_pictures_are_told_by_content_whatever_their_name(tmp_path, kind):
    path = tmp_path / "film.dcm"
    Pillow.fromarray(PIXELS).save(path, kind)
    assert detect(path) == kind


def test_dicom_is_told_by_its_mark_after_the_preamble(tmp_path):
    assert detect(make_dicom(tmp_path / "film.png", PIXELS[:, :, 0])) == "dicom"


def test_a_dicom_file_whose_preamble_is_a_tiff_header_is_dicom(tmp_path):
    path = make_dicom(tmp_path / "film", PIXELS[:, :, 0])
    content = path.read_bytes()
    assert detect(written(path, b"II*\0" + content[4:])) == "dicom"


@pytest.mark.parametrize("start", [128, 132], ids=["with its mark", "bare"])
def test_dicom_without_preamble_is_told_by_its_first_elements(tmp_path, start):
    path = make_dicom(tmp_path / "film", PIXELS[:, :, 0])
    content = path.read_bytes()
    if start == 128:
        content = b"\0" * 128 + content[128:]
        start = 0
    assert detect(written(path, content[start:])) == "dicom"


def test_implicit_and_big_endian_elements_are_told_too(tmp_path):
    implicit = struct.pack("<HHI", 8, 5, 10) + b"ISO_IR 100" + struct.pack("<HHI", 8, 8, 2) + b"A "
    big = struct.pack(">HH2sH", 8, 5, b"CS", 10) + b"ISO_IR 100" + struct.pack(">HH2sH", 8, 8, b"CS", 2) + b"A "
    assert detect(written(tmp_path / "a", implicit + b"\0" * 64)) == "dicom"
    assert detect(written(tmp_path / "b", big + b"\0" * 64)) == "dicom"


def test_text_that_begins_like_a_group_number_is_no_dicom(tmp_path):
    with pytest.raises(InputError):
        detect(written(tmp_path / "a", b"\x08\x00\x05\x00" + b"no DICOM at all, only prose " * 10))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"GIF89a" + b"\0" * 20, "a GIF"),
        (b"\x1f\x8b\x08\0", "a gzip-compressed file"),
        (gzip.compress(b"no volume" * 100), "a gzip-compressed file"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (struct.pack("<i", 348) + bytes(344), "an Analyze 7.5 header"),
        (b"CDF\x01" + bytes(40), "a NetCDF file"),
        (b"name" + b"\0" * 253 + b"ustar\0" + b"\0" * 100, "a tar archive"),
        (b"GGUF\3\0\0\0", "a GGUF checkpoint"),
        (b"\0\0\0\x18ftypheic", "a HEIC or AVIF picture"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
        (b'<Bundle xmlns="http://hl7.org/fhir">', "FHIR in XML"),
        (b'{"patients": []}', "a text that is no FHIR resource"),
        (b"MSH|^~\\&|LAB", "an HL7 version 2 message"),
    ],
)
def test_known_kinds_that_are_not_read_are_named_with_a_hint(tmp_path, content, name):
    with pytest.raises(InputError, match=f"got {name}") as caught:
        detect(written(tmp_path / "film.png", content))
    assert caught.value.hint


@pytest.mark.parametrize("content", [b"x", b"just some words", b"BM is how this prose begins", bytes(400)])
def test_anything_else_is_refused_with_what_is_read(tmp_path, content):
    with pytest.raises(InputError, match=r"expected PNG, JPEG, .*DICOM, NIfTI.*unknown kind"):
        detect(written(tmp_path / "film.png", content))


@pytest.mark.parametrize(
    ("start", "magic", "offset"),
    [
        (struct.pack("<i", 348), b"n+1\0", 344),
        (struct.pack(">i", 348), b"ni1\0", 344),
        (struct.pack("<i", 540), b"n+2\0\r\n\x1a\n", 4),
    ],
    ids=["NIfTI-1", "NIfTI-1 header, big endian", "NIfTI-2"],
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_nifti_is_told_by_its_magic_string(tmp_path, start, magic, offset, packed):
    content = start + bytes(offset - 4) + magic + bytes(600)
    assert detect(written(tmp_path / "scan", gzip.compress(content) if packed else content)) == "nifti"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"NRRD0004\ntype: short\n", "nrrd"),
        (b"ObjectType = Image\nNDims = 3\nDimSize = 4 4 4\nElementType = MET_SHORT\n", "metaimage"),
        (b"%PDF-1.7\n", "pdf"),
        (b"\n\n junk of a mailer %PDF-1.4\n", "pdf"),
        (b"PK\x05\x06" + bytes(18), "zip"),
    ],
)
def test_volumes_documents_and_archives_are_told_by_their_beginning(tmp_path, content, kind):
    assert detect(written(tmp_path / "film.png", content)) == kind


@pytest.mark.parametrize(
    "content",
    [
        b'{"resourceType": "Bundle", "type": "collection", "entry": []}\n\n',
        b'\xef\xbb\xbf\r\n{\n  "entry": [\n    {\n      "resource": {"resourceType": "Patient"}\n    }\n  ]\n}',
        b'{"id": "a", "contained": [\n{"resourceType": "Patient"},\n{"resourceType": "Group"}]}',
    ],
)
def test_json_with_a_resource_type_is_fhir(tmp_path, content):
    assert detect(written(tmp_path / "record", content)) == "fhir"


@pytest.mark.parametrize("between", [b"\n", b"\r\n", b"\n\n"])
def test_resources_in_lines_are_told_from_one_resource(tmp_path, between):
    lines = between.join([b'{"resourceType":"Patient"}', b'{"resourceType":"Observation"}'])
    assert detect(written(tmp_path / "record", lines)) == "ndjson"


def test_prose_about_metaimage_is_no_volume(tmp_path):
    with pytest.raises(InputError):
        detect(written(tmp_path / "notes", b"Comment = what NDims and DimSize mean\n"))


def test_the_index_of_a_disc_is_told_from_an_image(tmp_path):
    path = make_dicom(tmp_path / "film", PIXELS[:, :, 0])
    content = path.read_bytes()
    old, new = b"1.2.840.10008.5.1.4.1.1.1.1\0", b"1.2.840.10008.1.3.10".ljust(28, b"\0")
    assert content.count(old) == 2
    assert detect(written(tmp_path / "index", content.replace(old, new))) == "dicomdir"


def test_a_file_that_cannot_be_opened_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        detect(tmp_path / "gone")


@given(st.binary(max_size=600) | st.sampled_from([magic for _, magic, _ in SIGNATURES]).map(lambda magic: magic * 3))
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_have_a_kind_or_a_reason(tmp_path, content):
    found = find_kind(written(tmp_path / "file", content))
    assert found in KIND_NAMES or (isinstance(found, Stranger) and found.name)


@pytest.mark.parametrize("form", ["aperio", "generic", "ome"])
def test_a_pyramid_of_tiles_is_a_slide_and_no_picture(tmp_path, form):
    pytest.importorskip("tifffile")
    assert detect(make_slide(tmp_path / "film.png", tissue_slide(600, 700), form=form)) == "slide"
