"""Several answers to one prompt, computed side by side and read as one flow."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from osler.serve.admission import Place
from osler.serve.bridge import Written, written
from osler.serve.ledger import admitted
from osler.serve.refusal import RefusedError
from osler.serve.settings import Settings
from osler.serve.state import State, state_of
from osler.tasks.prepare import Prepared
from osler.tasks.stream import Stream

if TYPE_CHECKING:
    from osler.tasks.model import Model

__all__ = ["begun", "copies", "finished", "limited", "merged"]

LOOK_S = 0.5
"""How often it is looked whether a client that waits for a whole answer is still there."""


def limited(count: int, settings: Settings) -> int:
    """`n` of a request.

    Raises:
        RefusedError: it is more than this server gives.
    """
    if count > settings.max_choices:
        raise RefusedError(400, f"this server gives at most {settings.max_choices} choices", param="n")
    return count


def copies(prepared: Prepared, count: int) -> list[Prepared]:
    """The same prompt so many times; with a seed, each draws with one of its own that follows from it."""
    seed = prepared.sampling.seed
    if seed is None:
        return [prepared] * count
    return [replace(prepared, sampling=replace(prepared.sampling, seed=seed + number)) for number in range(count)]


async def begun(
    request: Request, count: int, prepare: Callable[[], Sequence[Prepared]], model: "Model | None" = None
) -> tuple[Place, Sequence[Stream]]:
    """Take a place for answers and make them ready; nothing of them is computed yet.

    Args:
        prepare: what is to be computed; may take long, so it runs in a thread.
        model: what computes it; None for the server's own.

    Returns:
        The place, which the caller gives back, and a stream for each answer.

    Raises:
        RefusedError, OslerError: there is no room, or the request cannot be prepared; no place is then held.
    """
    place = admitted(request, count)
    try:
        answering = model or state_of(request).model
        streams = [Stream(answering, one) for one in await run_in_threadpool(prepare)]
        place.begin(streams)
    except BaseException:
        place.give_back()
        raise
    return place, streams


async def finished(state: State, streams: Sequence[Stream], request: Request) -> None:
    """Run streams to their ends; one that fails, or a client that goes away, cancels the others.

    Raises:
        OslerError: a stream failed.
        RefusedError: the client went away (nobody reads it).
    """
    work = asyncio.ensure_future(_read(state, streams))
    try:
        while not work.done():
            await asyncio.wait([work], timeout=LOOK_S)
            if not work.done() and await request.is_disconnected():
                raise RefusedError(499, "the client went away", kind="cancelled")
    finally:
        if not work.done():
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
    work.result()


async def _read(state: State, streams: Sequence[Stream]) -> None:
    async for _ in merged(state, streams):
        pass


async def merged(state: State, streams: Sequence[Stream]) -> AsyncIterator[tuple[int, Written | None]]:
    """Pieces of several streams as they come, with the stream's number; None for one that has come to its end.

    Raises:
        OslerError: a stream failed; the others are cancelled.
    """
    if len(streams) == 1:
        async for piece in _single(state, streams[0]):
            yield 0, piece
        return
    flow: asyncio.Queue[tuple[int, Written | None] | BaseException] = asyncio.Queue()

    async def pump(number: int, stream: Stream) -> None:
        try:
            async for item in written(stream, state.pool, timeout_s=state.settings.request_timeout_s):
                flow.put_nowait((number, item))
        except Exception as error:
            flow.put_nowait(error)
            return
        flow.put_nowait((number, None))

    tasks = [asyncio.ensure_future(pump(number, stream)) for number, stream in enumerate(streams)]
    try:
        num_open = len(tasks)
        while num_open:
            item = await flow.get()
            if isinstance(item, BaseException):
                raise item
            num_open -= item[1] is None
            yield item
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _single(state: State, stream: Stream) -> AsyncIterator[Written | None]:
    """One stream needs no task of its own: each token is handed on once less."""
    async with aclosing(written(stream, state.pool, timeout_s=state.settings.request_timeout_s)) as pieces:
        async for item in pieces:
            yield item
    yield None
