"""`/v1/jobs`: tasks on studies, in the background."""

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool

from osler.serve.events import DONE, PlainEvents, event
from osler.serve.job_tasks import JobRequest
from osler.serve.jobs import OVER, Jobs
from osler.serve.ledger import entry_of
from osler.serve.names import named
from osler.serve.refusal import RefusedError
from osler.serve.state import key_of, owner_of, state_of

__all__ = ["router"]

router = APIRouter(tags=["jobs"])

LOOK_S = 1.0
SHOWN = frozenset({"text/html", "image/png"})
"""Kinds that a browser shows; it saves the others."""

ALONE = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "Cache-Control": "private, no-store",
}
"""A page that a job made runs nothing and fetches nothing, even if a text in it were not escaped."""


@router.post("/v1/jobs", summary="Start a task on a study", status_code=202)
def create(sent: JobRequest, request: Request) -> dict[str, Any]:
    """ask, report, locate, compare, labs or record; it goes on when the client goes away, and after a restart."""
    jobs, owner, entry = jobs_of(request), owner_of(request), entry_of(request)
    key = key_of(request)
    state_of(request).admission.quotas.check(key)
    most = None if key is None else key.max_requests
    asked = named(state_of(request), sent.model)
    entry.task, entry.model = sent.task, asked.name
    if sent.model != asked.model.identity.adapter:
        sent.model = asked.model.identity.adapter  # by which it is known in the next run of the server, too
    entry.ids += [one for one in (sent.study_id, sent.prior_id) if one]
    return _described(jobs, jobs.row(jobs.add(sent, owner=owner, most=most), owner=owner))


@router.get("/v1/jobs", summary="All jobs")
def listed(request: Request) -> dict[str, Any]:
    """Those of whoever asks, the newest first, without their results."""
    jobs = jobs_of(request)
    rows = jobs.rows(owner=owner_of(request))
    return {"object": "list", "data": [_described(jobs, row) for row in rows]}


@router.get("/v1/jobs/{job_id}", summary="One job")
def job(job_id: str, request: Request) -> dict[str, Any]:
    """How far it is, or what came of it."""
    jobs = jobs_of(request)
    return _described(jobs, jobs.row(job_id, owner=owner_of(request)))


@router.get("/v1/jobs/{job_id}/events", summary="Follow a job")
async def events(job_id: str, request: Request) -> PlainEvents:
    """Server-sent events from the job's beginning: status, progress, thinking, text, error."""
    jobs = jobs_of(request)
    row = await run_in_threadpool(jobs.row, job_id, owner=owner_of(request))
    return PlainEvents(_events(jobs, row, request))


@router.post("/v1/jobs/{job_id}/cancel", summary="Stop a job")
def cancel(job_id: str, request: Request) -> dict[str, Any]:
    """It stops at the next token, image or chunk of its prompt."""
    jobs, owner = jobs_of(request), owner_of(request)
    jobs.cancel(job_id, owner=owner)
    return _described(jobs, jobs.row(job_id, owner=owner))


@router.delete("/v1/jobs/{job_id}", summary="Delete a job")
def delete(job_id: str, request: Request) -> dict[str, Any]:
    """With everything that it made."""
    jobs_of(request).delete(job_id, owner=owner_of(request))
    return {"id": job_id, "object": "job", "deleted": True}


@router.get("/v1/jobs/{job_id}/files/{name}", summary="A file that a job made")
def file(job_id: str, name: str, request: Request) -> FileResponse:
    """Report for people (report.html), overlay, table, DICOM or FHIR."""
    jobs = jobs_of(request)
    path, kind = jobs.store.file(jobs.row(job_id, owner=owner_of(request)), name)
    shown = "inline" if kind in SHOWN else "attachment"
    return FileResponse(path, media_type=kind, filename=name, content_disposition_type=shown, headers=ALONE)


def jobs_of(request: Request) -> Jobs:
    """The jobs of a server.

    Raises:
        RefusedError: it takes none.
    """
    jobs = state_of(request).jobs
    if jobs is None:
        raise RefusedError(501, "this server takes no jobs", kind="server_error", code="no_uploads")
    return jobs


async def _events(jobs: Jobs, row: dict[str, Any], request: Request) -> AsyncIterator[str]:
    """A job's events; of one that ended in an earlier run, only what came of it."""
    running = jobs.running(row["id"])
    told = running.events if running else None
    position, goes_on = 0, told is not None
    while goes_on and told is not None and not await request.is_disconnected():
        new, goes_on = await run_in_threadpool(told.wait, position, LOOK_S)
        position += len(new)
        for one in new:
            yield event(one)
    ended = await run_in_threadpool(jobs.row, row["id"], owner=row["owner"])
    if ended["status"] in OVER:
        yield event({"type": "result", "job": _described(jobs, ended)})
    yield DONE


def _described(jobs: Jobs, row: dict[str, Any]) -> dict[str, Any]:
    running = jobs.running(row["id"])
    progress = running.progress if running and row["status"] == "running" else None
    sent = json.loads(row["options"])
    return {
        "id": row["id"],
        "object": "job",
        "task": row["task"],
        "status": row["status"],
        "study_id": sent["study_id"],
        "prior_id": sent.get("prior_id"),
        "request": sent,
        "progress": progress,
        "estimate_s": jobs.pace.left_s(row, running),
        "result": json.loads(row["result"]) if row["result"] else None,
        "error": row["error"],
        "notes": json.loads(row["notes"]),
        "files": [{**made, "url": f"/v1/jobs/{row['id']}/files/{made['name']}"} for made in json.loads(row["files"])],
        "created_at": row["created"],
        "started_at": row["started"],
        "ended_at": row["ended"],
        "expires_at": jobs.store.expires(row),
    }
