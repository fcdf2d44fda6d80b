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

__all__ = ["Advance", "print_data", "print_error", "print_json", "print_note", "print_text", "progress"]

Advance = Callable[[int, int | None], None]
"""Called as work goes on: (done so far, total or None where it is not known)."""

PIPE_WIDTH = 160  # columns of a table that no terminal shows; rich would cut it at 80


def data_console() -> "Console":
    """A console on stdout as it is now (tests and pipes replace it)."""
    from rich.console import Console

    width = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else PIPE_WIDTH
    return Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)


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
def progress(
    description: str, total: int | None = None, *, unit: Literal["bytes", "steps"] = "steps"
) -> Iterator[Advance]:
    """A bar on stderr with the time that is left, gone when the work is done.

    Args:
        description: what is being done, such as "Loading weights".
        total: how much there is to do; None until a call of the callback says so.
        unit: "bytes" shows sizes and speed, "steps" shows counts.

    Yields:
        the callback `(done, total)`; safe to call from any thread, and free where stderr is no terminal.
    """
    console = talk_console()
    if not console.is_terminal:
        yield lambda done, total: None
        return
    from rich.progress import Progress

    with Progress(*bar_columns(unit), console=console, transient=True) as bar:
        task = bar.add_task(description, total=total)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def bar_columns(unit: Literal["bytes", "steps"]) -> list[Any]:
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
    return [TextColumn("{task.description}"), BarColumn(), *amount, TimeRemainingColumn()]
