"""An answer as it is written, and the reply that it becomes."""

from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from math import isnan
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from osler.engine.request import Request, Token
from osler.engine.sequence import Sequence
from osler.prompt.special import THINKING_END, THINKING_START
from osler.prompt.thinking import Piece, SplitText, ThinkingSplitter, split_text
from osler.tasks.prepare import Prepared
from osler.tasks.progress import READING_PROMPT
from osler.tasks.schema import parsed_reply
from osler.values import Provenance, Reply, SourceRecord, Timings, Usage

if TYPE_CHECKING:
    from osler.tasks.model import Model

__all__ = ["Stream"]


class Stream:
    """Gives an answer in pieces as it is written: ``for piece in stream: print(piece.text)``.

    A piece has a `kind`, "thinking" or "answer", and a `text` that is never empty. Nothing is computed before the
    first piece is asked for. Leaving the loop for good, or Ctrl-C, cancels what is left.

    Attributes:
        reply: the whole reply once the stream has come to its end or was cancelled; None before, and where the
            prompt had not been handed to the engine.
    """

    def __init__(self, model: "Model", prepared: Prepared) -> None:
        self.reply: Reply | None = None
        self._sequence: Sequence | None = None
        self._clock = _Clock()
        self._is_cancelled = False
        self._model = model
        self._prepared = prepared
        self._pieces = self._run()
        model.on_stream(self)

    def __iter__(self) -> Iterator[Piece]:
        return self

    def __next__(self) -> Piece:
        return next(self._pieces)

    def begin(self) -> None:
        """Encode the images and hand the prompt to the engine, which computes it whenever anybody asks it for tokens.

        Nobody needs to call it, and only the first call does something: streams that are begun before the first one is
        read are computed side by side.
        """
        if self._sequence is not None or self._is_cancelled:
            return
        engine = self._model.engine
        self._model.start(vision=self._model.must_encode(self._prepared.squares))
        self._clock = _Clock()  # from here on: loading is no part of an answer's time
        images = self._model.placed_images(self._prepared)
        self._clock.images_done()
        if not self._is_cancelled:
            self._sequence = engine.add(self._request(images))

    def finish(self) -> Reply:
        """Run to the end, passing over the pieces; the whole reply."""
        for _ in self:
            pass
        assert self.reply is not None
        return self.reply

    @property
    def num_prompt_tokens(self) -> int:
        """Tokens of the prompt, images included; known before anything is computed."""
        return self._prepared.budget.prompt_tokens

    @property
    def tokens(self) -> tuple[Token, ...]:
        """What was written so far, token by token, thinking and stop token included."""
        return tuple(self._sequence.tokens) if self._sequence is not None else ()

    @property
    def prepared(self) -> Prepared:
        """What is computed: prompt, images, sampling."""
        return self._prepared

    @property
    def sources(self) -> tuple[SourceRecord, ...]:
        """What was chosen of each thing that was handed over; known before anything is computed."""
        return self._prepared.sources

    def cancel(self) -> None:
        """Stop here; `reply` holds what was written. Nothing happens to a stream that has ended.

        Any thread may call it; the one that reads the stream then comes to its end.
        """
        self._is_cancelled = True
        if self._sequence is not None:
            self._model.engine.cancel(self._sequence)
        with suppress(ValueError):  # another thread is reading: it ends by itself
            self._pieces.close()

    def _run(self) -> Generator[Piece, None, None]:
        self.begin()
        engine, progress, sequence = self._model.engine, self._model.progress, self._sequence
        if sequence is None:
            return
        progress(READING_PROMPT, 0, sequence.num_prompt)
        try:
            tokens = engine.follow(sequence, lambda done, total: progress(READING_PROMPT, done, total))
            yield from self._split(tokens)
        finally:
            engine.cancel(sequence)  # does nothing to one that has ended
            if sequence.error is None:
                self.reply = self._reply(sequence, self._clock.timings(sequence))

    def _request(self, images: tuple[tuple[int, np.ndarray], ...]) -> Request:
        prepared = self._prepared
        return Request(
            ids=np.array(prepared.prompt.ids, np.int32),
            images=images,
            sampling=prepared.sampling,
            adapter=self._model.adapter_number,
        )

    @property
    def _is_all_answer(self) -> bool:
        """Whether the reply is held to a form from its first token on: then even a thinking mark in it is a text."""
        return self._prepared.sampling.has_form and not self._prepared.sampling.may_think

    def _split(self, tokens: Iterator[Token]) -> Iterator[Piece]:
        """Tell thinking from answer in tokens as they come; the thinking marks themselves have no text."""
        if self._is_all_answer:
            yield from (Piece("answer", token.text) for token in tokens if token.text)
            return
        splitter, marks = ThinkingSplitter(), self._marks()
        for token in tokens:
            yield from splitter.push(token.text + marks.get(token.id, ""))
        yield from splitter.finish()

    def _marks(self) -> dict[int, str]:
        tokenizer = self._model.tokenizer
        ids = {tokenizer.id_of(mark): mark for mark in (THINKING_START, THINKING_END)}
        return {token: mark for token, mark in ids.items() if token is not None and not tokenizer.piece(token)}

    def _reply(self, sequence: Sequence, timings: Timings) -> Reply:
        written, reason = self._written(sequence), sequence.finish_reason or "cancelled"
        has_schema = self._prepared.sampling.schema is not None
        return Reply(
            text=written.answer,
            thinking=written.thinking,
            finish_reason=reason,
            usage=Usage(
                prompt_tokens=self._prepared.budget.prompt_tokens,
                image_tokens=self._prepared.budget.image_tokens,
                completion_tokens=len(sequence.tokens),
                cached_tokens=sequence.cached,
            ),
            timings=timings,
            provenance=self._provenance(),
            token_ids=sequence.token_ids,
            logprobs=sequence.logprobs,
            notice=self._model.notice,
            parsed=parsed_reply(written.answer, has_schema=has_schema, is_whole=reason == "stop"),
        )

    def _written(self, sequence: Sequence) -> SplitText:
        if self._is_all_answer:
            return SplitText(None, sequence.text)
        marks = self._marks()
        return split_text("".join(token.text + marks.get(token.id, "") for token in sequence.tokens))

    def _provenance(self) -> Provenance:
        text = self._prepared.prompt.text
        return Provenance(
            model=self._model.identity.description,
            weights_id=self._model.identity.weights_id,
            precision=self._model.identity.precision,
            images=self._prepared.records,
            prompt=text,
            prompt_sha256=sha256(text.encode()).hexdigest(),
            sampling=asdict(self._prepared.sampling),
            versions=_versions(),
            sources=self._prepared.sources,
            study=self._prepared.study,
        )


class _Clock:
    """Measures one reply from when the model was ready."""

    def __init__(self) -> None:
        self._begun = self._images_done = perf_counter()

    def images_done(self) -> None:
        self._images_done = perf_counter()

    def timings(self, sequence: Sequence) -> Timings:
        """Where the seconds went until now; without a first token, all but the images' were the prompt's."""
        now = perf_counter()
        image_s, rest_s = self._images_done - self._begun, now - self._images_done
        has_begun = not isnan(sequence.first_token_s)
        return Timings(
            image_s=image_s,
            prefill_s=sequence.prefill_s if has_begun else rest_s,
            decode_s=sequence.decode_s if has_begun else 0.0,
            first_token_s=image_s + (sequence.first_token_s if has_begun else rest_s),
            total_s=image_s + rest_s,
        )


@cache
def _versions() -> dict[str, str]:
    """Versions of Osler and of what its numbers come from; of an Osler that was never installed, "unknown"."""
    found = {}
    for package in ("osler", "openvino", "numpy", "pillow"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found
