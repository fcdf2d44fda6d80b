"""A conversation as the text that Gemma 3 was tuned on.

::

    <bos><start_of_turn>user
    {system}

    {user's parts}<end_of_turn>
    <start_of_turn>model
    {assistant's parts}<end_of_turn>
    <start_of_turn>user
    {user's parts}<end_of_turn>
    <start_of_turn>model

Text parts are stripped one by one and joined with nothing between them; an image is <start_of_image>. The system text
is not stripped. Source: CHAT_TEMPLATE in Hugging Face's convert_gemma3_weights.py (reference/medgemma.md 10d).
"""

from collections.abc import Sequence
from itertools import groupby

from osler.errors import PromptError
from osler.prompt.special import BOS, END_OF_TURN, START_OF_IMAGE, START_OF_TURN, control_token_in
from osler.values import ImagePart, Message, TextPart

__all__ = ["render"]

ROLES = {"user": "user", "assistant": "model"}


def render(messages: Sequence[Message], *, answer: bool = True) -> str:
    """Write a conversation as one text, images unexpanded.

    Args:
        messages: a system message or none, then user and assistant in turn, the user first.
        answer: whether the model is to speak next; the conversation must then end with the user.

    Raises:
        PromptError: roles out of order, a turn with nothing in it, an image in the system message, or text that
            spells a control token and could so pass for a turn or an image of its own. Turns count from 1.
    """
    system, turns = _split_system(messages)
    _check_order(messages, turns, answer)
    first = 1 + len(messages) - len(turns)
    texts = [BOS]
    for index, message in enumerate(turns):
        content = (system if index == 0 else "") + _content(message, first + index)
        texts.append(f"{START_OF_TURN}{ROLES[message.role]}\n{content}{END_OF_TURN}\n")
    if answer:
        texts.append(f"{START_OF_TURN}{ROLES['assistant']}\n")
    return "".join(texts)


def _split_system(messages: Sequence[Message]) -> tuple[str, Sequence[Message]]:
    """The text that goes before the first user's words, and the turns after the system message."""
    if not messages:
        raise PromptError("cannot build a prompt: the conversation is empty", hint="give it at least one user message")
    if messages[0].role != "system":
        return "", messages
    if any(isinstance(part, ImagePart) for part in messages[0].parts):
        raise PromptError(
            "cannot place turn 1 (system): expected text only, got an image", hint="put the image into the user's turn"
        )
    text = "".join(part.text for part in messages[0].parts if isinstance(part, TextPart))
    _refuse_control_tokens(text, 1, "system")
    return text + "\n\n", messages[1:]


def _check_order(messages: Sequence[Message], turns: Sequence[Message], answer: bool) -> None:
    """User and assistant must alternate, the user first and, where an answer is wanted, last."""
    first = 1 + len(messages) - len(turns)
    for index, message in enumerate(turns):
        expected = ("user", "assistant")[index % 2]
        if message.role != expected:
            raise PromptError(
                f"cannot place turn {first + index}: expected the role {expected}, got {message.role}",
                hint="user and assistant take turns, the user first; a system message may only stand before them",
            )
    if not turns:
        raise PromptError(
            "cannot build a prompt: the conversation holds only a system message", hint="add a user message after it"
        )
    if answer and turns[-1].role != "user":
        raise PromptError(
            f"cannot answer: turn {len(messages)} is the assistant's and the last", hint="end with a user message"
        )


def _content(message: Message, number: int) -> str:
    """One turn's parts as the template writes them."""
    content = ""
    for is_image, parts in groupby(message.parts, key=lambda part: isinstance(part, ImagePart)):
        if is_image:
            content += START_OF_IMAGE * len(tuple(parts))
            continue
        text = "".join(part.text.strip() for part in parts if isinstance(part, TextPart))
        _refuse_control_tokens(text, number, message.role)  # joined first: two parts may spell a token together
        content += text
    if message.role == "user" and not content:
        raise PromptError(f"cannot place turn {number} (user): it is empty", hint="ask something, or add an image")
    return content


def _refuse_control_tokens(text: str, number: int, role: str) -> None:
    token = control_token_in(text)
    if token is not None:
        raise PromptError(
            f"cannot place turn {number} ({role}): its text spells the control token {token}",
            hint="take it out of the text: inside a prompt it would begin or end turns, images or thinking",
        )
