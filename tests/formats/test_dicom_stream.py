import zlib

import numpy as np
import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from osler.errors import InputError
from osler.formats.dicom_stream import open_stream
from osler.testing.dicom import make_dicom

FILM = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)


@pytest.fixture
def deflated(tmp_path):
    path = make_dicom(tmp_path / "a", FILM)
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(path)
    return path


def opened(path, **changes):
    return open_stream(path, **({"inflate_bytes": 10**6, "budget_bytes": 10**7, "whole": True} | changes))


def test_a_plain_file_is_read_as_it_is(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(range(200)))
    with opened(path) as stream:
        assert (stream.read(3), stream.tell(), stream.deflated) == (b"\0\1\2", 3, False)
        assert stream.seek(100) == 100
        assert stream.read() == bytes(range(100, 200))


def test_a_deflated_file_reads_as_one_that_is_not(deflated):
    with opened(deflated) as stream:
        assert stream.deflated
        content = stream.read()
    assert b"1.2.840.10008.1.2.1\0\0\0" in content
    assert FILM.tobytes() in content


def test_what_inflates_without_end_is_refused_or_cut_off(deflated):
    content = deflated.read_bytes()
    start = content.index(b"1.2.840.10008.1.2.1.99")
    with opened(deflated) as stream:
        head_bytes = stream.read().index(b"\x08\x00\x16\x00")
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    deflated.write_bytes(content[:head_bytes] + bomb.compress(bytes(10**8)) + bomb.flush())
    assert start < head_bytes and deflated.stat().st_size < 10**6
    with pytest.raises(InputError, match="inflates to more than 1,000,000 bytes"), opened(deflated):
        pass
    with opened(deflated, whole=False) as stream:
        assert stream.size_bytes == head_bytes + 10**6


def test_a_damaged_deflated_file_is_one_error(deflated):
    content = bytearray(deflated.read_bytes())
    content[500:600] = b"\xff" * 100
    deflated.write_bytes(content)
    with pytest.raises(InputError, match="deflated data is damaged"), opened(deflated):
        pass


def test_no_more_is_read_than_the_budget_allows(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(1000))
    with opened(path, budget_bytes=100) as stream:
        stream.read(60)
        assert not stream.spent
        with pytest.raises(OSError):
            stream.read(60)
        assert stream.spent


def test_a_read_of_more_than_there_is_costs_only_what_there_is(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(1000))
    with opened(path, budget_bytes=2000) as stream:
        assert len(stream.read(4_000_000_000)) == 1000
