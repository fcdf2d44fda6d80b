"""Kinds of files that begin with text: FHIR in JSON, one resource or one a line, and MetaImage headers."""

import re
from pathlib import Path
from typing import Literal

__all__ = ["TextKind", "find_text_kind"]

TextKind = Literal["fhir", "ndjson", "metaimage"]

SEARCH_BYTES = 1 << 16
LONGEST_LINE_BYTES = 1 << 25
MARK = b"\xef\xbb\xbf"
RESOURCE_TYPE = re.compile(rb'"resourceType"\s*:\s*"[A-Z][A-Za-z]+"')
META_FIRST_LINE = re.compile(rb"(ObjectType|ObjectSubType|Comment|NDims|BinaryData)[ \t]*=")
META_LINES = (re.compile(rb"^NDims[ \t]*=[ \t]*\d", re.M), re.compile(rb"^(DimSize|ElementType)[ \t]*=", re.M))


def find_text_kind(path: Path, head: bytes) -> TextKind | None:
    """Tell a text file's kind from its beginning; None where it is none of these.

    Args:
        path: the file; more of it is read where it may be JSON.
        head: its first bytes.
    """
    if META_FIRST_LINE.match(head) and all(line.search(head) for line in META_LINES):
        return "metaimage"
    if not head.removeprefix(MARK).lstrip().startswith(b"{"):
        return None
    with path.open("rb") as stream:
        if not RESOURCE_TYPE.search(stream.read(SEARCH_BYTES)):
            return None
    return "ndjson" if _has_object_lines(path) else "fhir"


def _has_object_lines(path: Path) -> bool:
    """Whether a line ends an object and the next one begins another without a comma, which no JSON text does."""
    with path.open("rb") as stream:
        first = b""
        while not first and (line := stream.readline(LONGEST_LINE_BYTES)):
            first = line.removeprefix(MARK).strip()
        if not first.endswith(b"}"):
            return False
        second = b""
        while not second and (line := stream.readline(SEARCH_BYTES)):
            second = line.strip()
    return second.startswith(b"{")
