"""Running a program to its end, with the time at which it wrote what, and the memory it took."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import IO, NamedTuple

from osler.child import osler_environment
from osler.errors import OslerError

__all__ = ["Finished", "Output", "child_environment", "end", "run_process", "tail_of"]

READ_BYTES = 1 << 16
TAIL_LINES = 5
GIB = 1 << 30

PATIENCE_S = 5
"""How long a program may take to end when it is interrupted."""


class Output(NamedTuple):
    """A piece of output and when it came, in seconds since the start."""

    at_s: float
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A program that ended well.

    Attributes:
        seconds: from before its start to its end.
        out, err: what it wrote, in pieces as they came.
        peak_bytes: the most memory that it had in use at once, mapped files included; None unless it was asked for,
            and where the system does not tell.
    """

    seconds: float
    out: tuple[Output, ...]
    err: tuple[Output, ...]
    peak_bytes: int | None = None

    @property
    def out_text(self) -> str:
        return _text(self.out)

    @property
    def err_text(self) -> str:
        return _text(self.err)

    @property
    def peak_gib(self) -> float:
        """The peak in GiB; OslerError where it is not known."""
        if self.peak_bytes is None:
            raise OslerError("this system does not tell how much memory a process took")
        return self.peak_bytes / GIB


def run_process(command: Sequence[str | Path], *, weigh: bool = False) -> Finished:
    """Run a program to its end; it is ended if this is interrupted.

    Args:
        command: the program and its arguments.
        weigh: tell how much memory it took at most.

    Raises:
        OslerError: it cannot be started, or it ended with an error.
    """
    words = [str(word) for word in command]
    if not weigh:
        return _run(words, words[0])
    with TemporaryDirectory() as folder:
        report = Path(folder) / "peak"
        finished = _run([sys.executable, "-m", "osler.bench.weigh", str(report), *words], words[0])
        return replace(finished, peak_bytes=int(report.read_text()) if report.exists() else None)


def child_environment() -> dict[str, str]:
    """The environment of a child that runs Osler: this same Osler, wherever it was imported from.

    No image vectors are kept on disk: images of noise come again in the next measurement, and must be new then.
    """
    return {**osler_environment(), "OSLER_VECTORS_GIB": "0"}


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program that was started here, and what it started: ask first, so that it can tidy up, then kill."""
    if process.poll() is not None:
        return
    for number in ("SIGINT", "SIGKILL"):
        if os.name == "posix":
            os.killpg(process.pid, getattr(signal, number))
        else:
            process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE_S)
            return


def tail_of(text: str) -> str:
    """The last lines of a program's talk, for an error message."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "\n".join(lines[-TAIL_LINES:])


def _run(words: Sequence[str], program: str) -> Finished:
    out: list[Output] = []
    err: list[Output] = []
    started = perf_counter()
    process = _start(words)
    assert process.stdout is not None and process.stderr is not None
    readers = [_follow(process.stdout, out, started), _follow(process.stderr, err, started)]
    try:
        code = process.wait()
        seconds = perf_counter() - started
        for reader in readers:
            reader.join()
    except BaseException:
        end(process)
        raise
    finished = Finished(seconds=seconds, out=tuple(out), err=tuple(err))
    if code:
        raise _failure(Path(program).name, code, finished.err_text or finished.out_text)
    return finished


def _start(words: Sequence[str]) -> subprocess.Popen[bytes]:
    """In a session of its own, so that Ctrl-C in the terminal reaches only us, who then end it."""
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=child_environment(),
            start_new_session=True,
        )
    except OSError as error:
        raise OslerError(f"cannot run `{words[0]}`: {error.strerror or error}") from error


def _follow(stream: IO[bytes], pieces: list[Output], started: float) -> threading.Thread:
    """Note what comes from a stream and when, in a thread."""

    def read() -> None:
        while data := os.read(stream.fileno(), READ_BYTES):
            pieces.append(Output(perf_counter() - started, data))
        stream.close()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _text(pieces: Sequence[Output]) -> str:
    return b"".join(piece.data for piece in pieces).decode(errors="replace")


def _failure(program: str, code: int, talk: str) -> OslerError:
    how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
    return OslerError(f"`{program}` {how}:\n{tail_of(talk)}")
