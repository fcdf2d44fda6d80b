"""`/v1/completions`: texts to go on with, as they stand."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from fastapi import APIRouter, Request

from osler.serve.chat_reply import Frame, text_choice, text_details, usage_of
from osler.serve.chat_request import CompletionRequest
from osler.serve.events import DONE, EventStream, event
from osler.serve.ledger import entry_of
from osler.serve.names import Named, named
from osler.serve.refusal import RefusedError
from osler.serve.several import begun, copies, finished, limited, merged
from osler.serve.state import State, state_of
from osler.tasks.plain import prepare_plain
from osler.tasks.prepare import Prepared
from osler.tasks.stream import Stream

__all__ = ["router"]

router = APIRouter(tags=["completions"])


@router.post("/v1/completions", summary="Go on with a text")
async def complete(sent: CompletionRequest, request: Request) -> Any:
    """Go on with one or more texts (or lists of token ids) without a chat's turns; `<bos>` is put before them."""
    state = state_of(request)
    asked = named(state, sent.model)
    entry_of(request).model = asked.name
    prompts = _prompts(sent)
    count = limited(sent.n * len(prompts), state.settings)
    place, streams = await begun(request, count, lambda: _prepared(state, asked, sent, prompts), asked.model)
    if sent.stream:
        return EventStream(_events(state, asked, sent, streams), place)
    with place:
        await finished(state, streams, request)
    replies = [stream.reply for stream in streams if stream.reply is not None]
    choices = [
        text_choice(
            number,
            (stream.prepared.prompt.text if sent.echo else "") + _text(stream),
            reply.finish_reason,
            text_details(asked.model, stream.tokens) if sent.logprobs is not None else None,
        )
        for number, (stream, reply) in enumerate(zip(streams, replies, strict=True))
    ]
    return Frame("text_completion", asked.name).whole(choices, replies)


def _prompts(sent: CompletionRequest) -> list[str | list[int]]:
    """The prompts of a request, which may be one or many, as text or as ids."""
    given: Any = sent.prompt
    prompts = [given] if isinstance(given, str) or (given and isinstance(given[0], int)) else list(given)
    if not prompts:
        raise RefusedError(400, "there is no prompt", param="prompt")
    return prompts


def _prepared(
    state: State, asked: Named, sent: CompletionRequest, prompts: Sequence[str | list[int]]
) -> list[Prepared]:
    options = state.within_limits(sent.sampling())
    return [one for prompt in prompts for one in copies(prepare_plain(asked.model, prompt, options), sent.n)]


def _text(stream: Stream) -> str:
    """Everything that was written: in a plain text there is no thinking to be told apart."""
    return "".join(token.text for token in stream.tokens)


async def _events(state: State, asked: Named, sent: CompletionRequest, streams: Sequence[Stream]) -> AsyncIterator[str]:
    frame = Frame("text_completion", asked.name)
    async for number, item in merged(state, streams):
        if item is None:
            reply = streams[number].reply
            yield event(frame.piece([text_choice(number, "", reply.finish_reason if reply else "stop", None)]))
            continue
        details = text_details(asked.model, item.tokens) if sent.logprobs is not None else None
        yield event(frame.piece([text_choice(number, item.piece.text, None, details)]))
    if sent.wants_usage:
        yield event(frame.piece([], usage=usage_of([stream.reply for stream in streams if stream.reply])))
    yield DONE
