"""Errors as OpenAI's API has them, so that its clients raise what their users know.

::

    {"error": {"message": "…", "type": "invalid_request_error", "param": null, "code": "context_length_exceeded"}}

Routes of text-generation-inference's protocol have that protocol's: ``{"error": "…", "error_type": "validation"}``.
"""

from typing import Any

from starlette.exceptions import HTTPException

from osler.errors import ContextError, DownloadError, MissingExtraError, OslerError, VisionError

__all__ = ["HUB_PATHS", "RefusedError", "body_of", "full_disk", "hub_body_of", "refusal_of"]

HUB_PATHS = frozenset({"/", "/generate", "/generate_stream"})
"""What speaks text-generation-inference's protocol."""

OVERLOADED = (429, 503)


class RefusedError(HTTPException):
    """A request that is not served; a starlette error, so that whatever stands between lets it through.

    Args:
        status: of HTTP.
        message: what is wrong, for the person who sent it.
        kind, code, param: as in OpenAI's error object.
        headers: such as Retry-After.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(status, message, headers)
        self.message = message
        self.kind = kind
        self.code = code
        self.param = param


def refusal_of(error: OslerError) -> RefusedError:
    """An error of Osler's as a refusal: what the sender can mend is a 400, what the server lacks a 501 or 503."""
    message = error.message if error.hint is None else f"{error.message} ({error.hint})"
    if isinstance(error, ContextError):
        return RefusedError(400, message, code="context_length_exceeded", param="messages")
    if isinstance(error, VisionError):
        return RefusedError(400, message, code="image_not_supported", param="messages")
    if isinstance(error, MissingExtraError):
        return RefusedError(501, message, kind="server_error", code="not_installed")
    if isinstance(error, DownloadError):
        return RefusedError(502, message, kind="server_error", code="fetch_failed")
    return RefusedError(400, message)


def full_disk(error: OSError) -> RefusedError:
    """The disk took no more of what a client sent."""
    return RefusedError(507, f"cannot keep the file: {error.strerror}", kind="server_error", code="storage_full")


def body_of(refusal: RefusedError, path: str = "") -> dict[str, Any]:
    """The JSON body of a refusal, in the shape that clients of a path know."""
    if path in HUB_PATHS:
        return hub_body_of(refusal)
    return {
        "error": {
            "message": refusal.message,
            "type": refusal.kind,
            "param": refusal.param,
            "code": refusal.code,
        }
    }


def hub_body_of(refusal: RefusedError) -> dict[str, Any]:
    """The same as text-generation-inference tells it; `huggingface_hub` raises an error of its own for each type."""
    kind = "overloaded" if refusal.status_code in OVERLOADED else "validation"
    return {"error": refusal.message, "error_type": "generation" if refusal.status_code == 500 else kind}
