"""A loaded model: what a program asks its questions of."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any, Unpack

import numpy as np

from osler.engine.engine import Engine
from osler.errors import PromptError
from osler.imaging.normalise import fit
from osler.model.config import ModelConfig
from osler.prompt import Tokenizer
from osler.tasks.abilities import Abilities
from osler.tasks.adapters import Variant, chosen
from osler.tasks.ask import images_of, sources_of
from osler.tasks.chat import checked_messages
from osler.tasks.identity import Identity
from osler.tasks.prepare import Prepared, SamplingOptions, pictures_in, prepare, refuse_blind
from osler.tasks.progress import Progress
from osler.tasks.question import prepare_question
from osler.tasks.score import Score
from osler.tasks.shared_engine import SharedEngine, closed
from osler.tasks.stream import Stream
from osler.tasks.study_options import StudyOptions
from osler.tasks.vectors import ImageVectors
from osler.values import NOTICE, NOTICE_DEMONSTRATION, Message, Reply, SourceRecord

__all__ = ["Model"]


class Model(Abilities):
    """Answers questions about images and text; made by `osler.load`.

    Answers are greedy unless `SamplingOptions` say otherwise (temperature, top_k, top_p, min_p, seed, stop, …), so
    asking twice gives the same answer. Images are kept encoded: a second question about the same ones is quicker.
    Several threads may use one model; their answers are computed together.

    A `with` statement frees the memory at its end, as `close` does.

    Attributes:
        identity: which weights these are.
        config: the model's shape.
        context: tokens that prompt and answer may have together.
        tokenizer: text to ids and back.
        adapters: the names that `adapted` takes.
        adapter_number: which of the engine's adapters its requests are for, from 1; 0 for none.
        progress: told of whatever takes long, here and in `load`.
        on_stream: told of every stream that is opened, before anything of it is computed.
    """

    def __init__(
        self,
        identity: Identity,
        config: ModelConfig,
        *,
        tokenizer: Tokenizer,
        context: int,
        build_engine: Callable[[Progress], Engine],
        vectors: ImageVectors | None,
        progress: Progress,
        adapted: Mapping[str, Variant] | None = None,
    ) -> None:
        self.identity = identity
        self.config = config
        self.context = context
        self.progress = progress
        self.on_stream: Callable[[Stream], None] = _tell_nobody
        self.tokenizer = tokenizer
        self.adapters = tuple(adapted or ())
        self.adapter_number = 0
        self._shared = SharedEngine(build_engine)
        self._vectors = vectors
        alone = Variant(number=0, identity=identity, vectors=vectors)
        self._variants: dict[str | None, Variant] = {None: alone}
        self._variants.update(adapted or {})

    def __repr__(self) -> str:
        return f"<osler.Model {self.identity.description}>"

    def __enter__(self) -> "Model":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def engine(self) -> Engine:
        """The engine that computes, built when it is first asked for."""
        return self._shared.get(self.progress)

    @property
    def notice(self) -> str:
        """The sentence to show beside this model's answers."""
        return NOTICE_DEMONSTRATION if self.identity.is_demonstration else NOTICE

    @property
    def image_px(self) -> int:
        """The side of the square images that it reads; 0 where it reads none."""
        return self.config.vision.image_px if self.config.vision else 0

    def start(self, *, vision: bool = False) -> None:
        """Read the weights now, and not when the first answer (`vision`: about an image) is computed."""
        if self.engine and vision and self._vectors is not None:
            self._vectors.start(self.progress)

    def occupancy(self) -> tuple[int, int]:
        """How many answers are computed just now, and how many wait for room in the cache."""
        engine = self._shared.if_built
        return (0, 0) if engine is None else engine.occupancy()

    def watched(self, progress: Progress, on_stream: Callable[[Stream], None]) -> "Model":
        """The same model for one piece of work of several that go on at once, with ears of its own.

        It shares weights, engine and caches, and is closed with this one.
        """
        self.start()
        twin = copy(self)
        twin.progress, twin.on_stream = progress, on_stream
        return twin

    def adapted(self, name: str | None) -> "Model":
        """The same model as an adapter that it was loaded with makes it, or without any for None.

        It shares engine and base weights, costs nothing to make, and is closed with this one. Answers of several
        adapters are computed together.

        Raises:
            InputError: it was not loaded with an adapter of that name.
        """
        variant = chosen(self._variants, name)
        twin = copy(self)
        twin.identity, twin.adapter_number, twin._vectors = variant.identity, variant.number, variant.vectors
        return twin

    def close(self) -> None:
        """Free the memory; the model cannot be used any more. Closing twice does nothing."""
        self._shared.close()
        self._variants.clear()
        self._vectors = None

    def ask(
        self,
        files: Any,
        question: str,
        *,
        study: StudyOptions | None = None,
        system: str | None = None,
        thinking: bool = False,
        pad: bool = True,
        **options: Unpack[SamplingOptions],
    ) -> Reply:
        """Ask a question about images, studies and documents, or about none.

        Args:
            files: the path of a file, a folder or an archive, the address of a study (`dicomweb://…`) or of a FHIR
                server's patient, a Pillow picture, or an array [Y, X, 3] of uint8; a list of them; or None.
            question: what to ask; the images go before it.
            study: what is chosen of a study (series, plane, slices, windows, patches, pages, …); None leaves it to
                the recipes of the model's authors. What they chose, and why, is in `reply.provenance.sources`.
            system: text that is folded into the question's turn, before all else.
            thinking: ask the model to think before it answers; the reply keeps the two apart.
            pad: pad images to a square, as in training; without, they are stretched, as Hugging Face's processor does.
            options: how tokens are chosen. Without `max_new_tokens`, up to 2,000 or what the context holds.
                `schema` (a JSON Schema or a pydantic model) or `regex` holds the answer to a form; `Reply.parsed` is
                then its value, and None where it was cut off.

        Raises:
            InputError: a file cannot be read, or an option makes no sense; or the question names the patient, and
                `study` does not allow it.
            VisionError: there are images but no vision weights.
            ContextError: prompt and answer do not fit the context.
        """
        return self.stream(files, question, study=study, system=system, thinking=thinking, pad=pad, **options).finish()

    def stream(
        self,
        files: Any,
        question: str,
        *,
        study: StudyOptions | None = None,
        system: str | None = None,
        thinking: bool = False,
        pad: bool = True,
        **options: Unpack[SamplingOptions],
    ) -> Stream:
        """As `ask`, but the answer comes in pieces; everything that can be refused is refused before the first."""
        asked = prepare_question(
            self, files, question, study=study, system=system, thinking=thinking, pad=pad, options=options
        )
        return Stream(self, asked.prepared)

    def chat(
        self,
        messages: Sequence[Mapping[str, Any] | Message],
        *,
        thinking: bool = False,
        pad: bool = True,
        allow_phi: bool = False,
        **options: Unpack[SamplingOptions],
    ) -> Reply:
        """Go on with a conversation, given as the model card's list of messages (see `osler.tasks.chat`).

        Arguments and errors are those of `ask`; PromptError where the list is not of that form.

        Args:
            allow_phi: let its texts name the patient of a file in it.
        """
        return self.stream_chat(messages, thinking=thinking, pad=pad, allow_phi=allow_phi, **options).finish()

    def stream_chat(
        self,
        messages: Sequence[Mapping[str, Any] | Message],
        *,
        sources: Sequence[SourceRecord] = (),
        thinking: bool = False,
        pad: bool = True,
        allow_phi: bool = False,
        **options: Unpack[SamplingOptions],
    ) -> Stream:
        """As `chat`, but the answer comes in pieces; `sources` say in the reply what its images were chosen from."""
        read = checked_messages(messages, allow_phi=allow_phi)
        return Stream(self, self.prepare(read, options, think=thinking, pad=pad, sources=sources))

    def score(
        self,
        messages: Sequence[Mapping[str, Any] | Message],
        continuation: str,
        *,
        thinking: bool = False,
        pad: bool = True,
        allow_phi: bool = False,
    ) -> Score:
        """The log-probability of each token of a given answer, for multiple choice and calibration.

        Args:
            messages: the conversation, the user's turn last.
            continuation: what the model might say next; special tokens in it are recognised.
            thinking, pad, allow_phi: as in `chat`.

        Raises:
            PromptError: the continuation is empty, or the conversation is not of its form.
        """
        ids = self.tokenize(continuation)
        if not ids:
            raise PromptError("cannot score: the continuation is empty", hint="give it the text of an answer")
        read = checked_messages(messages, allow_phi=allow_phi)
        prepared = self.prepare(read, {"max_new_tokens": len(ids)}, think=thinking, pad=pad)
        start = len(prepared.prompt.ids)
        whole = [*prepared.prompt.ids, *ids]
        images = self.placed_images(prepared)
        logprobs = self.engine.score(whole, images, start, adapter=self.adapter_number)
        return Score(token_ids=tuple(ids), logprobs=tuple(float(logprob) for logprob in logprobs))

    def encode_images(self, images: Any, *, pad: bool = True) -> np.ndarray:
        """The vectors that stand for images in a prompt, after the projector: [I, M, D] float32.

        Args:
            images: a path, a Pillow picture or an array, or a list of them.
            pad: as in `ask`.
        """
        refuse_blind(self.config, len(sources_of(images)), self.identity.vision_note)
        vision = self.config.vision
        if vision is None:
            return np.empty((0, 0, self.config.text.width), np.float32)
        squares = [fit(image.pixels, vision.image_px, pad=pad) for image in images_of(images)]
        vectors = self.vectors_of(squares)
        return np.stack(vectors) if vectors else np.empty((0, vision.image_tokens, self.config.text.width), np.float32)

    def tokenize(self, text: str) -> list[int]:
        """The ids of a text; special tokens in it are recognised, no <bos> is added."""
        return self.tokenizer.encode(text)

    def detokenize(self, ids: Sequence[int]) -> str:
        """The text of ids; special tokens are left out."""
        return self.tokenizer.decode(ids)

    def prepare(
        self,
        messages: Sequence[Message],
        options: Mapping[str, Any],
        *,
        think: bool = False,
        pad: bool = True,
        sources: Sequence[SourceRecord] = (),
    ) -> Prepared:
        """Make a conversation ready to be computed by this model; see `osler.tasks.prepare.prepare`.

        Raises:
            VisionError: there are images but no vision weights.
            PromptError, InputError, ContextError: as there.
        """
        refuse_blind(self.config, len(pictures_in(messages)), self.identity.vision_note)
        return prepare(
            messages,
            config=self.config,
            tokenizer=self.tokenizer,
            context=self.context,
            options=options,
            think=think,
            pad=pad,
            sources=sources,
        )

    def placed_images(self, prepared: Prepared) -> tuple[tuple[int, np.ndarray], ...]:
        """The vectors of a prompt's images with the place of each, as `osler.engine.request.Request` takes them."""
        vectors = self.vectors_of(prepared.squares)
        return tuple((span.offset, one) for span, one in zip(prepared.prompt.images, vectors, strict=True))

    def must_encode(self, squares: Sequence[np.ndarray]) -> bool:
        """Whether there are images among these, [N, N, 3] uint8 each, whose vectors are not kept."""
        return bool(squares) and not (self._vectors is not None and self._vectors.are_kept(squares))

    def vectors_of(self, squares: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Image vectors, [M, D] float32 each, of fitted pixels, [N, N, 3] uint8 each; kept for the next time."""
        if not squares:
            return []
        if self._vectors is None or self._shared.is_closed:
            raise closed()
        return self._vectors.of(squares, self.progress)


def _tell_nobody(stream: Stream) -> None:
    """Nobody watches."""
