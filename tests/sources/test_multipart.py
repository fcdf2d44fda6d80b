import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.errors import DownloadError
from osler.sources.multipart import MAX_HEADER_BYTES, first_part
from osler.sources.retry import Unreachable

HEADER = 'multipart/related; type="application/dicom"; boundary="edge of parts"'


def body(content: bytes, preamble: bytes = b"\r\n") -> bytes:
    start = b"--edge of parts\r\nContent-Type: application/dicom\r\nContent-Length: 9\r\n\r\n"
    return preamble + start + content + b"\r\n--edge of parts--\r\n"


def in_pieces(content: bytes, size: int):
    return (content[start : start + size] for start in range(0, len(content), size))


@given(st.binary(max_size=300), st.integers(1, 400), st.sampled_from([b"", b"\r\n", b"words before\r\n"]))
def test_the_part_comes_out_whole_however_it_is_cut_into_pieces(content, size, preamble):
    content = content.replace(b"\r\n--edge", b"")
    assert b"".join(first_part(HEADER, in_pieces(body(content, preamble), size))) == content


@given(st.integers(0, len(body(bytes(200))) - len(b"--\r\n") - 1), st.integers(1, 50))
def test_a_part_that_ends_early_is_never_taken_for_whole(length, size):
    with pytest.raises(Unreachable):
        list(first_part(HEADER, in_pieces(body(bytes(200))[:length], size)))


def test_only_the_first_of_several_parts_is_taken():
    two = body(b"first").removesuffix(b"--\r\n") + b"\r\n\r\nsecond\r\n--edge of parts--"
    assert b"".join(first_part(HEADER, iter([two]))) == b"first"


def test_an_answer_without_parts_is_taken_as_it_is():
    assert list(first_part("application/dicom", iter([b"a", b"b"]))) == [b"a", b"b"]


def test_parts_without_a_boundary_are_refused():
    with pytest.raises(DownloadError, match="where they begin"):
        list(first_part("multipart/related", iter([b"x"])))


def test_an_endless_preamble_is_refused():
    with pytest.raises(DownloadError, match="does not begin with a part"):
        list(first_part(HEADER, (b"x" * 1000 for _ in range(MAX_HEADER_BYTES))))
