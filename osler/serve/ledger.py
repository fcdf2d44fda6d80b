"""What becomes known of each request while it is served, and where it is told when it has ended.

Nothing of what was said, shown or called goes in: routes as templates, digests, counts, seconds.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from osler.serve.admission import Place
from osler.serve.state import state_of

if TYPE_CHECKING:
    from osler.tasks.stream import Stream

__all__ = ["Counts", "Entry", "Ledger", "Reader", "admitted", "counts_of", "entry_of"]

CLIENT_GONE = 499


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What answers came to.

    Attributes:
        prompt_tokens: of the prompts, each counted once, however many answers it has.
        cached_tokens: of these, those that an earlier prompt had left computed.
        completion_tokens: written, thinking included.
        first_token_s: for each answer that has any token.
    """

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    first_token_s: tuple[float, ...] = ()


@dataclass(slots=True, kw_only=True)
class Entry:
    """One request.

    Attributes:
        key: name of the key it came with; "" where none was asked for or none was known.
        task: what was asked for, where the route does not say it.
        model: by what name clients call the one that answers; "" for the server's own.
        ids: of uploads, studies and jobs that it is about.
        pictures: digests of the pixels of pictures that came with it.
        place: of its answers.
        method, route: as the application has it; "" for a path that it does not know.
        status: of HTTP; 499 where the client went away first.
        seconds: until the last byte was sent.
    """

    key: str = ""
    task: str = ""
    model: str = ""
    ids: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    place: Place | None = None
    method: str = ""
    route: str = ""
    status: int = 0
    seconds: float = 0.0

    @property
    def counts(self) -> Counts:
        """What its answers came to."""
        return counts_of(self.place.streams) if self.place is not None else Counts()


class Reader(Protocol):
    """Is told of every request that has ended."""

    def ended(self, entry: Entry) -> None:
        """Take note of it."""


def counts_of(streams: "Sequence[Stream]") -> Counts:
    """What answers came to, whole or cut off."""
    prompts = {id(stream.prepared.prompt): stream.num_prompt_tokens for stream in streams}
    replies = [stream.reply for stream in streams if stream.reply is not None]
    return Counts(
        prompt_tokens=sum(prompts.values()),
        cached_tokens=max((reply.usage.cached_tokens for reply in replies), default=0),
        completion_tokens=sum(len(stream.tokens) for stream in streams),
        first_token_s=tuple(reply.timings.first_token_s for reply in replies if reply.usage.completion_tokens),
    )


def entry_of(request: Request) -> Entry:
    """What is known of a request; an empty one where nobody asks."""
    if not hasattr(request.state, "entry"):
        request.state.entry = Entry()
    entry: Entry = request.state.entry
    return entry


def admitted(request: Request, count: int) -> Place:
    """Room for the answers of a request.

    Raises:
        RefusedError: as `Admission.enter`.
    """
    place = state_of(request).admission.enter(count, getattr(request.state, "key", None))
    entry_of(request).place = place
    return place


class Ledger:
    """Keeps an entry for each request and tells it to readers at the end, however it ended.

    Args:
        app: what serves.
        readers: such as the audit log and the metrics.
    """

    def __init__(self, app: ASGIApp, readers: Sequence[Reader]) -> None:
        self._app = app
        self._readers = readers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        entry = scope.setdefault("state", {})["entry"] = Entry(method=scope["method"])
        begun, is_whole = time.perf_counter(), False

        async def watched(message: Message) -> None:
            nonlocal is_whole
            if message["type"] == "http.response.start":
                entry.status = message["status"]
            await send(message)
            is_whole = is_whole or (message["type"] == "http.response.body" and not message.get("more_body"))

        try:
            await self._app(scope, receive, watched)
        except Exception:
            entry.status = 500
            raise
        finally:
            if not is_whole and entry.status != 500:
                entry.status = CLIENT_GONE
            entry.seconds = time.perf_counter() - begun
            self._complete(entry, scope)
            for reader in self._readers:
                _tell(reader, entry)

    @staticmethod
    def _complete(entry: Entry, scope: Scope) -> None:
        """Add what the router and the guard have found out."""
        entry.route = getattr(scope.get("route"), "path", "")
        if not entry.route:
            entry.method = "-"  # a client may call it what it likes
        entry.key = scope["state"].get("owner", "")
        found = scope.get("path_params") or {}
        entry.ids += [found[name] for name in ("study_id", "file_id", "job_id") if name in found]


def _tell(reader: Reader, entry: Entry) -> None:
    """The answer is out: whatever fails here must not break the connection."""
    try:
        reader.ended(entry)
    except Exception as error:
        print(f"fault: {type(error).__name__} while a request was written down", file=sys.stderr)
