"""`/v1/chat/completions`."""

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request

from osler.serve.chat_reply import Frame, answer_tokens, chat_choice, chat_delta, chat_end, token_details, usage_of
from osler.serve.chat_request import ChatRequest
from osler.serve.events import DONE, EventStream, event
from osler.serve.ledger import entry_of
from osler.serve.names import Named, named
from osler.serve.several import begun, copies, finished, limited, merged
from osler.serve.state import State, owner_of, state_of
from osler.serve.turns import file_ids_in, turns_of
from osler.tasks.prepare import Prepared
from osler.tasks.stream import Stream

if TYPE_CHECKING:
    from osler.tasks.model import Model

__all__ = ["router"]

router = APIRouter(tags=["chat"])


@router.post("/v1/chat/completions", summary="Answer a conversation")
async def chat(sent: ChatRequest, request: Request) -> Any:
    """Answer a conversation of text, pictures (data URLs) and uploaded files (`{"type": "file", "file": {"file_id"}}`).

    What the model thinks before it answers comes as `reasoning_content`. With `response_format` the answer is held to
    the schema token by token. `stream` gives server-sent events.
    """
    state = state_of(request)
    asked = named(state, sent.model)
    entry_of(request).model = asked.name
    count = limited(sent.n, state.settings)
    place, streams = await begun(
        request, count, lambda: copies(_prepared(state, asked.model, sent, request), sent.n), asked.model
    )
    if sent.stream:
        return EventStream(_events(state, asked, sent, streams), place)
    with place:
        await finished(state, streams, request)
    return _whole(asked, sent, streams)


def _prepared(state: State, model: "Model", sent: ChatRequest, request: Request) -> Prepared:
    """Everything that can be refused is refused here; decodes pictures, so it runs in a thread."""
    options = state.within_limits(sent.sampling())
    entry = entry_of(request)
    entry.ids += file_ids_in(sent.messages)
    turns = turns_of(
        model,
        sent.messages,
        state.uploads,
        owner=owner_of(request),
        max_images=state.settings.max_images,
        pictures=state.pictures,
    )
    prepared = model.prepare(turns.messages, options, think=sent.thinking, sources=turns.sources)
    entry.pictures += [record.pixels_sha256 for record in prepared.records if record.file is None]
    return prepared


def _whole(asked: Named, sent: ChatRequest, streams: Sequence[Stream]) -> dict[str, Any]:
    replies = [stream.reply for stream in streams if stream.reply is not None]
    choices = []
    for number, (stream, reply) in enumerate(zip(streams, replies, strict=True)):
        tokens = answer_tokens(asked.model, stream.tokens)
        choices.append(chat_choice(number, reply, token_details(asked.model, tokens) if sent.logprobs else None))
    notice = {"osler": {"notice": asked.model.notice}}
    return Frame("chat.completion", asked.name).whole(choices, replies, **notice)


async def _events(state: State, asked: Named, sent: ChatRequest, streams: Sequence[Stream]) -> AsyncIterator[str]:
    frame = Frame("chat.completion", asked.name)
    usage = {"usage": None} if sent.wants_usage else {}
    for number in range(len(streams)):
        first = {"index": number, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
        yield event(frame.piece([first], **usage))
    async for number, item in merged(state, streams):
        if item is None:
            reply = streams[number].reply
            yield event(frame.piece([chat_end(number, reply)] if reply else [], **usage))
            continue
        wants = sent.logprobs and item.piece.kind == "answer"
        details = token_details(asked.model, answer_tokens(asked.model, item.tokens)) if wants else None
        yield event(frame.piece([chat_delta(number, item.piece, details)], **usage))
    if sent.wants_usage:
        yield event(frame.piece([], usage=usage_of([stream.reply for stream in streams if stream.reply])))
    yield DONE
