"""What lies around the routes, from the outside in: other sites' pages, the ledger, the guard."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from osler.serve.audit import AuditLog
from osler.serve.guard import Guard, Rules
from osler.serve.ledger import Ledger, Reader, counts_of
from osler.serve.metrics import Metrics
from osler.serve.state import State

if TYPE_CHECKING:
    from osler.tasks.stream import Stream

__all__ = ["surround"]

METHODS = ("GET", "POST", "DELETE")
PREFLIGHT_S = 600


def surround(app: FastAPI, rules: Rules, *, audit: Path | None) -> None:
    """Put an application's guard, ledger and CORS around it, and listen to its jobs.

    Args:
        rules: what the guard lets in.
        audit: the folder of the audit log; None for none.
    """
    state: State = app.state.osler
    log = AuditLog(audit, state.name, state.uploads) if audit is not None else None
    metrics = Metrics(state, lambda: log.num_lost if log is not None else 0)
    app.state.metrics, app.state.audit = metrics, log
    readers: list[Reader] = [metrics] if log is None else [metrics, log]
    app.add_middleware(Guard, rules=rules)
    app.add_middleware(Ledger, readers=readers)
    if rules.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(rules.origins),
            allow_methods=METHODS,
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Retry-After"],
            max_age=PREFLIGHT_S,
        )
    if state.jobs is not None:
        _listen(state, metrics, log)


def _listen(state: State, metrics: Metrics, log: AuditLog | None) -> None:
    """Tell metrics, audit and the key's account what jobs came to."""

    def ended(row: dict[str, Any], status: str, streams: "list[Stream]") -> None:
        counts = counts_of(streams)
        metrics.job_ended(task=row["task"], status=status, counts=counts)
        state.admission.quotas.charge(row["owner"], counts.prompt_tokens + counts.completion_tokens)
        if log is not None:
            log.job_ended(
                job=row["id"],
                owner=row["owner"],
                task=row["task"],
                studies=json.loads(row["studies"]),
                counts=counts,
                status=status,
                seconds=time.time() - (row["started"] or row["created"]),
                model=json.loads(row["options"]).get("model") or "",
            )

    assert state.jobs is not None
    state.jobs.on_end = ended
