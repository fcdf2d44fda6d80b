"""A conversation's text to token ids, with room for the images.

Each <start_of_image> of the template becomes ``\\n\\n<start_of_image>`` + M soft tokens + ``<end_of_image>\\n\\n``
(transformers' Gemma3Processor, reference/medgemma.md 10d). All is encoded as one string, so that those newlines merge
with their neighbours as the tokenizer does it: after ``user\\n`` an image begins with one token of three newlines.
The M soft tokens are put in as ids, between two special tokens with which nothing merges. A vocabulary may end before
<image_soft_token> (those of GGUF files do); <pad> then stands in for it, since the vectors take its place, as in
transformers where the soft token lies outside the embedding.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from osler.errors import PromptError
from osler.prompt.special import (
    BOS,
    CONTROL_TOKENS,
    END_OF_IMAGE,
    IMAGE_SOFT_TOKEN,
    PAD,
    START_OF_IMAGE,
    required_id,
)
from osler.prompt.template import render
from osler.prompt.thinking import ask_to_think
from osler.prompt.tokens import Tokenizer
from osler.values import Message

__all__ = ["ImageSpan", "Prompt", "build_prompt", "expand"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSpan:
    """Where an image's vectors stand: ids[offset : offset + length]."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What the engine is given.

    Attributes:
        text: the conversation, each image written as one <start_of_image>, for people and provenance.
        ids: the token ids, one <bos> first, soft tokens where the images stand.
        images: a span for each image, in the order of the conversation.
    """

    text: str
    ids: tuple[int, ...]
    images: tuple[ImageSpan, ...]

    @property
    def num_images(self) -> int:
        return len(self.images)

    @property
    def num_image_tokens(self) -> int:
        """Soft tokens only; the tokens around an image count as text."""
        return sum(span.length for span in self.images)


def build_prompt(
    messages: Sequence[Message], tokenizer: Tokenizer, *, image_tokens: int, think: bool = False
) -> Prompt:
    """Render a conversation and turn it into ids; the model is to speak next.

    Args:
        messages: a system message or none, then user and assistant in turn.
        tokenizer: the model's.
        image_tokens: M, the vectors that the model makes of an image (256 in MedGemma).
        think: whether to ask the model to think first.

    Raises:
        PromptError: the conversation or the vocabulary does not allow it.
    """
    return expand(render(ask_to_think(messages) if think else messages), tokenizer, image_tokens=image_tokens)


def expand(text: str, tokenizer: Tokenizer, *, image_tokens: int) -> Prompt:
    """Turn a rendered conversation into ids.

    Args:
        text: as `render` gives it: one <bos>, a <start_of_image> for each image.
        tokenizer, image_tokens: as in `build_prompt`.

    Raises:
        PromptError: the tokenizer does not read the text's special tokens one for one, or there are images and no
            vectors of them.
    """
    framed = text.replace(START_OF_IMAGE, f"\n\n{START_OF_IMAGE}{END_OF_IMAGE}\n\n")
    encoded = tokenizer.encode(framed)
    _check_special_tokens(framed, encoded, tokenizer)
    if START_OF_IMAGE not in text:
        return Prompt(text=text, ids=tuple(encoded), images=())
    if image_tokens < 1:
        raise PromptError("cannot place the images: the model makes no vectors of images", hint="ask without images")
    start = required_id(tokenizer, START_OF_IMAGE)
    soft = _soft_id(tokenizer)
    ids: list[int] = []
    spans: list[ImageSpan] = []
    for token in encoded:
        ids.append(token)
        if token == start:
            spans.append(ImageSpan(offset=len(ids), length=image_tokens))
            ids += [soft] * image_tokens
    return Prompt(text=text, ids=tuple(ids), images=tuple(spans))


def _soft_id(tokenizer: Tokenizer) -> int:
    found = tokenizer.id_of(IMAGE_SOFT_TOKEN)
    return required_id(tokenizer, PAD) if found is None else found


def _check_special_tokens(text: str, ids: Sequence[int], tokenizer: Tokenizer) -> None:
    """Each control token must stand in the ids as often as in the text: none lost, none made by a document."""
    for token in CONTROL_TOKENS:
        written = text.count(token)
        found = tokenizer.id_of(token) if written == 0 else required_id(tokenizer, token)
        read = 0 if found is None else ids.count(found)
        if read != written:
            raise PromptError(
                f"cannot build the prompt: the text has {written} {token}, the tokenizer made {read} of them",
                hint="the tokenizer does not belong to a Gemma 3 model, or adds tokens of its own",
            )
    if text.count(BOS) != 1 or not text.startswith(BOS):
        raise PromptError(f"cannot build the prompt: expected one {BOS} at its beginning, got {text.count(BOS)}")
