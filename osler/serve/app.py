"""The server's application: its routes, and what goes on beside them."""

import asyncio
from collections.abc import AsyncIterator, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from osler.serve import (
    chat,
    completions,
    conversations,
    embeddings,
    files,
    generate,
    job_routes,
    metrics,
    models,
    page,
    studies,
    tokens,
    views,
)
from osler.serve.admission import Admission
from osler.serve.faults import tell_errors
from osler.serve.guard import Rules
from osler.serve.jobs import Jobs
from osler.serve.keys import KeyRing
from osler.serve.openapi import describe
from osler.serve.pictures import Pictures
from osler.serve.refusal import RefusedError
from osler.serve.settings import Settings
from osler.serve.state import State
from osler.serve.surround import surround
from osler.serve.uploads import NoUploads, Uploads
from osler.serve.vault import Vault
from osler.serve.viewers import routes as viewers
from osler.versions import version_of

if TYPE_CHECKING:
    from osler.tasks.medsiglip import MedSiglip
    from osler.tasks.model import Model

__all__ = ["create_app"]

SWEEP_S = 600.0
SILENT: Any = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False}
"""FastAPI's own telemetry, all of it off whatever the environment says; versions that have none take it for nothing."""

ROUTERS = (
    chat.router,
    completions.router,
    generate.router,
    models.router,
    metrics.router,
    tokens.router,
    embeddings.router,
    files.router,
    studies.router,
    conversations.router,
    views.router,
    job_routes.router,
    viewers.router,
    page.router,
)


def create_app(
    model: "Model",
    name: str,
    *,
    settings: Settings | None = None,
    uploads: Uploads | None = None,
    keys: KeyRing | None = None,
    hosts: Collection[str] = (),
    audit: Path | None = None,
    medsiglip: "MedSiglip | None" = None,
) -> FastAPI:
    """An application that answers with a model.

    Args:
        name: by which clients call it.
        settings: limits; None for those of `Settings`.
        uploads: where file ids lead; None for a server without uploads.
        keys: who may ask; None for everybody who can reach it.
        hosts: by which names clients may call the server, beside those of this machine.
        audit: folder of the audit log; None for none.
        medsiglip: for `/v1/embeddings`; None for a server without.
    """
    chosen = settings or Settings()
    pool = ThreadPoolExecutor(chosen.max_requests, thread_name_prefix="answer")
    if isinstance(uploads, Vault):
        uploads.on_delete.append(viewers.forget)
    jobs = Jobs(model, uploads, most_tokens=chosen.max_new_tokens) if isinstance(uploads, Vault) else None
    app = FastAPI(
        title="Osler",
        version=version_of("osler") or "unknown",
        summary=model.notice,
        lifespan=_life,
        docs_url=None,
        redoc_url=None,
        telemetry=SILENT,
    )
    app.state.osler = State(
        model=model,
        name=name,
        settings=chosen,
        admission=Admission(chosen.max_requests),
        pool=pool,
        uploads=uploads or NoUploads(),
        jobs=jobs,
        pictures=Pictures(chosen.image_hosts) if chosen.image_hosts else None,
        medsiglip=medsiglip,
    )
    for router in ROUTERS:
        app.include_router(router)
    rules = Rules(
        keys=keys,
        hosts=hosts,
        origins=chosen.origins,
        open_paths=page.is_open,
        body_limit=chosen.body_limit,
        body_timeout_s=chosen.body_timeout_s,
    )
    surround(app, rules, audit=audit)
    describe(app, has_keys=keys is not None)
    tell_errors(app)
    return app


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    """What goes on beside requests: jobs of the last server are taken up, old uploads deleted, all ended at last."""
    state: State = app.state.osler
    if state.jobs is not None:
        await _swept(state.jobs, orphans_s=0.0)  # nobody else works in the folder, and nobody yet
        await run_in_threadpool(state.jobs.resume)
    sweeping = asyncio.ensure_future(_sweep(state.jobs))
    yield
    sweeping.cancel()
    if state.jobs is not None:
        await run_in_threadpool(state.jobs.close)
    state.pool.shutdown(wait=False, cancel_futures=True)
    if app.state.audit is not None:
        await run_in_threadpool(app.state.audit.close)


async def _sweep(jobs: Jobs | None) -> None:
    """Delete what has outlived its time, now and then."""
    while jobs is not None:
        await asyncio.sleep(SWEEP_S)
        await _swept(jobs)


async def _swept(jobs: Jobs, *, orphans_s: float | None = None) -> None:
    with suppress(RefusedError, OSError):  # the disk is full: the next time
        await run_in_threadpool(jobs.sweep, orphans_s=orphans_s)
