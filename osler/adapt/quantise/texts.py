"""The user's own text and images as passages: plain text, rows with a text, and rows as `osler tune` takes them.

A row is a document of its own, cut off where it is longer than a passage. Plain text has no such borders: every passage
that it is cut into counts as a document.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from osler.adapt.quantise.passages import Passage
from osler.errors import InputError
from osler.formats.lines import LineError, walk_lines
from osler.prompt.special import BOS, required_id

if TYPE_CHECKING:
    from osler.tasks.model import Model

__all__ = ["read_passages"]

TEXT_SUFFIXES = frozenset({".txt", ".md"})
ROW_SUFFIXES = frozenset({".jsonl", ".json"})
LEAST_TOKENS = 16
"""Shorter passages say nothing."""


def read_passages(paths: Sequence[Path], model: "Model", *, length: int, most_tokens: int) -> list[Passage]:
    """Passages of some files or folders, in an order that depends on nothing but what they are called.

    Args:
        paths: text files or folders of them, files of rows with a `text`, or data as `osler tune` takes it.
        model: opened; its tokenizer and image encoder are used.
        length: tokens of a passage at most.
        most_tokens: no more are read, because images take time.

    Raises:
        InputError: there is no text in them.
    """
    found: list[Passage] = []
    for path in paths:
        if not path.exists():
            raise InputError(f"cannot read `{path.name}`: there is no such file or folder")
        room = most_tokens - sum(len(passage.ids) for passage in found)
        found += _until(_passages(path, model, length), room)
    if not found:
        raise InputError(
            f"cannot calibrate on `{paths[0].name}`: there is no text of at least {LEAST_TOKENS} tokens in it"
        )
    return found


def _passages(path: Path, model: "Model", length: int) -> Iterator[Passage]:
    texts = sorted(one for one in path.rglob("*") if one.suffix in TEXT_SUFFIXES) if path.is_dir() else []
    if path.suffix in TEXT_SUFFIXES or texts:
        return _of_texts(texts or [path], model, length)
    if path.suffix in ROW_SUFFIXES and _has_text(path):
        return _of_text_rows(path, model, length)
    return _of_rows(path, model, length)


def _of_texts(paths: Sequence[Path], model: "Model", length: int) -> Iterator[Passage]:
    """Every passage of plain text, in the order of its digest: one book must not hide the next."""
    bos = required_id(model.tokenizer, BOS)
    found = []
    for path in paths:
        ids = model.tokenizer.encode(path.read_text(encoding="utf-8", errors="replace"))
        step = length - 1
        cuts = [ids[first : first + step] for first in range(0, len(ids), step)]
        found += [
            Passage(document=f"{path.name} {number}", ids=np.array([bos, *cut], np.int32))
            for number, cut in enumerate(cuts)
        ]
    return iter(sorted(found, key=lambda passage: _rank(passage.document)))


def _has_text(path: Path) -> bool:
    """Whether rows have a `text` and are no conversations."""
    try:
        first = next(iter(walk_lines(path)))
    except StopIteration:
        return False
    return not isinstance(first, LineError) and "text" in first.values and "messages" not in first.values


def _of_text_rows(path: Path, model: "Model", length: int) -> Iterator[Passage]:
    bos = required_id(model.tokenizer, BOS)
    rows = [line for line in walk_lines(path) if not isinstance(line, LineError)]
    for line in sorted(rows, key=lambda line: _rank(line.where)):
        text = line.values.get("text")
        if isinstance(text, str) and text.strip():
            ids = [bos, *model.tokenizer.encode(text)][:length]
            yield Passage(document=line.where, ids=np.array(ids, np.int32))


def _of_rows(path: Path, model: "Model", length: int) -> Iterator[Passage]:
    """Conversations as they are asked and answered, with their images."""
    from osler.adapt.data.example import Examples
    from osler.adapt.data.read import read_rows

    rows = read_rows(path)
    if rows.faults:
        raise InputError(
            f"cannot calibrate on `{path.name}`: {len(rows.faults):,} of its rows cannot be read, first "
            f"{rows.faults[0].where}",
            hint="`osler tune --check` names every one of them",
        )
    ranked = rows.chosen(sorted(rows, key=lambda row: _rank(row.where)))
    for example in Examples(ranked, model):
        vectors = model.vectors_of(example.squares) if example.squares else []
        images = tuple((span.offset, found) for span, found in zip(example.images, vectors, strict=True))
        end = _whole(length, example.images)
        yield Passage(
            document=f"{path.name} {example.row.where}",
            ids=np.array(example.ids[:end], np.int32),
            images=tuple(image for image in images if image[0] < end),
        )


def _whole(length: int, images: Sequence) -> int:
    """Where to cut off a conversation: after so many tokens, but behind all of its images."""
    return max([length, *(span.offset + span.length + length for span in images)])


def _until(passages: Iterator[Passage], tokens: int) -> list[Passage]:
    found, total = [], 0
    for passage in passages:
        if total >= tokens:
            break
        if len(passage.ids) >= LEAST_TOKENS:
            found.append(passage)
            total += len(passage.ids)
    return found


def _rank(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
