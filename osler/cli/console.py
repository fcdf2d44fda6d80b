"""Printing: data to stdout, talk to stderr.

Colour follows the terminal and NO_COLOR. Bars are drawn only where stderr is a terminal.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

__all__ = [
    "Advance",
    "Report",
    "phases",
    "print_data",
    "print_error",
    "print_json",
    "print_note",
    "print_text",
    "progress",
    "size_text",
    "text_width",
]

Advance = Callable[[float, int | None], None]
"""Called as work goes on: (done so far, total or None where it is not known)."""

Report = Callable[[str, float, int | None], None]
"""As `Advance`, with what is being done first."""

Unit = Literal["bytes", "steps"]

READING_WIDTH = 100
PIPE_WIDTH = 160  # columns of a table that no terminal shows; rich would cut it at 80


def data_console() -> "Console":
    """A console on stdout as it is now (tests and pipes replace it)."""
    from rich.console import Console

    width = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else PIPE_WIDTH
    return Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)


def text_width() -> int:
    """Columns for running text on stdout: the terminal's, but no more than is easy to read."""
    return min(data_console().width, READING_WIDTH)


def talk_console() -> "Console":
    """A console on stderr as it is now."""
    from rich.console import Console

    return Console(file=sys.stderr, highlight=False, markup=False, emoji=False)


def print_text(text: str, end: str = "\n") -> None:
    """Write text to stdout at once and as it is: no wrapping, no markup."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def print_data(renderable: "RenderableType") -> None:
    """Write a table or another of rich's renderables to stdout."""
    data_console().print(renderable)


def size_text(size_bytes: int | None) -> str:
    """A size for people, in units of 10^3 bytes.

    >>> size_text(2_489_894_720), size_text(851_251_424), size_text(130), size_text(None)
    ('2.49 GB', '851 MB', '130 bytes', 'unknown')
    """
    if size_bytes is None:
        return "unknown"
    if size_bytes >= 1e9:
        return f"{size_bytes / 1e9:.2f} GB"
    if size_bytes >= 1e6:
        return f"{size_bytes / 1e6:.0f} MB"
    return f"{size_bytes / 1e3:.0f} kB" if size_bytes >= 1e3 else f"{size_bytes} bytes"


def plain(value: Any) -> Any:
    """What `json` cannot write by itself: dataclasses, paths, sets and tuples of them."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if hasattr(value, "tolist"):  # numpy's numbers and arrays
        return value.tolist()
    raise TypeError(f"no JSON for {type(value).__name__}")


def print_json(value: Any) -> None:
    """Write a value to stdout as JSON: indented, in UTF-8 where stdout takes it, NaN refused."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print_text(json.dumps(value, indent=2, ensure_ascii=not unicode, allow_nan=False, default=plain))


def print_note(text: str, *, style: str = "") -> None:
    """Write a line of talk to stderr."""
    talk_console().print(text, style=style, soft_wrap=True)


def print_error(message: str, hint: str | None = None) -> None:
    """Write "error: …" and, a blank line below, "hint: …" to stderr."""
    from rich.text import Text

    console = talk_console()
    console.print(Text.assemble(("error:", "bold red"), " ", message), soft_wrap=True)
    if hint is not None:
        console.print(Text.assemble("\n", ("hint:", "bold"), " ", hint), soft_wrap=True)


@contextmanager
def phases(unit: Unit = "steps") -> Iterator[Report]:
    """One bar on stderr for work in several parts, with the time that is left of each, gone when all is done.

    Yields:
        the callback `(description, done, total)`: a new description begins a new bar. It may be called from any
        thread, and costs nothing where stderr is no terminal.
    """
    if not sys.stderr.isatty():  # rich's own answer also heeds FORCE_COLOR, which logs set
        yield lambda description, done, total: None
        return
    from rich.progress import Progress

    with Progress(*bar_columns(unit), console=talk_console(), transient=True) as bar:
        task = bar.add_task("", total=None, visible=False)
        shown = ""

        def report(description: str, done: float, total: int | None) -> None:
            nonlocal shown
            if description != shown:  # what is done already says nothing about the speed
                shown = description
                bar.reset(task, description=description, completed=int(done), total=total, visible=True)
            else:
                bar.update(task, completed=done, total=total)

        yield report


@contextmanager
def progress(description: str, total: int | None = None, *, unit: Unit = "steps") -> Iterator[Advance]:
    """A bar on stderr for one piece of work, with the time that is left.

    Args:
        description: what is being done, such as "Loading weights".
        total: how much there is to do; None until a call of the callback says so.
        unit: "bytes" shows sizes and speed, "steps" shows counts.

    Yields:
        the callback `(done, total)`, as that of `phases`.
    """
    with phases(unit) as report:
        report(description, 0, total)
        yield lambda done, total: report(description, done, total)


def bar_columns(unit: Unit) -> list[Any]:
    """The columns of a bar: what, how far, how much, how fast, how long still."""
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    amount = [DownloadColumn(), TransferSpeedColumn()] if unit == "bytes" else [MofNCompleteColumn()]
    return [TextColumn("{task.description}", markup=False), BarColumn(), *amount, TimeRemainingColumn()]
