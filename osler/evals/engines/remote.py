"""Any server that speaks OpenAI's protocol as one that answers benchmarks.

Pictures are developed by Osler's own recipes and sent as squares in PNG, so that every server sees the same pixels.
Choices are measured at the first token of the answer, from the most probable tokens that a server lists; that is less
than the built-in engine measures, and stands in the respondent's identity.
"""

import base64
import json
import threading
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np

from osler.errors import DownloadError, InputError
from osler.evals.benchmark import Benchmark
from osler.evals.engines.first_token import listed, of_choices, refuse_long
from osler.evals.engines.server import Server
from osler.evals.engines.views import Views, plain_text
from osler.evals.keys import content_of
from osler.evals.respondent import Answer
from osler.evals.sample import Ask
from osler.imaging.digest import pixels_sha256
from osler.imaging.normalise import fit
from osler.imaging.png import png_of
from osler.prompt import ask_to_think, split_text
from osler.recent import Recent
from osler.tasks.question import NEWEST
from osler.values import NOTICE, ImagePart, Message

__all__ = ["RemoteRespondent", "refuse_restricted"]

IMAGE_PX = 896
LISTED = 20
"""Most probable tokens that are asked for: as many as OpenAI's protocol allows."""

MOST_BYTES = 256 << 20
"""Pictures that are kept in the form in which they are sent."""

FLEETING = ("created", "permission", "status")
"""Fields of a model's entry that say nothing about its weights."""

ENDINGS = {"stop": "stop", "eos": "stop", "length": "length"}


def refuse_restricted(benchmark: Benchmark, server: Server, *, allow: bool) -> None:
    """Refuse to send data to another machine whose terms forbid it.

    Raises:
        InputError: the benchmark is restricted, and the user did not allow it.
    """
    if benchmark.is_restricted and not server.is_this_machine and not allow:
        raise InputError(
            f"cannot send {benchmark.name} to `{server.name}`: its terms ({benchmark.licence}) forbid passing it on",
            hint="use a server on this machine; --allow-remote sends it all the same, if you may",
        )


class RemoteRespondent:
    """Asks a server; see `osler.evals.respondent.Respondent`.

    Args:
        server: which.
        model: its name there; None for the only one that it has.
        image_px: the side of the squares that pictures are sent as.

    Raises:
        DownloadError: the server does not answer.
        InputError: it has several models and none was named.
    """

    def __init__(self, server: Server, model: str | None = None, *, image_px: int = IMAGE_PX) -> None:
        self.server = server
        known = _models(server)
        self.model = _chosen(model, known, server)
        told = known.get(self.model, {})
        self.notice = told["notice"] if isinstance(told.get("notice"), str) else NOTICE
        self._image_px = image_px
        self._views = Views(NEWEST, image_px)
        self._pictures = _Pictures()
        self._last = threading.local()
        self.identity: Mapping[str, str] = {
            "engine": "server",
            "server": server.name,
            "model": self.model,
            "weights_id": str(told.get("weights_id") or "not told"),
            "quantisation": str(told.get("description") or "not told"),
            "entry": _fingerprint(told),
            "recipe": NEWEST,
            "images": f"{image_px} px squares, padded, PNG",
            "decoding": "temperature 0",
            "choices": f"first token, among the {LISTED} most probable",
        }

    def content_key(self, ask: Ask) -> str:
        """As `Respondent.content_key`."""
        if ask.is_plain:
            return content_of([["text", plain_text(ask)]], ask)
        return content_of(self._views.outline(ask), ask)

    def answer(self, ask: Ask) -> Answer:
        """As `Respondent.answer`."""
        if ask.is_plain:
            return self._completed(ask)
        body: dict[str, Any] = {
            "model": self.model,
            "messages": self._body(ask),
            "temperature": 0,
            "max_tokens": 1 if ask.choices else ask.max_new_tokens,
        }
        if ask.choices:
            refuse_long(ask.choices)
            body |= {"logprobs": True, "top_logprobs": LISTED}
        elif ask.schema is not None:
            form = {"name": "answer", "schema": ask.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        reply = self.server.post("/chat/completions", body)
        pixels = tuple(pixels_sha256(square) for square in self._squares(ask))
        return self._read(reply, ask, pixels)

    def _read(self, reply: Mapping[str, Any], ask: Ask, pixels: tuple[str, ...]) -> Answer:
        choice = _first(reply, self.server)
        usage = _usage(reply)
        if ask.choices:
            return Answer(choice_logprobs=of_choices(listed(choice), ask.choices), usage=usage, pixels=pixels)
        ending = ENDINGS.get(str(choice.get("finish_reason")))
        if ending is None:
            raise DownloadError(f"cannot use an answer of `{self.server.name}`: it ended otherwise than by itself")
        message = choice.get("message") or {}
        said = split_text(message.get("content") or "")
        thinking = said.thinking or message.get("reasoning_content") or None
        return Answer(text=said.answer, thinking=thinking, finish_reason=ending, usage=usage, pixels=pixels)

    def _completed(self, ask: Ask) -> Answer:
        """The choices behind a plain text."""
        if not ask.choices:
            raise InputError("cannot generate without a chat template: only choices are measured so")
        refuse_long(ask.choices)
        body = {"model": self.model, "prompt": plain_text(ask), "temperature": 0, "max_tokens": 1, "logprobs": LISTED}
        reply = self.server.post("/completions", body)
        found = of_choices(listed(_first(reply, self.server)), ask.choices)
        return Answer(choice_logprobs=found, usage=_usage(reply))

    def _messages(self, ask: Ask) -> tuple[Message, ...]:
        if getattr(self._last, "ask", None) is not ask:
            messages = self._views.messages(ask)
            self._last.messages = ask_to_think(messages) if ask.thinking else messages
            self._last.squares = None
            self._last.ask = ask
        return self._last.messages

    def _squares(self, ask: Ask) -> list[np.ndarray]:
        """The pictures as they are sent, [N, N, 3] uint8 each."""
        messages = self._messages(ask)
        if self._last.squares is None:
            parts = [part for message in messages for part in message.parts if isinstance(part, ImagePart)]
            self._last.squares = [fit(part.image.pixels, self._image_px, pad=True) for part in parts]
        return self._last.squares

    def _body(self, ask: Ask) -> list[dict[str, Any]]:
        squares = iter(self._squares(ask))
        return [
            {"role": message.role, "content": [self._part(part, squares) for part in message.parts]}
            for message in self._messages(ask)
        ]

    def _part(self, part: Any, squares: Any) -> dict[str, Any]:
        if isinstance(part, ImagePart):
            return {"type": "image_url", "image_url": {"url": self._pictures.url(next(squares))}}
        return {"type": "text", "text": part.text}


class _Pictures:
    """Pictures as data URLs, the last ones kept: the next question is mostly about the same."""

    def __init__(self) -> None:
        self._kept: Recent[str, str] = Recent(MOST_BYTES, len)
        self._lock = threading.Lock()

    def url(self, square: np.ndarray) -> str:
        digest = pixels_sha256(square)
        with self._lock:
            known = self._kept.get(digest)
        url = known or _data_url(square)
        with self._lock:
            return self._kept.keep(digest, url)


def _data_url(square: np.ndarray) -> str:
    return "data:image/png;base64," + base64.b64encode(png_of(square)).decode()


def _models(server: Server) -> dict[str, dict[str, Any]]:
    """What the server says of its models, by their names; {} where it has no list."""
    try:
        listed = server.get("/models").get("data")
    except DownloadError as error:
        if "404" in error.message:
            return {}
        raise
    found = [one for one in listed or [] if isinstance(one, dict) and isinstance(one.get("id"), str)]
    return {one["id"]: one for one in found}


def _fingerprint(told: Mapping[str, Any]) -> str:
    """A digest of what a server says of a model, but for what changes whenever it starts.

    Few servers tell which weights they have; sizes, paths and numbers of parameters tell some exchanges of them.
    """
    lasting = {name: value for name, value in told.items() if name not in FLEETING}
    return sha256(json.dumps(lasting, sort_keys=True).encode()).hexdigest()[:12]


def _chosen(model: str | None, known: Mapping[str, Any], server: Server) -> str:
    if model is not None and (model in known or not known):
        return model
    if model is None and len(known) == 1:
        return next(iter(known))
    names = ", ".join(list(known)[:10]) or "it does not tell which it has"
    raise InputError(f"cannot ask `{server.name}`: expected --model to name one of its models ({names})")


def _first(reply: Mapping[str, Any], server: Server) -> dict[str, Any]:
    choices = reply.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise DownloadError(f"cannot use an answer of `{server.name}`: it holds no `choices`")
    return choices[0]


def _usage(reply: Mapping[str, Any]) -> dict[str, int]:
    told = reply.get("usage")
    names = ("prompt_tokens", "completion_tokens")
    return {name: told[name] for name in names if isinstance(told, dict) and isinstance(told.get(name), int)}
