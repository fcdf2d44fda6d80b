"""A process of its own in which PDFium opens one file: `python -m osler.formats.pdf_worker PATH SECONDS BYTES`.

PDFium is not thread safe, and a hostile page can make it compute for hours, take all memory or crash. Here that ends
this process, after so many seconds or bytes, and nothing else.

It first writes a line of JSON, {"pages": 3}. Then it reads one JSON object a line and answers each with a line of
JSON, followed by as many raw bytes as its "bytes" says:

    {"do": "size", "page": 0}                  {"size": [595.0, 842.0]}, in points
    {"do": "draw", "page": 0, "scale": 2.0}    {"width": …, "height": …, "stride": …, "channels": …, "bytes": …}, RGB
    {"do": "text", "page": 0}                  {"bytes": …}, UTF-8

What fails is answered by {"failed": "password"} or {"failed": "damaged"}. It ends with its input.
"""

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["TOO_SLOW", "main"]

TOO_SLOW = 124
"""The exit code after too many seconds."""

PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD, fpdfview.h
WHITE = (255, 255, 255, 255)

Answer = tuple[dict[str, Any], bytes]


class Pages:
    """A file's pages; the one that was used last stays loaded."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pdf: Any = None
        self._loaded: tuple[int, Any] | None = None

    def open(self) -> Answer:
        """How many there are."""
        import pypdfium2

        self._pdf = pypdfium2.PdfDocument(self._path)
        if self._pdf.get_formtype():
            self._pdf.init_forms()
        return {"pages": len(self._pdf)}, b""

    def size(self, page: int) -> Answer:
        """A page's size, as its dictionary has it; its content is not read."""
        return {"size": list(self._pdf.get_page_size(page))}, b""

    def draw(self, page: int, scale: float) -> Answer:
        """A page's picture on white, with annotations and what was filled into forms."""
        bitmap = self._page(page).render(scale=scale, fill_color=WHITE, rev_byteorder=True)
        shape = {"width": bitmap.width, "height": bitmap.height, "stride": bitmap.stride, "channels": bitmap.n_channels}
        return shape, bytes(bitmap.buffer)

    def text(self, page: int) -> Answer:
        """A page's text layer."""
        words = self._page(page).get_textpage().get_text_bounded()
        return {}, words.encode("utf-8", "replace")

    def _page(self, number: int) -> Any:
        if self._loaded is None or self._loaded[0] != number:
            self._loaded = None
            self._loaded = (number, self._pdf.get_page(number))
        return self._loaded[1]


def main(arguments: list[str]) -> int:
    """Open the file and answer until the input ends."""
    pages, seconds = Pages(Path(arguments[0])), float(arguments[1])
    acts: dict[str, Callable[..., Answer]] = {"size": pages.size, "draw": pages.draw, "text": pages.text}
    out = _own_output()
    _limit_memory(int(arguments[2]))
    if "failed" in _answer(out, pages.open, seconds):
        return 1
    for line in sys.stdin:
        request = json.loads(line)
        _answer(out, partial(acts[request.pop("do")], **request), seconds)
    return 0


def _answer(out: BinaryIO, act: Callable[[], Answer], seconds: float) -> dict[str, Any]:
    """Do it and send what comes of it; PDFium's own words, for which nobody vouches, stay here."""
    with _time_limit(seconds):
        try:
            head, data = act()
        except Exception as error:  # a parser fed with damaged bytes may raise nearly anything
            is_locked = getattr(error, "err_code", None) == PASSWORD_ERROR
            head, data = {"failed": "password" if is_locked else "damaged"}, b""
    out.write(json.dumps({**head, "bytes": len(data)}).encode() + b"\n")
    out.write(data)
    out.flush()
    return head


def _own_output() -> BinaryIO:
    """The pipe to the other process; whatever else is printed goes nowhere."""
    out = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return out


def _limit_memory(most_bytes: int) -> None:
    """Let the system refuse more memory, where it can: Linux does, macOS and Windows have no such limit."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """End this process after so many seconds; PDFium lets other threads run while it works."""
    timer = threading.Timer(seconds, os._exit, (TOO_SLOW,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
