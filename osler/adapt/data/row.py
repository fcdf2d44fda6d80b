"""What one line of data says, before any of its files is opened."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, overload

from osler.adapt.data.faults import Fault
from osler.tasks.own_data import Part

__all__ = ["Learn", "Part", "Row", "Rows"]

Learn = Literal["all", "last"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """What one line of data says.

    Attributes:
        number: from 1, as an editor counts lines; for folders of classes the n-th file. A line with several labels
            gives several rows of one number.
        where: how a person finds it: "line 14", or a file's path below the folder.
        messages: as `Model.chat` takes them, with paths that lead to the files; the last is the assistant's. An image
            may be whatever Osler reads, and a list of paths where several files make one study. The last message may
            have a `thinking`.
        files: that it names, in order.
        group: patient or group; None where the row names none (`osler.adapt.data.split` then looks at its files).
        part: the part that its own `split` names.
        learn: whether all answers of the conversation are learned, or the last one only.
        label: its class, where answers are classes.
        question, options: of a row with a question, the words without and the texts of its choices, for evaluation.
    """

    number: int
    where: str
    messages: tuple[Mapping[str, Any], ...]
    files: tuple[Path, ...] = ()
    group: str | None = None
    part: Part | None = None
    learn: Learn = "all"
    label: str | None = None
    question: str = ""
    options: tuple[str, ...] = ()

    @property
    def answer(self) -> str:
        """The text of the last answer, without its thinking."""
        return text_of(self.messages[-1])

    @property
    def thinking(self) -> str | None:
        """What goes before the last answer."""
        return self.messages[-1].get("thinking")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows(Sequence[Row]):
    """Rows of one file or folder.

    Attributes:
        place: that was read: the file of rows, or the folder of classes.
        rows: those that can be read.
        faults: the lines that give no row.
        classes: their names, where answers are classes.
    """

    place: Path
    rows: tuple[Row, ...]
    faults: tuple[Fault, ...] = ()
    classes: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """What paths in it are relative to."""
        return self.place if self.place.is_dir() else self.place.parent

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> "Rows": ...

    def __getitem__(self, index: int | slice) -> "Row | Rows":
        return self.chosen(self.rows[index]) if isinstance(index, slice) else self.rows[index]

    def chosen(self, rows: Sequence[Row]) -> "Rows":
        """Some of the rows, in the order given."""
        return replace(self, rows=tuple(rows), faults=())

    def digest(self) -> str:
        """SHA-256 of what the rows say, in order, and of the sizes of their files; a folder counts by its name."""
        digest = sha256()
        for row in self.rows:
            digest.update(repr((self._without_folder(row), row.group, row.part, row.learn)).encode())
            digest.update(repr([path.stat().st_size if path.is_file() else None for path in row.files]).encode())
        return digest.hexdigest()

    def _without_folder(self, row: Row) -> str:
        return repr(row.messages).replace(str(self.folder), "")


def text_of(message: Mapping[str, Any]) -> str:
    """The text of a message's parts, each without white space around it, as the chat template joins them."""
    content = message["content"]
    if isinstance(content, str):
        return content.strip()
    texts = [part if isinstance(part, str) else part.get("text", "") for part in content]
    return "".join(text.strip() for text in texts)
