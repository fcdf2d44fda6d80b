"""`/generate` and `/generate_stream`: the protocol of Hugging Face's text-generation-inference, for clients of it."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from osler.engine.request import Token
from osler.serve.events import EventStream, event
from osler.serve.refusal import RefusedError, hub_body_of
from osler.serve.several import begun, finished, merged
from osler.serve.state import State, state_of
from osler.tasks.plain import prepare_plain
from osler.tasks.prepare import Prepared, SamplingOptions
from osler.tasks.stream import Stream
from osler.versions import version_of

__all__ = ["router"]

router = APIRouter(tags=["text-generation-inference"])

LONGEST = 100
"""New tokens where none are asked for, as the protocol has it."""

PLAIN = ("temperature", "top_k", "top_p", "repetition_penalty", "frequency_penalty", "seed")


class Grammar(BaseModel):
    """The form of an answer: a JSON Schema, or a regular expression."""

    type: Literal["json", "json_schema", "regex"]
    value: Any


class Parameters(BaseModel):
    """How the text is chosen; without `do_sample` or a temperature, greedy."""

    model_config = ConfigDict(extra="ignore")

    max_new_tokens: Annotated[int, Field(ge=1)] | None = LONGEST
    do_sample: bool = False
    temperature: Annotated[float, Field(gt=0, le=100)] | None = None
    top_k: Annotated[int, Field(ge=1)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    repetition_penalty: Annotated[float, Field(ge=0.01, le=100)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    seed: Annotated[int, Field(ge=0)] | None = None
    stop: Annotated[list[str], Field(max_length=16)] = []
    return_full_text: bool | None = None
    details: bool = False
    top_n_tokens: Annotated[int, Field(ge=0, le=20)] | None = None
    grammar: Grammar | None = None
    truncate: int | None = None
    typical_p: float | None = None
    best_of: int | None = None
    watermark: bool = False
    decoder_input_details: bool = False

    def sampling(self) -> SamplingOptions:
        """Osler's options.

        Raises:
            RefusedError: something is asked for that Osler does not do.
        """
        for name, refused in (
            ("truncate", self.truncate is not None),
            ("typical_p", self.typical_p is not None),
            ("best_of", self.best_of not in (None, 1)),
            ("watermark", self.watermark),
        ):
            if refused:
                raise RefusedError(400, f"{name} is not supported", param=f"parameters.{name}")
        options = SamplingOptions()
        for name in PLAIN:
            if (value := getattr(self, name)) is not None:
                options[name] = value  # type: ignore[literal-required]
        if self.do_sample and self.temperature is None:
            options["temperature"] = 1.0
        if self.max_new_tokens is not None:
            options["max_new_tokens"] = self.max_new_tokens
        if self.stop:
            options["stop"] = [text for text in self.stop if text]
        if self.details:
            options["logprobs"], options["top_logprobs"] = True, self.top_n_tokens or 0
        if self.grammar is not None:
            options["regex" if self.grammar.type == "regex" else "schema"] = self.grammar.value
        return options


class GenerateRequest(BaseModel):
    """A text to go on with; special tokens in it are recognised, and `<bos>` is put before it."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "example": {
                "inputs": "<start_of_turn>user\nWhat is a pneumothorax?<end_of_turn>\n<start_of_turn>model\n",
                "parameters": {"max_new_tokens": 64, "details": True},
            }
        },
    )

    inputs: str
    parameters: Parameters = Parameters()
    stream: bool = False


@router.post("/generate", summary="Go on with a text, the whole answer at once")
async def generate(sent: GenerateRequest, request: Request) -> Any:
    """`details` adds each token with its log-probability."""
    if sent.stream:
        return await generate_stream(sent, request)
    state = state_of(request)
    place, (stream,) = await begun(request, 1, lambda: [_prepared(state, sent)])
    with place:
        await finished(state, [stream], request)
    answer: dict[str, Any] = {"generated_text": _text(sent, stream)}
    if sent.parameters.details:
        tokens = [_token(state, token) for token in stream.tokens]
        answer["details"] = {**_details(state, sent, stream), "prefill": [], "tokens": tokens}
        if sent.parameters.top_n_tokens:
            answer["details"]["top_tokens"] = [_top(state, token) for token in stream.tokens]
    return answer


@router.post("/generate_stream", summary="Go on with a text, token by token")
async def generate_stream(sent: GenerateRequest, request: Request) -> EventStream:
    """Server-sent events, one for each token; the last one has the whole text."""
    state = state_of(request)
    place, (stream,) = await begun(request, 1, lambda: [_prepared(state, sent)])
    return EventStream(_events(state, sent, stream), place, hub_body_of)


@router.post("/", include_in_schema=False)
async def compatible(sent: GenerateRequest, request: Request) -> Any:
    """As `/generate`, at the address that some clients use; the answer is a list of one."""
    answer = await generate(sent, request)
    return answer if sent.stream else [answer]


@router.get("/info", summary="What text-generation-inference tells of itself")
def info(request: Request) -> dict[str, Any]:
    """The model's name and limits."""
    state = state_of(request)
    return {
        "model_id": state.name,
        "model_pipeline_tag": "text-generation",
        "max_concurrent_requests": state.admission.limit,
        "max_best_of": 1,
        "max_stop_sequences": 16,
        "max_input_tokens": state.model.context - 1,
        "max_total_tokens": state.model.context,
        "version": version_of("osler") or "unknown",
    }


def _prepared(state: State, sent: GenerateRequest) -> Prepared:
    return prepare_plain(state.model, sent.inputs, state.within_limits(sent.parameters.sampling()))


async def _events(state: State, sent: GenerateRequest, stream: Stream) -> AsyncIterator[str]:
    """Each token is held back until it is known whether it is the last, which comes with the whole."""
    held: Token | None = None
    index = 0
    async for _, item in merged(state, [stream]):
        for token in item.tokens if item is not None else _rest(stream, index + (held is not None)):
            if held is not None:
                index += 1
                yield event(_piece(state, held, index, sent))
            held = token
    whole = {"generated_text": _text(sent, stream), "details": _details(state, sent, stream)}
    if held is not None:
        yield event({**_piece(state, held, index + 1, sent), **whole})


def _rest(stream: Stream, num_given: int) -> Sequence[Token]:
    """Tokens at the end that have no text, such as that which ends the turn."""
    return stream.tokens[num_given:]


def _piece(state: State, token: Token, index: int, sent: GenerateRequest) -> dict[str, Any]:
    piece = {"index": index, "token": _token(state, token), "generated_text": None, "details": None}
    if sent.parameters.top_n_tokens and sent.parameters.details:
        piece["top_tokens"] = _top(state, token)
    return piece


def _token(state: State, token: Token) -> dict[str, Any]:
    """Texts of tokens put together are the answer; one that is special has none."""
    is_special = not token.text and not state.model.tokenizer.piece(token.id)
    return {"id": token.id, "text": token.text, "logprob": token.logprob, "special": is_special}


def _top(state: State, token: Token) -> list[dict[str, Any]]:
    pieces = [(top, prob, state.model.tokenizer.piece(top)) for top, prob in token.top_logprobs]
    return [
        {"id": top, "text": piece.decode("utf-8", "replace"), "logprob": prob, "special": not piece}
        for top, prob, piece in pieces
    ]


def _details(state: State, sent: GenerateRequest, stream: Stream) -> dict[str, Any]:
    return {
        "finish_reason": _reason(state, stream),
        "generated_tokens": len(stream.tokens),
        "seed": sent.parameters.seed,
        "input_length": stream.num_prompt_tokens,
    }


def _reason(state: State, stream: Stream) -> str:
    """The protocol tells a stop text from a stop token."""
    if stream.reply is None or stream.reply.finish_reason != "stop":
        return "length"
    is_stopped = stream.prepared.sampling.stop and state.model.tokenizer.piece(stream.tokens[-1].id)
    return "stop_sequence" if is_stopped else "eos_token"


def _text(sent: GenerateRequest, stream: Stream) -> str:
    written = "".join(token.text for token in stream.tokens)
    return sent.inputs + written if sent.parameters.return_full_text else written
