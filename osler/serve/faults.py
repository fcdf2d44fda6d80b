"""How the errors of routes are told: in the shape that their clients know, and without anybody's data."""

import sys
import traceback
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from osler.errors import OslerError
from osler.serve.refusal import RefusedError, body_of, full_disk, refusal_of

__all__ = ["tell_errors"]


def tell_errors(app: FastAPI) -> None:
    """Let an application answer every error as its clients expect it."""
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(OslerError, _failed)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _broken)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RefusedError)
    return JSONResponse(body_of(error, request.url.path), status_code=error.status_code, headers=error.headers)


async def _failed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OslerError)
    return await _refused(request, refusal_of(error))


async def _malformed(request: Request, error: Exception) -> JSONResponse:
    """A body that is not of its form: which field, and what was expected; what came stays out of it."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = ".".join(str(step) for step in first["loc"] if step != "body")
    return await _refused(request, RefusedError(400, f"{field or 'body'}: {first['msg']}", param=field or None))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, OSError):  # while a form was put aside
        return await _refused(request, full_disk(error.__cause__))
    return await _refused(
        request, RefusedError(error.status_code, str(error.detail), headers=dict(error.headers or {}))
    )


async def _broken(request: Request, error: Exception) -> JSONResponse:
    """A fault of Osler's own: where it came up is told on stderr, what it was about is not, for patients' sake."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"
    route = getattr(request.scope.get("route"), "path", "?")
    print(f"fault: {type(error).__name__} at {where} ({request.method} {route})", file=sys.stderr)
    return await _refused(request, RefusedError(500, "the server failed: its log says where", kind="server_error"))
