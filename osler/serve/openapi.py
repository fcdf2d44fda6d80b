"""The description of the interface (`/openapi.json`): what FastAPI finds in the routes, and what it cannot see.

That is: errors of its clients' shapes in place of FastAPI's own, which routes are refused for which reasons, the key,
answers that come as events, and the forms of answers that routes write by hand.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from osler.serve.guard import OPEN_PATHS
from osler.serve.refusal import HUB_PATHS

__all__ = ["describe"]

METHODS = frozenset({"get", "post", "delete"})
REASONS = {
    "400": "The request is not of its form, or asks for what cannot be done",
    "401": "No key, or one that is not known",
    "403": "The request comes from a page of another site",
    "404": "There is no such thing that is the asker's",
    "408": "The request did not come in within its time",
    "409": "Not in the state that it is in",
    "413": "The request, its images or its files are too large or too many",
    "415": "Not a form or text that this route reads",
    "421": "The server does not answer by that name",
    "429": "The server is full, or the key has used what it may; `Retry-After` says when to come again",
    "500": "The server failed; its log says where",
    "501": "The server has no place for uploads, or lacks an optional part",
    "502": "An image could not be fetched",
    "503": "The server is shutting down",
    "507": "The disk is full",
}
ALWAYS = ("401", "403", "421", "500")
WITH_BODY = ("400", "408", "413", "415")
ANSWERING = ("429", "503")
ANSWER_TAGS = frozenset({"chat", "completions", "text-generation-inference"})
STORED_TAGS = frozenset({"files", "studies", "jobs", "viewers"})
FETCHING = frozenset({"/v1/chat/completions"})

TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
MAYBE_TEXT = {"type": ["string", "null"]}


def _object(required: str, **properties: Any) -> dict[str, Any]:
    """An object with properties, of which those that are named must be there; others may be, too."""
    return {"type": "object", "required": required.split(), "properties": properties}


def _list(of: Any) -> dict[str, Any]:
    return {"type": "array", "items": of}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


USAGE = _object(
    "prompt_tokens completion_tokens total_tokens",
    prompt_tokens=COUNT,
    completion_tokens=COUNT,
    total_tokens=COUNT,
    prompt_tokens_details=_object("cached_tokens", cached_tokens=COUNT),
)
REASON = {"type": "string", "enum": ["stop", "length"]}
SCHEMAS: dict[str, Any] = {
    "Error": _object(
        "error",
        error=_object("message type param code", message=TEXT, type=TEXT, param=MAYBE_TEXT, code=MAYBE_TEXT),
    )
    | {
        "example": {
            "error": {
                "message": "cannot fit the prompt: …",
                "type": "invalid_request_error",
                "param": "messages",
                "code": "context_length_exceeded",
            }
        }
    },
    "HubError": _object("error error_type", error=TEXT, error_type={"enum": ["validation", "overloaded", "generation"]})
    | {"example": {"error": "watermark is not supported", "error_type": "validation"}},
    "Usage": USAGE,
    "ChatCompletion": _object(
        "id object created model choices usage",
        id=TEXT,
        object={"const": "chat.completion"},
        created=COUNT,
        model=TEXT,
        choices=_list(
            _object(
                "index message finish_reason logprobs",
                index=COUNT,
                message=_object(
                    "role content",
                    role={"const": "assistant"},
                    content=TEXT,
                    reasoning_content={"type": "string", "description": "what the model thought first"},
                ),
                finish_reason=REASON,
                logprobs={"type": ["object", "null"]},
            )
        ),
        usage=_ref("Usage"),
        osler=_object("notice", notice={"type": "string", "description": "to be shown beside the answer"}),
    ),
    "TextCompletion": _object(
        "id object created model choices usage",
        id=TEXT,
        object={"const": "text_completion"},
        created=COUNT,
        model=TEXT,
        choices=_list(
            _object(
                "index text finish_reason logprobs",
                index=COUNT,
                text=TEXT,
                finish_reason=REASON,
                logprobs={"type": ["object", "null"]},
            )
        ),
        usage=_ref("Usage"),
    ),
    "Generated": _object(
        "generated_text",
        generated_text=TEXT,
        details=_object(
            "finish_reason generated_tokens tokens",
            finish_reason={"enum": ["length", "eos_token", "stop_sequence"]},
            generated_tokens=COUNT,
            tokens=_list(_object("id text logprob special", id=COUNT, text=TEXT, special={"type": "boolean"})),
        ),
    ),
}
REPLIES = {
    "/v1/chat/completions": ("ChatCompletion", True),
    "/v1/completions": ("TextCompletion", True),
    "/generate": ("Generated", True),
    "/generate_stream": (None, True),
    "/v1/jobs/{job_id}/events": (None, True),
}
EVENTS = {
    "schema": {"description": "lines `data: {…}`, each followed by an empty one"},
    "example": 'data: {"choices": [{"index": 0, "delta": {"content": "No"}}]}\n\ndata: [DONE]\n\n',
}


PICTURE = {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,…"}}
EXAMPLES: dict[str, Any] = {
    "/v1/chat/completions": {
        "messages": [{"role": "user", "content": [PICTURE, {"type": "text", "text": "Describe this X-ray."}]}],
        "max_tokens": 400,
        "stream": True,
    },
    "/v1/completions": {"prompt": "A pneumothorax is", "max_tokens": 32},
    "/v1/embeddings": {"input": ["a chest X-ray with an effusion", {"image": "data:image/jpeg;base64,…"}]},
    "/tokenize": {"prompt": "A pneumothorax is"},
    "/detokenize": {"tokens": [236776, 528]},
    "/v1/uploads": {"filename": "slide.svs", "bytes": 1000000000, "mime_type": "image/tiff", "purpose": "user_data"},
    "/v1/uploads/{upload_id}/complete": {"part_ids": ["part-1", "part-2"]},
    "/v1/studies": {"file_ids": ["file-1"], "options": {"max_slices": 40}},
    "/v1/jobs": {"task": "report", "study_id": "study-1", "indication": "cough"},
}
"""Bodies of requests; `/generate` has its own."""

BINARY = {
    ".png": "image/png",
    ".jpeg": "image/jpeg",
    ".dzi": "application/xml",
    ".nii.gz": "application/gzip",
    "/images/{image}": "image/png",
    "/files/{name}": "*/*",
    "/metrics": "text/plain",
}
"""What routes send that is no JSON, by how their paths end."""


def describe(app: FastAPI, *, has_keys: bool) -> None:
    """Let an application describe itself whole.

    Args:
        has_keys: whether it asks for a key.
    """

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app, has_keys)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _described(app: FastAPI, has_keys: bool) -> dict[str, Any]:
    found = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    components = found.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas.update(SCHEMAS)
    if has_keys:
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "osler-…"}}
        found["security"] = [{"key": []}]
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            if method in METHODS:
                _complete(path, operation)
    return found


def _complete(path: str, operation: dict[str, Any]) -> None:
    """Say of one route what it answers."""
    replies = operation["responses"]
    replies.pop("422", None)
    if path in OPEN_PATHS:
        operation["security"] = []
    for status in _reasons(path, operation):
        replies.setdefault(status, _error(status, "HubError" if path in HUB_PATHS else "Error"))
    if path in EXAMPLES and "requestBody" in operation:
        operation["requestBody"]["content"]["application/json"]["example"] = EXAMPLES[path]
    for ending, kind in BINARY.items():
        if path.endswith(ending):
            replies["200"]["content"] = {kind: {"schema": {"type": "string"}}}
    if path in REPLIES:
        name, has_events = REPLIES[path]
        content = {} if name is None else {"application/json": {"schema": _ref(name)}}
        replies["200"]["content"] = {**content, **({"text/event-stream": EVENTS} if has_events else {})}


def _reasons(path: str, operation: dict[str, Any]) -> list[str]:
    tags = set(operation.get("tags", ()))
    reasons = set(ALWAYS)
    if "requestBody" in operation:
        reasons |= set(WITH_BODY)
    if operation.get("parameters"):
        reasons |= {"400"}
    if "{" in path:
        reasons |= {"404"}
    if tags & STORED_TAGS:
        reasons |= {"404", "409", "501", "507"}
    if tags & ANSWER_TAGS or path == "/v1/jobs":
        reasons |= {*ANSWERING, "404", "501"}
    if path in FETCHING:
        reasons |= {"502"}
    if path == "/ready":
        reasons |= {"503"}
    if path == "/v1/embeddings":
        reasons |= {"429", "501", "503"}
    return sorted(reasons)


def _error(status: str, schema: str) -> dict[str, Any]:
    reply: dict[str, Any] = {
        "description": REASONS[status],
        "content": {"application/json": {"schema": _ref(schema)}},
    }
    if status == "429":
        reply["headers"] = {"Retry-After": {"schema": COUNT, "description": "seconds"}}
    return reply
