"""PDF files, drawn by PDFium in a process of its own (`osler.formats.pdf_worker` says why)."""

import json
import math
import os
import re
import subprocess
import sys
import threading
import weakref
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from osler.child import osler_environment
from osler.errors import InputError
from osler.formats.files import check_file
from osler.formats.pdf_worker import TOO_SLOW
from osler.values import Document

__all__ = ["MAX_DPI", "MAX_PAGE_PIXELS", "MIN_DPI", "PdfDocument", "PdfLimits", "open_pdf"]

POINTS_PER_INCH = 72.0
MIN_DPI, MAX_DPI = 10.0, 1200.0
MAX_PAGE_PIXELS = 50_000_000  # A3 at 500 dpi; 0.15 GB in PDFium and as much here
HEAD_BYTES = 1 << 16
TAIL_BYTES = 1 << 16
END = b"%%EOF"
OBJECT = re.compile(rb"\d+ \d+ obj\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfLimits:
    """What PDFium may take: seconds for a page, and bytes of address space in all, its own code among them."""

    seconds: float = 60.0
    most_bytes: int = 3 << 29


def open_pdf(path: str | os.PathLike[str], *, limits: PdfLimits | None = None) -> "PdfDocument":
    """Open a PDF; no page is read yet.

    Raises:
        InputError: missing, damaged, locked with a password, or PDFium cannot cope with it.
    """
    found = check_file(path)
    _check_end(found)
    return PdfDocument(found, limits or PdfLimits())


def _check_end(path: Path) -> None:
    """Refuse a file whose end is missing: PDFium would repair it, and pages could be blank or missing.

    What follows the last end mark may be anything but another object; an update that was cut off begins with one.
    """
    with path.open("rb") as stream:
        stream.seek(-min(TAIL_BYTES, path.stat().st_size), os.SEEK_END)
        tail = stream.read()
    _, mark, rest = tail.rpartition(END)
    if not mark or OBJECT.search(rest):
        raise InputError(
            f"cannot read `{path}`: the PDF is damaged or cut off: expected it to end with {END.decode()}",
            hint="copy or download it again, or print it to a new PDF",
        )


class PdfDocument(Document):
    """A PDF behind a process that is started again where a page ended it. Several threads may use it."""

    def __init__(self, path: Path, limits: PdfLimits) -> None:
        self.path = path
        self._limits = limits
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self.num_pages = self._started().num_pages

    def size_pt(self, page: int) -> tuple[float, float]:
        """Width and height of a page (from 0) in points, turned as it is shown."""
        width, height = self._ask(page, do="size")[0]["size"]
        if not (math.isfinite(width) and math.isfinite(height) and min(width, height) > 0):
            raise InputError(f"cannot read page {page + 1} of `{self.path}`: its size is damaged")
        return width, height

    def draw(self, page: int, dpi: float) -> np.ndarray:
        """A page as [Y, X, 3] uint8, read-only, on white, with annotations and filled form fields.

        Raises:
            InputError: as `check_drawing`, or the page cannot be drawn.
        """
        self.check_drawing(page, dpi)
        head, data = self._ask(page, do="draw", scale=dpi / POINTS_PER_INCH)
        height, width, channels = head["height"], head["width"], head["channels"]
        rows = np.frombuffer(data, np.uint8).reshape(height, head["stride"])
        pixels = rows[:, : width * channels].reshape(height, width, channels)
        pixels = np.repeat(pixels, 3, axis=2) if channels == 1 else np.ascontiguousarray(pixels[:, :, :3])
        pixels.flags.writeable = False
        return pixels

    def check_drawing(self, page: int, dpi: float) -> tuple[int, int]:
        """The width and height that a page would have in pixels, told before it is drawn.

        Raises:
            InputError: a resolution out of range, or more than `MAX_PAGE_PIXELS`.
        """
        if not MIN_DPI <= dpi <= MAX_DPI:
            raise InputError(f"cannot draw `{self.path}`: expected {MIN_DPI:g} to {MAX_DPI:g} dpi, got {dpi:g}")
        width, height = (math.ceil(side * dpi / POINTS_PER_INCH) for side in self.size_pt(page))
        if width * height > MAX_PAGE_PIXELS:
            fitting = dpi * math.sqrt(MAX_PAGE_PIXELS / (width * height))
            raise InputError(
                f"cannot draw page {page + 1} of `{self.path}`: {width:,} × {height:,} pixels at {dpi:g} dpi, expected "
                f"at most {MAX_PAGE_PIXELS:,} in all",
                hint=f"--dpi {math.floor(fitting)} fits" if fitting >= MIN_DPI else "print it on smaller paper",
            )
        return width, height

    def text(self, page: int) -> str:
        """The page's text layer; "" where it has none."""
        return self._ask(page, do="text")[1].decode("utf-8", "replace").replace("\r\n", "\n")

    def close(self) -> None:
        """End the process; whoever reads on starts another."""
        with self._lock:
            self._drop()

    def _ask(self, page: int, **request: Any) -> tuple[dict[str, Any], bytes]:
        if not 0 <= page < self.num_pages:
            raise InputError(f"cannot read page {page + 1} of `{self.path}`: it has {self.num_pages}")
        with self._lock:
            try:
                return self._started().ask({**request, "page": page})
            except _PdfError as failure:
                if failure.has_ended:
                    self._drop()
                raise self._error(f"page {page + 1} of `{self.path}`", failure) from None
            except BaseException:  # interrupted while an answer is under way, which nobody would expect later
                self._drop()
                raise

    def _started(self) -> "_Worker":
        if self._worker is None:
            try:
                self._worker = _Worker(self.path, self._limits)
            except _PdfError as failure:
                raise self._error(f"`{self.path}`", failure) from None
        return self._worker

    def _drop(self) -> None:
        if self._worker is not None:
            self._worker.end()
            self._worker = None

    def _error(self, what: str, failure: "_PdfError") -> InputError:
        seconds, gib = self._limits.seconds, self._limits.most_bytes / 2**30
        reprint = "print the page to a new PDF, or save it as PNG"
        sentence, hint = {
            "password": ("the PDF is locked with a password", "save a copy without a password"),
            "damaged": ("the PDF is damaged or cut off", "copy or download it again"),
            "slow": (f"PDFium did not finish within {seconds:g} seconds", reprint),
            "crash": (f"PDFium broke down on it, or needed more than {gib:.2g} GiB", reprint),
        }[failure.reason]
        return InputError(f"cannot read {what}: {sentence}", hint=hint)


class _PdfError(Exception):
    """A page that could not be read: "password", "damaged", "slow" or "crash"; the last two ended the process."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.has_ended = reason in ("slow", "crash")


class _Worker:
    """The other process, ended with this object at the latest."""

    def __init__(self, path: Path, limits: PdfLimits) -> None:
        command = [sys.executable, "-m", "osler.formats.pdf_worker"]
        self._process = subprocess.Popen(
            [*command, os.fspath(path.absolute()), str(limits.seconds), str(limits.most_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=osler_environment(),
            start_new_session=True,  # Ctrl-C reaches only us
        )
        self.end = weakref.finalize(self, _end, self._process)
        try:
            self.num_pages: int = self._answer()[0]["pages"]
        except BaseException:
            self.end()
            raise

    def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Send a request and wait for its answer; `_PdfError` where there is none."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise _PdfError("crash") from None
        return self._answer()

    def _answer(self) -> tuple[dict[str, Any], bytes]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline(HEAD_BYTES)
        head = json.loads(line) if line.endswith(b"\n") else {}
        data = self._process.stdout.read(head.get("bytes", 0))
        if not head or len(data) < head["bytes"]:
            raise _PdfError("slow" if self._process.wait() == TOO_SLOW else "crash")
        if "failed" in head:
            raise _PdfError(head["failed"])
        return head, data


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill it: it holds nothing that could be lost."""
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        with suppress(OSError):
            if stream is not None:
                stream.close()
