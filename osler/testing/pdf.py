"""Small PDF files, written byte by byte: pages of text, forms within forms, locks, sizes of fancy."""

from collections.abc import Sequence
from pathlib import Path

__all__ = ["A4_PT", "make_pdf", "make_pdf_of_forms"]

A4_PT = (595.0, 842.0)
LINE_PT = 16
MARGIN_PT = 50
NO_ONE_KNOWS = "<" + "5a" * 32 + ">"  # as the owner's and the user's key: no password fits


def make_pdf(
    path: Path,
    pages: Sequence[str],
    *,
    size_pt: tuple[float, float] = A4_PT,
    rotation: int = 0,
    ink: tuple[float, float, float] = (0, 0, 0),
    is_locked: bool = False,
) -> Path:
    """Write a PDF with a page of Helvetica for each text.

    Args:
        path: where to write it.
        pages: the text of each page, in lines.
        size_pt: width and height of all pages before rotation.
        rotation: degrees by which pages are turned clockwise when they are shown.
        ink: red, green and blue from 0 to 1.
        is_locked: whether it asks for a password, which nobody knows.
    """
    numbers = [4 + 2 * index for index in range(len(pages))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, text in zip(numbers, pages, strict=True):
        box = f"/MediaBox [0 0 {size_pt[0]} {size_pt[1]}] /Rotate {rotation}"
        fonts = "/Resources << /Font << /F1 3 0 R >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R {box} {fonts} /Contents {number + 1} 0 R >>".encode())
        objects.append(_stream(_lines(text, size_pt[1], ink)))
    return _write(path, objects, is_locked=is_locked)


def make_pdf_of_forms(path: Path, depth: int, width: int) -> Path:
    """Write a PDF whose page draws a form `width` times, which draws another `width` times, and so on, `depth` deep."""
    first = 5
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        _calling(first, "/Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R"),
        _stream(b"/X Do " * width),
    ]
    for level in range(depth):
        is_last = level == depth - 1
        content = b"0 0 10 10 re f" if is_last else b"/X Do " * width
        resources = "" if is_last else f"/Resources << /XObject << /X {first + level + 1} 0 R >> >>"
        objects.append(_stream(content, f"/Type /XObject /Subtype /Form /BBox [0 0 200 200] {resources}"))
    return _write(path, objects, is_locked=False)


def _calling(form: int, entries: str) -> bytes:
    return f"<< {entries} /Resources << /XObject << /X {form} 0 R >> >> >>".encode()


def _lines(text: str, height_pt: float, ink: tuple[float, float, float]) -> bytes:
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    colour = " ".join(str(part) for part in ink)
    shown = " T* ".join(f"({line}) Tj" for line in escaped.split("\n"))
    place = f"{MARGIN_PT} {height_pt - MARGIN_PT} Td"
    return f"BT /F1 12 Tf {colour} rg {LINE_PT} TL {place} {shown} ET".encode("cp1252")


def _stream(content: bytes, entries: str = "") -> bytes:
    return f"<< {entries} /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream"


def _write(path: Path, objects: Sequence[bytes], *, is_locked: bool) -> Path:
    """Number the objects from 1, and close with the table of where they are."""
    data = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(data))
        data += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    lock = f"/Encrypt << /Filter /Standard /V 1 /R 2 /O {NO_ONE_KNOWS} /U {NO_ONE_KNOWS} /P -4 >> " if is_locked else ""
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {lock}/ID [<{'ab' * 16}> <{'ab' * 16}>] >>\n"
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}startxref\n{start}\n%%EOF\n".encode()
    path.write_bytes(data)
    return path
