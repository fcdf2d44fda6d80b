"""Rows that are conversations: the message lists of `Model.chat`, with the assistant's answers.

A message of the assistant's may have `thinking` beside its `content`; only the last one's is learned, because what was
thought is not told to the model again.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from osler.adapt.data.fields import SHARED, check_answer, group_of, learn_of, part_of, refuse_path
from osler.adapt.data.row import Row, text_of
from osler.errors import PromptError
from osler.formats.lines import Line
from osler.prompt import render
from osler.prompt.special import control_token_in
from osler.tasks.chat import PARTS, ROLES, is_data, messages_from
from osler.tasks.own_data import check_fields, decoded, holds_words, is_there, no_such_file
from osler.tasks.room import BLANK
from osler.values import Message

__all__ = ["conversation_row"]

FIELDS = ("messages", *SHARED)
OBJECTS = ("messages", "groups")

Turn = dict[str, Any]


def conversation_row(line: Line, folder: Path, *, classes: tuple[str, ...] = ()) -> Row:
    """The row of a line with `messages`.

    Args:
        folder: that paths are relative to.
        classes: what the last answer may be; () for anything.

    Raises:
        LineError: the conversation is not of its form, or a file is not there.
    """
    line = decoded(line, OBJECTS)
    check_fields(line, FIELDS)
    turns = _turns(line)
    files: list[Path] = []
    placed = tuple(_placed(line, turn, number, folder, files) for number, turn in enumerate(turns, start=1))
    _check_form(line, placed)
    answer = text_of(placed[-1])
    refuse_path(line, "messages", answer, folder)
    return Row(
        number=line.number,
        where=line.where.rsplit(", ", 1)[-1],
        messages=placed,
        files=tuple(files),
        group=group_of(line),
        part=part_of(line),
        learn=learn_of(line),
        label=check_answer(line, answer, classes),
        question=text_of(placed[-2]),
    )


def _turns(line: Line) -> Sequence[Mapping[str, Any]]:
    given = line.values["messages"]
    if not isinstance(given, list) or not given:
        raise line.wrong("expected a list of messages in `messages`")
    for number, turn in enumerate(given, start=1):
        if not isinstance(turn, Mapping):
            raise line.wrong(f"expected message {number} to be an object")
        if turn.get("role") not in ROLES:
            raise line.wrong(f"expected a role of {', '.join(ROLES)} in message {number}")
        parts = turn.get("content")
        for part in parts if isinstance(parts, list) else []:
            if isinstance(part, Mapping) and part.get("type") not in PARTS:
                raise line.wrong(f"expected parts of type {' or '.join(PARTS)} in message {number}")
    return given


def _placed(line: Line, turn: Mapping[str, Any], number: int, folder: Path, files: list[Path]) -> Turn:
    """A turn with paths that lead to its files; these are added to `files`."""
    content = turn.get("content")
    if not isinstance(content, list):
        return dict(turn)
    parts = [
        {**part, "image": _source(line, part.get("image"), number, folder, files)} if _is_image(part) else part
        for part in content
    ]
    return {**turn, "content": parts}


def _source(line: Line, image: Any, number: int, folder: Path, files: list[Path]) -> str | list[str]:
    """Where an image lies: a path, or several that make one study; a data URI as it is."""
    if is_data(image):
        return image
    names = image if isinstance(image, list) else [image]
    if not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise line.wrong(f"expected a path, or a list of paths, in each image of message {number}")
    for name in names:
        if not is_there(folder / name):
            got_words = f"expected a path in each image of message {number}, got words"
            raise line.wrong(got_words if holds_words(name) else no_such_file(name))
    paths = [folder / name for name in names]
    files += paths
    return [os.fspath(path) for path in paths] if isinstance(image, list) else os.fspath(paths[0])


def _check_form(line: Line, turns: Sequence[Turn]) -> None:
    """Refuse what inference would refuse, and answers from which nothing can be learned."""
    try:
        messages = messages_from([_blank(turn) for turn in turns])
        render(messages, answer=False)
    except PromptError as error:
        raise line.wrong(error.message) from None
    if messages[-1].role != "assistant":
        raise line.wrong("its last message is not the assistant's: there is no answer to learn")
    for number, (message, turn) in enumerate(zip(messages, turns, strict=True), start=1):
        _check_turn(line, message, turn, number, is_last=number == len(turns))


def _check_turn(line: Line, message: Message, turn: Turn, number: int, *, is_last: bool) -> None:
    has_text = bool(text_of(turn))
    if message.role == "assistant":
        if not has_text:
            raise line.wrong("its answer is empty" if is_last else f"the answer in message {number} is empty")
        if any(map(_is_image, _parts(turn))):
            raise line.wrong(f"message {number} is the assistant's and holds an image")
    elif message.role == "user" and not has_text:
        raise line.wrong(f"message {number} holds an image without a question")
    thinking = turn.get("thinking")
    if thinking is None:
        return
    if message.role != "assistant" or not is_last:
        raise line.wrong(f"only the last answer can have `thinking`, not message {number}")
    if not isinstance(thinking, str) or not thinking.strip() or control_token_in(thinking):
        raise line.wrong("expected words in `thinking`, without control tokens")


def _is_image(part: Any) -> bool:
    return isinstance(part, Mapping) and part.get("type") == "image"


def _parts(turn: Turn) -> Sequence[Any]:
    content = turn["content"]
    return content if isinstance(content, list) else [content]


def _blank(turn: Turn) -> Turn:
    """A turn with a blank picture wherever it has an image, so that its form can be looked at."""
    parts = [
        {**part, "image": BLANK} if _is_image(part) else part
        for part in (turn["content"] if isinstance(turn.get("content"), list) else ())
    ]
    return {**turn, "content": parts} if parts else turn
