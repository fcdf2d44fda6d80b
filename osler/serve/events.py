"""Server-sent events, as OpenAI's and TGI's clients read them: ``data: {…}`` and an empty line."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from osler.errors import OslerError
from osler.serve.admission import Place
from osler.serve.refusal import RefusedError, body_of, refusal_of

Told = Callable[[RefusedError], dict[str, Any]]

__all__ = ["DONE", "EventStream", "PlainEvents", "event"]

DONE = "data: [DONE]\n\n"


def event(values: Any) -> str:
    """One event."""
    return f"data: {json.dumps(values, ensure_ascii=False)}\n\n"


class PlainEvents(StreamingResponse):
    """A response of events; an error after its beginning becomes the last one, since the status is gone."""

    def __init__(self, events: AsyncIterator[str], told: Told = body_of) -> None:
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        super().__init__(_with_errors(events, told), media_type="text/event-stream", headers=headers)


class EventStream(PlainEvents):
    """Events that hold a place until they have ended, however they end."""

    def __init__(self, events: AsyncIterator[str], place: Place, told: Told = body_of) -> None:
        super().__init__(events, told)
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As every response."""
        with self._place:
            await super().__call__(scope, receive, send)


async def _with_errors(events: AsyncIterator[str], told: Told) -> AsyncIterator[str]:
    try:
        async for one in events:
            yield one
    except OslerError as error:
        yield event(told(refusal_of(error)))
    except RefusedError as refusal:
        yield event(told(refusal))
