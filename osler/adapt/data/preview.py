"""A row as the network is given it, for people: its tokens with those that are learned in brackets, and its images.

Without colour::

    line 14: 283 tokens, 256 of them for 1 image; 3 learned
    <bos><start_of_turn>user


    <start_of_image>‹image 1: 256 tokens›<end_of_image>

    Is it normal?<end_of_turn>
    <start_of_turn>model
    [[No|.|<end_of_turn>]]
"""

from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from osler.adapt.data.example import Example
from osler.adapt.data.row import Row
from osler.errors import InputError
from osler.imaging.png import png_of
from osler.prompt import Tokenizer
from osler.prompt.special import CONTROL_TOKENS
from osler.tasks.writing import write_new

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["Piece", "headline", "pieces_of", "preview_rich", "preview_text", "spread_rows", "write_images"]

Kind = Literal["text", "control", "image", "learned"]

OPENING, BETWEEN, CLOSING = "[[", "|", "]]"
STYLES: dict[Kind, str] = {"text": "", "control": "dim", "image": "cyan", "learned": "bold green"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Tokens that are shown as one.

    Attributes:
        text: what they say; a token that is a part of a character is shown with those that end it.
        kind: ordinary text, a control token, an image's vectors, or a token that is learned.
    """

    text: str
    kind: Kind


def pieces_of(example: Example, tokenizer: Tokenizer) -> list[Piece]:
    """All tokens of an example, in order; those of an image as one, learned ones each by itself."""
    names = {tokenizer.id_of(name): name for name in CONTROL_TOKENS}
    images = {span.offset: (number, span.length) for number, span in enumerate(example.images, start=1)}
    inside = {place for span in example.images for place in range(span.offset, span.offset + span.length)}
    found: list[Piece] = []
    decoder = getincrementaldecoder("utf-8")("replace")
    for place, (token, is_learned) in enumerate(zip(example.ids.tolist(), example.learned.tolist(), strict=True)):
        if place in images:
            number, length = images[place]
            found.append(Piece(text=f"‹image {number}: {length:,} tokens›", kind="image"))
        elif place not in inside:
            name = names.get(token)
            text = name or decoder.decode(tokenizer.piece(token))
            if text:
                found.append(Piece(text=text, kind="learned" if is_learned else "control" if name else "text"))
    return found


def headline(example: Example) -> str:
    """Which row it is, and its counts."""
    row, in_images = example.row, sum(span.length for span in example.images)
    count = len(example.images)
    images = f", {in_images:,} of them for {count} image{'s' if count != 1 else ''}" if count else ""
    return f"{row.where}: {len(example):,} tokens{images}; {example.num_learned:,} learned"


def preview_text(example: Example, tokenizer: Tokenizer) -> str:
    """A row without colour; learned tokens stand in double brackets, with | between them."""
    body = "".join(text for text, _ in _marked(pieces_of(example, tokenizer)))
    return f"{headline(example)}\n{body.rstrip()}\n"


def preview_rich(example: Example, tokenizer: Tokenizer) -> "Text":
    """The same in colour, for a console of rich's."""
    from rich.text import Text

    shown = Text.assemble((headline(example), "bold"), "\n")
    for text, style in _marked(pieces_of(example, tokenizer)):
        shown.append(text, style=style or None)
    shown.rstrip()
    return shown.append("\n")


def spread_rows(rows: Sequence[Row], count: int) -> list[Row]:
    """Some rows from end to end of the data, the same each time.

    >>> spread_rows("abcdefg", 3)
    ['a', 'd', 'g']
    """
    if count >= len(rows):
        return list(rows)
    return [rows[round(number * (len(rows) - 1) / max(1, count - 1))] for number in range(count)]


def write_images(example: Example, folder: Path) -> list[Path]:
    """Write a row's images as the vision tower sees them: `row-14-image-1.png`, numbered as in the prompt.

    Raises:
        InputError: a file is there already, or the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write into `{folder}`: {error.strerror or type(error).__name__}") from None
    paths = [folder / f"row-{example.row.number}-image-{number}.png" for number in range(1, len(example.squares) + 1)]
    for path, square in zip(paths, example.squares, strict=True):
        write_new(path, png_of(square))
    return paths


def _marked(pieces: Sequence[Piece]) -> Iterator[tuple[str, str]]:
    """Texts with their styles, brackets around runs of learned tokens; a line break in them is spelt out, too."""
    was_learned = False
    for piece in pieces:
        is_learned = piece.kind == "learned"
        if is_learned != was_learned:
            yield (OPENING if is_learned else CLOSING), "bold"
        elif is_learned:
            yield BETWEEN, "dim"
        yield (piece.text.replace("\n", "\\n\n") if is_learned else piece.text), STYLES[piece.kind]
        was_learned = is_learned
    if was_learned:
        yield CLOSING, "bold"
