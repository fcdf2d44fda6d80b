"""Osler's side of a measurement."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from osler.bench.figures import IMAGE_PHASES, PHASES, Phase
from osler.bench.material import ANSWER_TOKENS, CONTEXT, NUM_STREAMS, QUESTION, SHORT_QUESTION
from osler.bench.process import Finished, child_environment, end, run_process, tail_of
from osler.bench.side import Figures, Job
from osler.bench.subject import Subject
from osler.engine.memory import available_bytes
from osler.errors import OslerError

__all__ = ["Osler"]

WORKER_CONTEXT = 2048
"""Tokens, enough for every phase."""

ROOM_FACTOR = 2
"""Memory that a program may take beside the kept model, as a multiple of the files; else the model is given up."""


class Osler:
    """Measures Osler: in a worker that keeps the model loaded, and in fresh processes for start and memory.

    Args:
        subject: the model.
        threads: processor threads.
    """

    name = "osler"

    def __init__(self, subject: Subject, threads: int) -> None:
        self._subject = subject
        self._threads = threads
        self._worker: Worker | None = None
        self._has_started = False

    @property
    def phases(self) -> tuple[Phase, ...]:
        """What this model can be measured in."""
        return tuple(phase for phase in PHASES if self._subject.image_px or phase not in IMAGE_PHASES)

    def measure(self, job: Job) -> Figures:
        """Run one phase.

        Raises:
            OslerError: it failed.
        """
        fresh: dict[Phase, Callable[[Job], Figures]] = {"start": self._start, "memory": self._memory}
        if job.phase in fresh:
            self.make_room()
            return fresh[job.phase](job)
        if self._worker is None:
            context = min(WORKER_CONTEXT, self._subject.context_length)
            self._worker = Worker(
                path=str(self._subject.path),
                adapter=None if self._subject.adapter is None else str(self._subject.adapter),
                threads=self._threads,
                context=context,
                sequences=NUM_STREAMS,
            )
        try:
            return self._worker.measure(job)
        except OslerError:
            if not self._worker.is_alive:
                self.close()  # the next phase starts another
            raise

    def make_room(self) -> None:
        """Give up the loaded model where another program would not find enough memory beside it."""
        free = available_bytes()
        if free is not None and free < ROOM_FACTOR * self._subject.size_bytes:
            self.close()

    def close(self) -> None:
        """End the worker, if there is one."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _start(self, job: Job) -> Figures:
        """A whole process that answers with one token; once before, so that caches are warm."""
        if not self._has_started:
            self._ask(SHORT_QUESTION, max_new_tokens=1)
            self._has_started = True
        return {"start_s": self._ask(SHORT_QUESTION, max_new_tokens=1).seconds}

    def _memory(self, job: Job) -> Figures:
        finished = self._ask(job.image, QUESTION, max_new_tokens=ANSWER_TOKENS, weigh=True)
        return {"memory_gib": finished.peak_gib}

    def _ask(self, *words: Path | str | None, max_new_tokens: int, weigh: bool = False) -> Finished:
        """Run `osler ask` as a person does."""
        context = min(CONTEXT, self._subject.context_length)
        options = {
            "model": self._subject.path,
            "max-new-tokens": max_new_tokens,
            "threads": self._threads,
            "context": context,
        }
        if self._subject.adapter is not None:
            options["adapter"] = self._subject.adapter
        flags = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
        return run_process([sys.executable, "-m", "osler", "ask", *map(str, words), *flags], weigh=weigh)


class Worker:
    """A process that keeps the model loaded (see `osler.bench.worker`).

    Args:
        arguments: those of `osler.load`.
    """

    def __init__(self, **arguments: Any) -> None:
        self._talk = TemporaryFile()  # noqa: SIM115  (closed with the process)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "osler.bench.worker", json.dumps(arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._talk,
            env=child_environment(),
            start_new_session=True,
        )

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def measure(self, job: Job) -> Figures:
        """Run a phase there.

        Raises:
            OslerError: it failed, or the process ended.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        command = {"phase": job.phase, "image": str(job.image), "warm_up_image": str(job.warm_up_image)}
        try:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None
        line = self._process.stdout.readline()
        if not line:
            raise self._ended()
        answer = json.loads(line)
        if "error" in answer:
            raise OslerError(answer["error"], hint=answer["hint"])
        return answer

    def close(self) -> None:
        """End it; nothing happens to one that has ended."""
        end(self._process)
        for stream in (self._process.stdin, self._process.stdout, self._talk):
            if stream is not None:
                stream.close()

    def _ended(self) -> OslerError:
        code = self._process.wait()
        self._talk.seek(0)
        talk = tail_of(self._talk.read().decode(errors="replace"))
        return OslerError(f"the process that measures ended with code {code}:\n{talk}")
