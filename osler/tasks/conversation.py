"""A conversation that goes on: what was said, and what is attached to the next question."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from osler.tasks.images import open_image
from osler.tasks.prepare import SamplingOptions, refuse_blind
from osler.tasks.writing import write_new
from osler.values import Image, ImagePart, Message, Reply, TextPart

if TYPE_CHECKING:
    from osler.tasks.model import Model
    from osler.tasks.stream import Stream

__all__ = ["Conversation"]


class Conversation:
    """Questions and answers in turn with one model.

    Attributes:
        system: text that goes before the first question, or None.
        replies: the answers so far.
        attached: images that go with the next question.
    """

    def __init__(self, model: "Model", *, system: str | None = None, thinking: bool = False, pad: bool = True) -> None:
        self.system = system
        self.replies: list[Reply] = []
        self.attached: list[Image] = []
        self._model = model
        self._thinking = thinking
        self._pad = pad
        self._turns: list[Message] = []

    def attach(self, source: Any) -> Image:
        """Open an image that goes with the next question.

        Raises:
            VisionError: the model reads no images.
            InputError: it cannot be opened.
        """
        refuse_blind(self._model.config, 1, self._model.identity.vision_note)
        self.attached.append(open_image(source))
        return self.attached[-1]

    def clear(self) -> None:
        """Forget what was said and attached; the system text stays."""
        self.replies.clear()
        self.attached.clear()
        self._turns.clear()

    def ask(self, question: str, **options: Unpack[SamplingOptions]) -> "Stream":
        """Put a question; when its stream has ended, hand that to `keep`.

        Raises:
            ContextError: the conversation has grown too long.
        """
        return self._model.stream_chat(
            [*self._system(), *self._turns, self._turn(question)], thinking=self._thinking, pad=self._pad, **options
        )

    def keep(self, question: str, reply: Reply) -> None:
        """Take a question and its answer, without the thinking, into the conversation."""
        self._turns += [self._turn(question), Message(role="assistant", parts=(TextPart(text=reply.text),))]
        self.attached.clear()
        self.replies.append(reply)

    def save(self, path: Path) -> None:
        """Write the conversation as JSON: messages (images by file and digest) and replies.

        Raises:
            InputError: the file is there already, or cannot be written; nothing is left half-written.
        """
        write_new(path, json.dumps(self.to_dict(), ensure_ascii=False, indent=2).encode())

    def to_dict(self) -> dict[str, Any]:
        """The conversation as plain values."""
        return {
            "model": self._model.identity.description,
            "notice": self._model.notice,
            "messages": [_plain(message) for message in (*self._system(), *self._turns)],
            "replies": [reply.to_dict() for reply in self.replies],
        }

    def _system(self) -> tuple[Message, ...]:
        return (Message(role="system", parts=(TextPart(text=self.system),)),) if self.system else ()

    def _turn(self, question: str) -> Message:
        return Message(
            role="user", parts=(*(ImagePart(image=image) for image in self.attached), TextPart(text=question))
        )


def _plain(message: Message) -> dict[str, Any]:
    """A message in the model card's form; an image by the name of its file, its pixels are in the replies' records."""
    return {"role": message.role, "content": [_plain_part(part) for part in message.parts]}


def _plain_part(part: TextPart | ImagePart) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    file = part.image.file
    return {"type": "image", "image": file.name if file else None, "sha256": file.sha256 if file else None}
