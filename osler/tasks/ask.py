"""A question about files: what the user hands over, as messages in the official order."""

import os
from collections.abc import Sequence
from typing import Any

from osler.errors import PromptError
from osler.tasks.images import open_image
from osler.values import Image, ImagePart, Message, TextPart

__all__ = ["check_question", "images_of", "question_messages", "sources_of"]


def sources_of(files: Any) -> list[Any]:
    """One file, picture or array, several in a list or tuple, or None, as a list; nothing is opened.

    >>> sources_of("chest.dcm"), sources_of(None)
    (['chest.dcm'], [])
    """
    if files is None:
        return []
    return list(files) if isinstance(files, list | tuple) else [files]


def images_of(files: Any) -> tuple[Image, ...]:
    """Open single images, in order.

    Raises:
        InputError: one of them cannot be opened.
    """
    return tuple(open_image(source) for source in sources_of(files))


def check_question(question: Any, system: Any = None) -> None:
    """Refuse what is no question.

    Raises:
        PromptError: the question or the system text is not text, or there is no question.
    """
    for name, text in (("question", question), ("system text", system or "")):
        if not isinstance(text, str):
            hint = "the files come first, then the question" if isinstance(text, os.PathLike | list) else None
            raise PromptError(f"cannot ask: expected the {name} as a string, got {type(text).__name__}", hint=hint)
    if not question.strip():
        raise PromptError("cannot ask: the question is empty", hint='ask something, such as "Describe this X-ray"')


def question_messages(
    parts: Sequence[ImagePart | TextPart], question: str, system: str | None = None
) -> tuple[Message, ...]:
    """One question in the official order: what is to be seen first, then the text.

    Args:
        parts: images and their labels.
        question: the text that follows; "" for none, where only the images are to be shown.
        system: text that is folded into the question's turn, before all else.
    """
    asked = (TextPart(text=question),) if question else ()
    user = Message(role="user", parts=(*parts, *asked))
    return (user,) if not system else (Message(role="system", parts=(TextPart(text=system),)), user)
