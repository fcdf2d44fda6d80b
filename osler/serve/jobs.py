"""Jobs: tasks that go on while nobody waits, and that a stopped server takes up again.

A job is a row of the database, so it is there before its client is told of it. One that was waiting or running when
the server ended (killed, too) waits again when it is started; one that ended the server twice is given up as
"interrupted". What a job made goes with it when its time is over.
"""

import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from osler.serve.file_names import named
from osler.serve.job_pace import JobPace, size_of
from osler.serve.job_page import page_file
from osler.serve.job_queue import JobQueue
from osler.serve.job_store import OVER, RUNNING, WAITING, JobStore
from osler.serve.job_tasks import JobRequest, Outcome, check, perform
from osler.serve.job_words import files_of_studies, too_many, words_of
from osler.serve.refusal import RefusedError
from osler.serve.running import Running, StoppedError
from osler.serve.studies import options_of
from osler.serve.vault import Vault
from osler.tasks.stream import Stream

if TYPE_CHECKING:
    from osler.tasks.model import Model

__all__ = ["OVER", "Jobs"]

MOST_ATTEMPTS = 2
MOST_OPEN = 200
"""Jobs of one owner that wait or run."""

TOLD_JOBS = 200
"""Ended jobs whose events are still in memory."""

OnEnd = Callable[[dict[str, Any], str, list[Stream]], None]
"""Told of a job that came to its end: its row, how it ended, the answers that it asked for."""

STUDY_GONE = "its study is not there any more: upload it again"


class Jobs:
    """Takes jobs, runs some of them at a time, and remembers all.

    Args:
        model: what answers.
        vault: where studies lie, and jobs.
        at_once: how many run at the same time.
        most_tokens: of one answer; None for what the context holds.

    Attributes:
        store: their rows and files.
        pace: how long they take.
        on_end: told of each job that came to its end.
    """

    def __init__(self, model: "Model", vault: Vault, *, at_once: int = 2, most_tokens: int | None = None) -> None:
        self.store = JobStore(vault)
        self.pace = JobPace(vault.folder / "pace.json", model)
        self.on_end: OnEnd = _tell_nobody
        self._model = model
        self._vault = vault
        self._most_tokens = most_tokens
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="job")
        self._queue = JobQueue()
        self._here: dict[str, Running] = {}
        self._lock = threading.Lock()
        self._is_closing = False

    def resume(self) -> int:
        """Let those that did not come to their end wait again; how many."""
        left = self.store.unfinished()
        for row in left:
            if row["status"] == RUNNING and row["attempts"] >= MOST_ATTEMPTS:
                reason = "the server ended while this ran, twice"
                self.store.change(row["id"], status="interrupted", error=reason, ended=time.time())
                continue
            self.store.change(row["id"], status=WAITING)
            self._submit(row["id"], row["owner"])
        return len(left)

    def add(self, sent: JobRequest, *, owner: str, most: int | None = None) -> str:
        """Take a job; its id.

        Args:
            most: jobs that the owner may have open; None for as many as the server lets anybody have.

        Raises:
            RefusedError: the task lacks something, there is no such study, or the owner has too many jobs open.
        """
        check(sent)
        studies = [sent.study_id, *([sent.prior_id] if sent.prior_id else [])]
        rows = [self._vault.study(study, owner=owner) for study in studies]
        if len(self.store.unfinished(owner=owner)) >= (limit := min(MOST_OPEN, most or MOST_OPEN)):
            raise too_many(limit)
        num_images = sum(json.loads(row["described"])["num_images"] for row in rows)
        job = self.store.insert(sent, studies, owner=owner, size=size_of(sent, num_images))
        self._submit(job, owner)
        return job

    def row(self, job: str, *, owner: str) -> dict[str, Any]:
        """What is known of a job.

        Raises:
            RefusedError: there is none of that id that is the owner's.
        """
        return self._with_unsaved(self.store.row(job, owner=owner))

    def rows(self, *, owner: str) -> list[dict[str, Any]]:
        """All of an owner's, the newest first, without their results."""
        return [self._with_unsaved(row) for row in self.store.rows(owner=owner)]

    def running(self, job: str) -> Running | None:
        """What a job of this run of the server tells; None for older ones."""
        return self._here.get(job)

    def cancel(self, job: str, *, owner: str, reason: str | None = None) -> None:
        """Stop a job; nothing happens to one that is over."""
        if self.row(job, owner=owner)["status"] in OVER:
            return
        running = self._here.get(job)
        if running is not None:
            running.cancel(reason)
        if self.row(job, owner=owner)["status"] == WAITING:
            self._end(job, "cancelled", error=reason)

    def delete(self, job: str, *, owner: str) -> None:
        """Stop a job and forget it with what it made."""
        self.cancel(job, owner=owner)
        self._forget(job)
        self._vault.database.tidy()

    def delete_study(self, study: str, *, owner: str, with_jobs: bool = False) -> None:
        """Delete a study. Its jobs that are not over are stopped; those that are stay, unless they are to go, too.

        Raises:
            RefusedError: there is none of that id that is the owner's.
        """
        self._vault.study(study, owner=owner)
        for row in self.rows(owner=owner):
            if study not in json.loads(row["studies"]):
                continue
            self.cancel(row["id"], owner=owner, reason="its study was deleted")
            if with_jobs:
                self._forget(row["id"])
        self._vault.delete_study(study)
        self._vault.database.tidy()

    def sweep(self, *, orphans_s: float | None = None) -> None:
        """Delete jobs, then studies and uploads, that have outlived their time; studies that are worked on stay.

        Raises:
            RefusedError, OSError: the disk does not take the change.
        """
        for job, running in list(self._here.items()):
            if running.unsaved:
                with suppress(RefusedError):
                    self.store.change(job, **running.unsaved)
                    running.unsaved = {}
        for job in self.store.expired():
            self._forget(job)
        self._vault.sweep(in_use=self.store.studies_in_use(), orphans_s=orphans_s)

    def close(self, timeout_s: float = 10.0) -> None:
        """Stop; what runs is cut off and waits for the next start."""
        self._is_closing = True
        for running in list(self._here.values()):
            running.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)
        until = time.monotonic() + timeout_s
        while time.monotonic() < until and any(running.is_at_work for running in [*self._here.values()]):
            time.sleep(0.05)
        for running in list(self._here.values()):
            running.events.end()  # who follows one is not kept waiting

    def _with_unsaved(self, row: dict[str, Any]) -> dict[str, Any]:
        running = self._here.get(row["id"])
        return {**row, **running.unsaved} if running else row

    def _forget(self, job: str) -> None:
        self.store.forget(job)
        self._here.pop(job, None)

    def _submit(self, job: str, owner: str) -> None:
        with self._lock:
            self._here[job] = running = Running()
            for old in list(self._here)[:-TOLD_JOBS]:
                row = self.store.find(old)
                if row is None or row["status"] in OVER:
                    del self._here[old]
        running.events.tell("status", status=WAITING)
        self._queue.put(job, owner=owner)
        self._pool.submit(self._run_next)

    def _run_next(self) -> None:
        if (job := self._queue.take()) is not None:
            self._run(job)

    def _run(self, job: str) -> None:
        """Do a job in a thread of the pool; whatever goes wrong becomes its error."""
        running, row = self._here.get(job), self.store.find(job)
        if running is None or row is None or row["status"] != WAITING or self._is_closing:
            return
        row = {**row, "status": RUNNING, "started": time.time(), "attempts": row["attempts"] + 1}
        running.is_at_work = True
        try:
            self._do(row, running)
        except Exception as error:  # whatever it is, the server stays
            if running.is_cancelled or isinstance(error, StoppedError):
                self._stopped(row, running)
            else:
                self._end(job, "failed", error=words_of(error, self._vault, json.loads(row["studies"])))
        finally:
            running.is_at_work = False
        if self.store.find(job) is None:  # deleted while its files were written
            self.store.throw_away(job)

    def _do(self, row: dict[str, Any], running: Running) -> None:
        """Do a job to its end.

        Raises:
            StoppedError: it was stopped.
            RefusedError, OslerError: its study is gone, the task refuses it, or the disk is full.
        """
        self.store.change(row["id"], status=RUNNING, started=row["started"], attempts=row["attempts"])
        running.events.tell("status", status=RUNNING)
        sent = JobRequest.model_validate_json(row["options"])
        outcome, digests = self._perform(row, sent, running)
        running.check()
        answering = self._model.adapted(sent.model).identity
        page = page_file(row, sent, outcome, digests=digests, model=answering, seen=running.seen)
        files = self.store.keep(row["id"], (*outcome.files, page))
        running.check()
        self.pace.note(row, running)
        self._end(row["id"], "done", result=outcome.result, files=files, notes=outcome.notes)

    def _perform(self, row: dict[str, Any], sent: JobRequest, running: Running) -> tuple[Outcome, list[str]]:
        """What comes of a job, and the digests of its studies."""
        paths, studies, digests, names = {}, {}, [], files_of_studies(self._vault, json.loads(row["studies"]))
        for study in json.loads(row["studies"]):
            kept = self._vault.database.one("studies", study)
            if kept is None:
                raise RefusedError(404, STUDY_GONE, code="not_found")
            paths[study] = self._vault.study_path(study)
            studies[study] = options_of(json.loads(kept["options"]))
            digests.append(json.loads(kept["described"])["digest"])
        if self._most_tokens is not None:
            sent.max_new_tokens = min(sent.max_new_tokens or self._most_tokens, self._most_tokens)
        model = self._model.adapted(sent.model).watched(running.told, running.opened)
        with self._vault.scratch():
            outcome = perform(model, sent, paths, studies, running.events.tell, names)
        return replace(outcome, result=named(outcome.result, names), notes=named(outcome.notes, names)), digests

    def _stopped(self, row: dict[str, Any], running: Running) -> None:
        """A job that was cut off: by a person, or because the server ends, and then it waits for the next start."""
        if self._is_closing:
            with suppress(RefusedError):
                self.store.change(row["id"], status=WAITING, attempts=row["attempts"] - 1)
        else:
            self._end(row["id"], "cancelled", error=running.reason)

    def _end(
        self,
        job: str,
        status: str,
        *,
        result: dict[str, Any] | None = None,
        error: str | None = None,
        files: Sequence[dict[str, Any]] = (),
        notes: Sequence[str] = (),
    ) -> None:
        running, ended = self._here.get(job), time.time()
        told = None if result is None else self._vault.without_paths(json.dumps(result, default=str))
        lists = {"files": json.dumps(files), "notes": self._vault.without_paths(json.dumps(notes))}
        try:
            self.store.change(job, status=status, result=told, error=error, ended=ended, **lists)
        except RefusedError as refusal:  # the disk is full: it is told now, and the next start does the job again
            status, error = "failed", refusal.message
            self.store.throw_away(job)
            if running is not None:
                running.unsaved = {"status": status, "error": error, "ended": ended}
        if running is not None:
            running.end(status, error)
        if (row := self.store.find(job)) is not None:
            self.on_end(row, status, running.streams if running else [])
        if running is not None:
            running.let_go()


def _tell_nobody(row: dict[str, Any], status: str, streams: list[Stream]) -> None:
    """Nobody listens."""
