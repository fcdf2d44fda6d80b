"""What a client may send to `/v1/chat/completions` and `/v1/completions`: OpenAI's fields, and samplers beyond them.

Fields that change nothing here (user, metadata, store, …) are taken and left alone, because clients send them unasked;
fields that would change the answer but cannot be honoured (tools, audio) are refused in words.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from osler.serve.refusal import RefusedError
from osler.tasks.prepare import SamplingOptions

__all__ = ["ChatRequest", "CompletionRequest", "JsonSchema", "Message", "Part", "ResponseFormat", "Sampled"]

MOST_STOPS = 16
MOST_MESSAGES = MOST_PARTS = 4096

Probability = Annotated[float, Field(ge=0, le=1)]
Penalty = Annotated[float, Field(ge=-2, le=2)]


class Part(BaseModel):
    """A piece of a message: text, a picture, or a file that was uploaded.

    A picture is a data URL or the id of an uploaded file; so is a file, which may be a whole study.
    """

    model_config = ConfigDict(extra="ignore")

    type: Literal["text", "image_url", "file"]
    text: str | None = None
    image_url: dict[str, Any] | str | None = None
    file: dict[str, Any] | None = None


class Message(BaseModel):
    """One turn of a conversation."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant"]
    content: str | Annotated[list[Part], Field(max_length=MOST_PARTS)] | None = None


class JsonSchema(BaseModel):
    """A schema with a name, as OpenAI wraps it."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    name: str = "answer"
    schema_: dict[str, Any] = Field(alias="schema")
    strict: bool | None = None


class ResponseFormat(BaseModel):
    """The form of an answer: free text, any JSON object, or JSON that fits a schema."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None

    def schema(self) -> dict[str, Any] | None:  # type: ignore[override]
        """The JSON Schema that the answer is held to, or None."""
        if self.type == "text":
            return None
        if self.type == "json_object":
            return {"type": "object"}
        if self.json_schema is None:
            raise RefusedError(400, "response_format json_schema needs a schema", param="response_format.json_schema")
        return self.json_schema.schema_


class Sampled(BaseModel):
    """How an answer is chosen; as in `osler.engine.sampling.Sampling`, by OpenAI's names where it has them."""

    model_config = ConfigDict(extra="ignore")

    model: str | None = Field(default=None, description="one of /v1/models; where there is only one, any name")
    temperature: Annotated[float, Field(ge=0, le=100)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=0)] | None = None
    min_p: Probability | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    repetition_penalty: Annotated[float, Field(ge=0.01, le=100)] | None = None
    seed: Annotated[int, Field(ge=0)] | None = None
    stop: str | Annotated[list[str], Field(max_length=MOST_STOPS)] | None = None
    logit_bias: dict[str, float] | None = None
    n: Annotated[int, Field(ge=1)] = 1
    stream: bool = False
    stream_options: dict[str, Any] | None = None
    ignore_eos: bool | None = None
    regex: str | None = Field(default=None, description="a regular expression that the whole answer matches")

    @property
    def wants_usage(self) -> bool:
        """Whether a stream ends with its token counts."""
        return bool((self.stream_options or {}).get("include_usage"))

    def sampling(self) -> SamplingOptions:
        """The options that both kinds of request share; without a temperature, greedy."""
        options = SamplingOptions()
        for name in (
            "temperature",
            "top_p",
            "top_k",
            "min_p",
            "frequency_penalty",
            "presence_penalty",
            "repetition_penalty",
            "seed",
            "ignore_eos",
            "regex",
        ):
            if (value := getattr(self, name)) is not None:
                options[name] = value  # type: ignore[literal-required]
        if self.stop:
            options["stop"] = self.stop
        if self.logit_bias:
            options["logit_bias"] = _bias(self.logit_bias)
        return options


class ChatRequest(Sampled):
    """A conversation to go on with."""

    messages: Annotated[list[Message], Field(min_length=1, max_length=MOST_MESSAGES)]
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    response_format: ResponseFormat | None = None
    logprobs: bool = False
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    reasoning_effort: str | None = Field(default=None, description='ask the model to think; "none" does not')
    chat_template_kwargs: dict[str, Any] | None = Field(default=None, description="enable_thinking, as in vLLM")
    tools: list[Any] | None = None
    modalities: list[str] | None = None

    @property
    def thinking(self) -> bool:
        """Whether the model is asked to think first."""
        if "enable_thinking" in (self.chat_template_kwargs or {}):
            return bool((self.chat_template_kwargs or {})["enable_thinking"])
        return self.reasoning_effort not in (None, "none", "minimal")

    def sampling(self) -> SamplingOptions:
        """As `Sampled.sampling`, with a chat's own fields.

        Raises:
            RefusedError: something is asked for that Osler does not do.
        """
        if self.tools:
            raise RefusedError(400, "tools are not supported: use response_format with a schema", param="tools")
        if set(self.modalities or ["text"]) != {"text"}:
            raise RefusedError(400, "only text can be answered", param="modalities")
        if self.top_logprobs and not self.logprobs:
            raise RefusedError(400, "top_logprobs needs logprobs", param="top_logprobs")
        options = super().sampling()
        limit = self.max_completion_tokens or self.max_tokens
        if limit is not None:
            options["max_new_tokens"] = limit
        if self.response_format is not None and (schema := self.response_format.schema()) is not None:
            options["schema"] = schema
        if self.logprobs:
            options["logprobs"], options["top_logprobs"] = True, self.top_logprobs or 0
        return options


class CompletionRequest(Sampled):
    """A text to go on with, without a chat's turns."""

    prompt: str | list[str] | list[int] | list[list[int]]
    max_tokens: Annotated[int, Field(ge=1)] | None = 16
    echo: bool = False
    logprobs: Annotated[int, Field(ge=0, le=20)] | None = None

    def sampling(self) -> SamplingOptions:
        """As `Sampled.sampling`, with a completion's own fields."""
        options = super().sampling()
        if self.max_tokens is not None:
            options["max_new_tokens"] = self.max_tokens
        if self.logprobs is not None:
            options["logprobs"], options["top_logprobs"] = True, self.logprobs
        return options


def _bias(given: dict[str, float]) -> dict[int, float]:
    """OpenAI's ids are texts."""
    try:
        return {int(token): amount for token, amount in given.items()}
    except ValueError:
        raise RefusedError(400, "expected token ids as keys", param="logit_bias") from None
