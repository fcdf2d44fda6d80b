"""What stands before every route: whose request it is, from where, and how large it may be.

As plain ASGI, so that a body is refused while it comes in and not when it has filled the memory.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from osler.serve.keys import Key, KeyRing
from osler.serve.refusal import RefusedError, body_of
from osler.serve.settings import MIB

__all__ = ["Guard", "Rules"]

OPEN_PATHS = frozenset({"/health", "/ready"})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "testserver"})
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",  # the page has one of its own
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a server lets in.

    Attributes:
        keys: None lets everybody in who can reach it.
        hosts: names by which clients may call it besides those of this machine; a page of another site whose name
            was made to lead here calls it by its own, and is refused. Empty allows any, where keys are asked for.
        origins: of pages of other sites that may call it all the same, such as ``https://ward.example``.
        open_paths: what is read without a key: the page's own files, beside /health and /ready.
        body_limit: bytes of the body of a path; None where the route itself counts.
        body_timeout_s: in which the body of a path must come in whole.
    """

    keys: KeyRing | None
    hosts: Collection[str] = ()
    origins: Collection[str] = ()
    open_paths: Callable[[str], bool] = lambda path: False
    body_limit: Callable[[str], int | None] = lambda path: 64 * MIB
    body_timeout_s: Callable[[str], float] = lambda path: 120.0


class Guard:
    """Refuses what the rules do not let in; all else gets an owner and goes on."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        body = _Body(receive, headers, self._rules.body_limit(scope["path"]), self._rules.body_timeout_s(scope["path"]))
        replied = _Replied(send)
        try:
            self._check_host(headers)
            self._check_origin(headers)
            key = self._key(scope, headers)
            scope.setdefault("state", {}).update(key=key, owner=key.name if key else "")
            body.check_announced()
            await self._app(scope, body.receive, replied.send)
        except RefusedError as refusal:
            if replied.has_begun:
                raise
            response = JSONResponse(
                body_of(refusal, scope["path"]), status_code=refusal.status_code, headers=refusal.headers
            )
            await response(scope, receive, replied.send)

    def _check_host(self, headers: Headers) -> None:
        host = _name_of(headers.get("host", ""))
        allowed = LOOPBACK | set(self._rules.hosts)
        if host not in allowed and not (self._rules.keys is not None and not self._rules.hosts):
            raise RefusedError(421, "this server does not answer by that name", code="wrong_host")

    def _check_origin(self, headers: Headers) -> None:
        """Browsers send some requests of other sites' pages unasked; what those pages may not read, they may not do."""
        origin = headers.get("origin")
        if origin is None or origin in self._rules.origins or "*" in self._rules.origins:
            return
        if origin.partition("://")[2].lower() != headers.get("host", "").lower():
            raise RefusedError(
                403, "pages of other sites may not call this server", kind="permission_error", code="wrong_origin"
            )

    def _key(self, scope: Scope, headers: Headers) -> Key | None:
        """The key that a request came with; None where none is asked for.

        Raises:
            RefusedError: it has none, or one that is not known.
        """
        keys = self._rules.keys
        path, is_read = scope["path"], scope["method"] in ("GET", "HEAD")
        if keys is None or (is_read and (path in OPEN_PATHS or self._rules.open_paths(path))):
            return None
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        key = keys.find(secret.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            raise RefusedError(
                401,
                "this server asks for a key: send Authorization: Bearer …",
                kind="authentication_error",
                code="invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return key


class _Body:
    """A body that is counted while it comes in."""

    def __init__(self, receive: Receive, headers: Headers, limit: int | None, timeout_s: float) -> None:
        self._is_whole = False
        self._announced = headers.get("content-length")
        self._receive = receive
        self._limit = limit
        self._timeout_s = timeout_s
        self._count = 0
        self._begun: float | None = None

    def check_announced(self) -> None:
        """Refuse a body by what its header says, before any of it is read."""
        length = self._announced
        if length is not None and self._limit is not None and length.isdigit() and int(length) > self._limit:
            raise self._too_long()

    async def receive(self) -> Message:
        if self._is_whole:
            return await self._receive()  # news of the connection
        loop = asyncio.get_running_loop()
        self._begun = self._begun or loop.time()
        try:
            async with asyncio.timeout_at(self._begun + self._timeout_s):
                message = await self._receive()
        except TimeoutError:
            raise RefusedError(408, f"the request did not come in within {self._timeout_s:g} s") from None
        if message["type"] == "http.request":
            self._count += len(message.get("body", b""))
            self._is_whole = not message.get("more_body", False)
            if self._limit is not None and self._count > self._limit:
                raise self._too_long()
        return message

    def _too_long(self) -> RefusedError:
        assert self._limit is not None
        return RefusedError(
            413, f"the request is too long: this server takes {self._limit / MIB:g} MiB", code="request_too_large"
        )


class _Replied:
    """Adds the headers that every response has, and remembers whether it has begun."""

    def __init__(self, send: Send) -> None:
        self.has_begun = False
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _name_of(host: str) -> str:
    """The name in a Host header, without its port.

    >>> _name_of("[::1]:8000"), _name_of("example.org:80"), _name_of("localhost")
    ('::1', 'example.org', 'localhost')
    """
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()
