"""The first part of a multipart answer, piece by piece, and only where all of it has come."""

from collections.abc import Iterator
from email.message import Message

from osler.errors import DownloadError
from osler.sources.retry import Unreachable

__all__ = ["first_part"]

MAX_HEADER_BYTES = 1 << 16


def first_part(content_type: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes of the first part (RFC 2046 section 5.1), or the whole of an answer that is no multipart.

    Some servers send a lone instance without wrapping it (dicomweb-client's remark on PS3.18 CP 2040).

    Args:
        content_type: the answer's header.
        pieces: its body.

    Raises:
        Unreachable: the answer ends before the part does.
        DownloadError: it is not what it says it is.
    """
    boundary = _boundary(content_type)
    if boundary is None:
        yield from pieces
        return
    rest = _after_headers(boundary, pieces)
    end = b"\r\n--" + boundary
    for piece in pieces:
        found = rest.find(end)
        if found >= 0:
            break
        keep = len(rest) - len(end) + 1
        if keep > 0:
            yield rest[:keep]
            rest = rest[keep:]
        rest += piece
    found = rest.find(end)
    if found < 0:
        raise Unreachable(
            "cannot fetch: the connection ends before the instance does",
            hint="run it again: what has come whole is kept",
        )
    yield rest[:found]


def _boundary(content_type: str) -> bytes | None:
    """What stands between the parts; None where there are none."""
    header = Message()
    header["Content-Type"] = content_type
    if header.get_content_maintype() != "multipart":
        return None
    boundary = header.get_boundary()
    if not boundary:
        raise DownloadError("cannot fetch: the server answers in parts and does not say where they begin")
    return boundary.encode("latin-1", "replace")


def _after_headers(boundary: bytes, pieces: Iterator[bytes]) -> bytes:
    """Read on to the first part's content, and give what has been read of it."""
    start, blank, buffer = b"--" + boundary, b"\r\n\r\n", b""
    for piece in pieces:
        buffer += piece
        begin = buffer.find(start)
        head_end = buffer.find(blank, begin + len(start)) if begin >= 0 else -1
        if head_end >= 0:
            return buffer[head_end + len(blank) :]
        if len(buffer) > MAX_HEADER_BYTES:
            raise DownloadError("cannot fetch: the server's answer does not begin with a part")
    raise Unreachable("cannot fetch: the connection ends before the instance begins")
