"""The built-in engine as one that answers benchmarks."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from osler.engine.compilation import usable_cores
from osler.errors import InputError
from osler.evals.engines.views import Views, plain_text
from osler.evals.keys import content_of
from osler.evals.respondent import Answer
from osler.evals.sample import Ask
from osler.evals.speed import FEWEST, note_speed
from osler.folders import cache_folder
from osler.prompt.special import BOS, required_id
from osler.tasks.prepare import Prepared, refuse_blind
from osler.tasks.question import NEWEST
from osler.tasks.stream import Stream
from osler.values import Reply
from osler.versions import version_of

if TYPE_CHECKING:
    from osler.tasks.model import Model

__all__ = ["LocalRespondent"]

Pair = tuple[list[int], list[int]]
"""Ids that stand before, and ids whose probability is wanted."""

Images = tuple[tuple[int, np.ndarray], ...]

ONE_AT_A_TIME = "one answer at a time, prompts cut alike in any order"


class LocalRespondent:
    """Answers by Osler's own engine; see `osler.evals.respondent.Respondent`.

    Where it answers one question at a time, an answer depends on nothing but the question: the model must have been
    opened as `repeatable`.

    Args:
        model: opened, its weights are read for the first answer.
        streams: how many answers are computed together.
        threads, guesses: what the model was opened with (`osler.tasks.load.open_model`).
    """

    def __init__(
        self, model: "Model", *, streams: int = 1, threads: int | None = None, guesses: bool | None = None
    ) -> None:
        self.model = model
        self.notice = model.notice
        self.identity: Mapping[str, str] = _identity(model, streams, threads or usable_cores(), guesses)
        self._views = Views(model.identity.recipe or NEWEST, model.image_px)
        self._last = threading.local()
        self._running: set[Stream] = set()
        self._pace = _Pace(f"{model.identity.weights_id} {model.identity.precision} {threads or 'all'}", streams)
        self._is_cancelled = False

    def content_key(self, ask: Ask) -> str:
        """As `Respondent.content_key`."""
        if ask.is_plain:
            return content_of([["text", plain_text(ask)]], ask)
        outline = self._views.outline(ask)
        num_images = sum(kind == "image" for kind, _ in outline)
        refuse_blind(self.model.config, num_images, self.model.identity.vision_note)
        return content_of(outline, ask)

    def start(self, ask: Ask) -> None:
        """Read the weights that this question needs, if they were not yet."""
        self.model.start(vision=any(not isinstance(part, str) for part in ask.parts) and self.model.image_px > 0)

    def answer(self, ask: Ask) -> Answer:
        """As `Respondent.answer`."""
        prepared = self._prepared(ask)
        if ask.choices:
            return self._measured(ask, prepared)
        if prepared is None:
            raise InputError("cannot generate without a chat template: only choices are measured so")
        stream = Stream(self.model, prepared)
        self._running.add(stream)
        try:
            if self._is_cancelled:
                return Answer(finish_reason="cancelled", usage={})
            reply = stream.finish()
        finally:
            self._running.discard(stream)
        self._pace.note(reply)
        usage = reply.usage
        return Answer(
            text=reply.text,
            thinking=reply.thinking,
            finish_reason=reply.finish_reason,
            usage={
                "prompt_tokens": usage.prompt_tokens,
                "image_tokens": usage.image_tokens,
                "completion_tokens": usage.completion_tokens,
            },
            pixels=tuple(record.pixels_sha256 for record in prepared.records),
        )

    def places(self, ask: Ask) -> tuple[list[int], range]:
        """A prompt's ids, and the places of its tokens from behind the last image to where the answer would begin."""
        prompt = self._templated(ask).prompt
        first = max((span.offset + span.length for span in prompt.images), default=0) + 1
        return list(prompt.ids), range(min(first, len(prompt.ids)), len(prompt.ids) + 1)

    def watch(self, ask: Ask, take: Callable[[int, np.ndarray], None]) -> None:
        """Have the model read a prompt and show what it expects at each of `places`: the logits [V] float32."""
        prepared = self._templated(ask)
        ids, places = self.places(ask)
        images, adapter = self.model.placed_images(prepared), self.model.adapter_number
        self.model.engine.score([*ids, ids[0]], images, places[0], adapter=adapter, watch=take)

    def cancel(self) -> None:
        """End what is being answered now; no question is answered any more. Any thread may call it."""
        self._is_cancelled = True
        for stream in tuple(self._running):
            stream.cancel()

    def _prepared(self, ask: Ask) -> Prepared | None:
        """What is computed of an ask, kept until this thread asks another one; None for plain text."""
        if ask.is_plain:
            return None
        if getattr(self._last, "ask", None) is not ask:
            self._last.prepared = self._prepare(ask)
            self._last.ask = ask
        return self._last.prepared

    def _prepare(self, ask: Ask) -> Prepared:
        longest = max((len(self.model.tokenize(choice)) for choice in ask.choices), default=ask.max_new_tokens)
        options = {"max_new_tokens": longest, "schema": None if ask.choices else ask.schema}
        return self.model.prepare(self._views.messages(ask), options, think=ask.thinking)

    def _templated(self, ask: Ask) -> Prepared:
        """An ask as a conversation, whatever it says of a template."""
        prepared = self._prepared(replace(ask, is_plain=False) if ask.is_plain else ask)
        assert prepared is not None
        return prepared

    def _measured(self, ask: Ask, prepared: Prepared | None) -> Answer:
        """The log-probability of each choice; what goes before them is computed once, the engine keeps it."""
        model = self.model
        if prepared is None:
            return _scored(model, _plain_ids(model, ask), ())
        start = list(prepared.prompt.ids)
        pixels = tuple(record.pixels_sha256 for record in prepared.records)
        pairs = [(start, model.tokenize(choice)) for choice in ask.choices]
        return _scored(model, pairs, self.model.placed_images(prepared), pixels)


class _Pace:
    """Adds up where the time of answers went, and keeps it for the estimate of a next run.

    Args:
        way: as in `osler.evals.speed.read_speed`.
        streams: where several answers are computed together, nothing is kept: each takes longer then.
    """

    def __init__(self, way: str, streams: int) -> None:
        self._way = way
        self._is_alone = streams == 1
        self._num_answers = self._num_read = self._num_written = 0
        self._read_s = self._written_s = 0.0

    def note(self, reply: Reply) -> None:
        """Take in one answer."""
        self._num_answers += 1
        if self._num_answers == 1:  # it also got everything ready
            return
        self._num_read += reply.usage.prompt_tokens - reply.usage.cached_tokens
        self._read_s += reply.timings.prefill_s
        self._num_written += reply.usage.completion_tokens
        self._written_s += reply.timings.decode_s
        if self._is_alone and self._num_answers >= FEWEST and self._num_read and self._num_written:
            note_speed(
                cache_folder() / "pace.json",
                self._way,
                prompt_token_s=self._read_s / self._num_read,
                new_token_s=self._written_s / self._num_written,
            )


def _identity(model: "Model", streams: int, threads: int, guesses: bool | None) -> dict[str, str]:
    """All that can change an answer, down to its last bit."""
    does_guess = model.identity.precision == "f32" if guesses is None else guesses
    identity = model.identity
    name, _, kind = identity.description.rpartition(" (")
    return {
        "engine": "osler",
        "model": name,
        "weights_id": identity.weights_id,
        "quantisation": kind.removesuffix(")"),
        "precision": _precision(identity.precision),
        "recipe": identity.recipe or NEWEST,
        "images": f"{model.image_px} px squares, padded" if model.image_px else "none",
        "decoding": "greedy",
        "arithmetic": ONE_AT_A_TIME if streams == 1 else f"up to {streams} answers together",
        "threads": str(threads),
        "guessed tokens": "yes" if does_guess else "no",
        "runtime": f"osler {version_of('osler') or 'unknown'}, openvino {version_of('openvino') or 'unknown'}",
    }


def _precision(asked: str) -> str:
    """In which numbers is computed, which is not always what was asked for."""
    import openvino

    if asked == "bf16" and "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        return "bf16, computed in f32 by this processor"
    return asked


def _scored(model: "Model", pairs: Sequence[Pair], images: Images, pixels: tuple[str, ...] = ()) -> Answer:
    """The log-probability of the second half of each pair behind its first half."""
    logprobs = (
        model.engine.score([*before, *ids], images, len(before), adapter=model.adapter_number).sum()
        for before, ids in pairs
    )
    usage = {"prompt_tokens": len(pairs[0][0]), "completion_tokens": 0}
    return Answer(choice_logprobs=tuple(map(float, logprobs)), usage=usage, pixels=pixels)


def _plain_ids(model: "Model", ask: Ask) -> list[Pair]:
    """(ids before, ids of the choice) for each choice: cut as lm-evaluation-harness does it.

    Text and choice are encoded as one, because a token may begin with the space between them; white space at the end
    of the text goes to the choice. What the text alone has in ids stands before (`TemplateLM._encode_pair`).
    """
    text = plain_text(ask)
    bare = text.rstrip()
    begin = required_id(model.tokenizer, BOS)
    before = [begin, *model.tokenize(bare)]
    wholes = [[begin, *model.tokenize(bare + text[len(bare) :] + choice)] for choice in ask.choices]
    for choice, whole in zip(ask.choices, wholes, strict=True):
        if len(whole) <= len(before):
            raise InputError(f"cannot measure the choice `{choice}`: it adds no token to the text")
    return [(before, whole[len(before) :]) for whole in wholes]
