"""The model card's message lists, read into Osler's own messages.

A message is a mapping with a role and a content, as the chat templates of Hugging Face have it::

    {"role": "user", "content": [{"type": "image", "image": "chest.dcm"}, {"type": "text", "text": "Describe it."}]}

An image is whatever `open_image` takes (a path, a Pillow picture, an array, an `Image`), or a data URI with a picture
in base64, as the official CT notebooks have it.
"""

import base64
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from osler.errors import PromptError
from osler.tasks.images import open_image
from osler.tasks.privacy import refuse_identifiers
from osler.tasks.study_options import StudyOptions
from osler.values import Image, ImagePart, Message, TextPart

__all__ = ["PARTS", "ROLES", "checked_messages", "is_data", "messages_from"]

ROLES = {"system": "system", "user": "user", "assistant": "assistant", "model": "assistant"}
PARTS = ("text", "image")


def checked_messages(turns: Sequence[Mapping[str, Any] | Message], *, allow_phi: bool = False) -> tuple[Message, ...]:
    """Read a conversation that must not name a patient of the files in it.

    Args:
        turns: as in `messages_from`. Pictures in memory, `Image`s among them, do not say whose they are.
        allow_phi: let it name them.

    Raises:
        PromptError: as `messages_from` says.
        InputError: a text of any turn holds a name, an identifier or a date of birth; or an image cannot be opened.
    """
    messages = messages_from(turns)
    said = [part.text for message in messages for part in message.parts if isinstance(part, TextPart)]
    refuse_identifiers(said, _files_in(turns), StudyOptions(allow_phi=allow_phi))
    return messages


def _files_in(turns: Sequence[Mapping[str, Any] | Message]) -> list[Path]:
    """The files that a conversation, which was read without an error, names."""
    contents = [turn["content"] for turn in turns if isinstance(turn, Mapping)]
    parts = [part for content in contents if not isinstance(content, str) for part in content]
    images = [part["image"] for part in parts if isinstance(part, Mapping) and part["type"] == "image"]
    return [Path(image) for image in images if isinstance(image, str | os.PathLike) and not is_data(image)]


def messages_from(turns: Sequence[Mapping[str, Any] | Message]) -> tuple[Message, ...]:
    """Read a conversation, opening its images.

    Args:
        turns: mappings as above, or `Message`s, which pass unchanged; a content may be a plain string.

    Raises:
        PromptError: a role, part or text is missing, unknown or of another type; the turn is counted from 1.
        InputError: an image cannot be opened.
    """
    if isinstance(turns, str | bytes | Mapping) or not isinstance(turns, Sequence):
        raise PromptError(
            f"cannot read the conversation: expected a list of messages, got {type(turns).__name__}",
            hint='pass [{"role": "user", "content": "…"}], or use `ask` for a single question',
        )
    return tuple(_message(turn, number) for number, turn in enumerate(turns, start=1))


def _message(turn: Mapping[str, Any] | Message, number: int) -> Message:
    if isinstance(turn, Message):
        return turn
    if not isinstance(turn, Mapping):
        raise PromptError(f"cannot read message {number}: expected a mapping, got {type(turn).__name__}")
    role = turn.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise PromptError(f"cannot read message {number}: expected a role of {', '.join(ROLES)}, got {role!r}")
    content = turn.get("content")
    if isinstance(content, str):
        content = [content]
    if isinstance(content, Mapping) or not isinstance(content, Sequence):
        raise PromptError(
            f"cannot read message {number}: expected a content of text or a list of parts, got {type(content).__name__}"
        )
    return Message(role=ROLES[role], parts=tuple(_part(part, number) for part in content))


def _part(part: Any, number: int) -> TextPart | ImagePart:
    if isinstance(part, TextPart | ImagePart):
        return part
    if isinstance(part, str):
        return TextPart(text=part)
    kind = part.get("type") if isinstance(part, Mapping) else None
    if kind not in PARTS:
        raise PromptError(
            f"cannot read message {number}: expected parts of type text or image, got "
            f"{repr(kind) if isinstance(part, Mapping) else type(part).__name__}",
            hint='a part reads {"type": "text", "text": "…"} or {"type": "image", "image": "chest.dcm"}',
        )
    if part.get(kind) is None:
        raise PromptError(f"cannot read message {number}: its {kind} part has no {kind!r}")
    if kind == "image":
        source = part["image"]
        return ImagePart(image=_from_data(source, number) if is_data(source) else open_image(source))
    if not isinstance(part["text"], str):
        raise PromptError(f"cannot read message {number}: expected text as a string, got {type(part['text']).__name__}")
    return TextPart(text=part["text"])


def is_data(source: Any) -> bool:
    """Whether an image is a data URI."""
    return isinstance(source, str) and source.startswith("data:")


def _from_data(uri: str, number: int) -> Image:
    """The picture in ``data:image/jpeg;base64,…`` (RFC 2397)."""
    from PIL import Image as Pillow

    header, _, data = uri.partition(",")
    if not header.endswith(";base64"):
        raise PromptError(f"cannot read message {number}: expected an image as data:image/…;base64,…")
    try:
        picture = Pillow.open(io.BytesIO(base64.b64decode(data, validate=True)))
    except (ValueError, OSError, Pillow.DecompressionBombError) as error:
        raise PromptError(
            f"cannot read message {number}: the data of its image is no picture ({type(error).__name__})"
        ) from error
    return open_image(picture)
