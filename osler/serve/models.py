"""`/v1/models`, `/health` and `/ready`."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from osler.serve.names import Named, models_of
from osler.serve.refusal import RefusedError
from osler.serve.state import State, state_of

__all__ = ["EMBEDDING", "router"]

router = APIRouter(tags=["models"])

EMBEDDING = "medsiglip"
"""How clients call the model that makes vectors."""


@router.get("/v1/models", summary="The models that answer here")
def models(request: Request) -> dict[str, Any]:
    """The model that answers, each adapter of it, and MedSigLIP where it is loaded, for embeddings."""
    return {"object": "list", "data": _all(state_of(request))}


@router.get("/v1/models/{name:path}", summary="One model")
def model(name: str, request: Request) -> dict[str, Any]:
    """What is known of it."""
    for one in _all(state_of(request)):
        if one["id"] == name:
            return one
    raise RefusedError(404, f"there is no model `{name[:64]}`", code="model_not_found", param="model")


@router.get("/health", summary="Whether the server runs", tags=["health"])
def health() -> dict[str, str]:
    """It does, if this is read."""
    return {"status": "ok"}


@router.get("/ready", summary="Whether the server takes requests", tags=["health"])
def ready(request: Request) -> JSONResponse:
    """503 while it is shutting down or full."""
    admission = state_of(request).admission
    is_ready = not admission.is_closing and admission.num_open < admission.limit
    body = {"status": "ready" if is_ready else "busy", "in_work": admission.num_open, "limit": admission.limit}
    return JSONResponse(body, status_code=200 if is_ready else 503)


def _described(state: State, one: Named) -> dict[str, Any]:
    identity = one.model.identity
    tuned = {} if identity.adapter is None else {"parent": state.name}
    return {
        "id": one.name,
        "object": "model",
        "created": 0,
        "owned_by": "local",
        **tuned,
        "max_model_len": one.model.context,
        "description": identity.description,
        "weights_id": identity.weights_id,
        "reads_images": one.model.config.vision is not None,
        "notice": one.model.notice,
    }


def _all(state: State) -> list[dict[str, Any]]:
    medsiglip, answering = state.medsiglip, [_described(state, one) for one in models_of(state)]
    if medsiglip is None:
        return answering
    told = {"description": medsiglip.description, "weights_id": medsiglip.weights_id, "notice": medsiglip.notice}
    return [*answering, {"id": EMBEDDING, "object": "model", "created": 0, "owned_by": "local", **told}]
