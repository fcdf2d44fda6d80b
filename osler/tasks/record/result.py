"""What a question about a record comes to: statements with their sources, and every step on the way there."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from osler.values import NOTICE, FinishReason, SourceRecord, Usage

__all__ = ["NOT_IN_RECORD", "Citation", "RecordAnswer", "Statement", "Step"]

NOT_IN_RECORD = "Not in the record."


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """An entry of the record that a statement rests on.

    Attributes:
        reference: as the record names it, "Observation/123"; where the resource has no id, its handle.
        handle: as the model named it, "Observation/3": the third of its type by time.
        day: "2020-03-01", "2020-03", "2020" or "".
        line: what the entry says.
    """

    reference: str
    handle: str
    day: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sentence of an answer.

    Attributes:
        text: in the model's words.
        sources: references of entries that exist and that the model was shown; which they are is the model's choice.
        unfound_numbers: numbers in the text that do not occur in these entries, nor in what was computed of them.
        shares_words: whether any of its words, numbers aside, stands in these entries; where none does, they are
            probably not what it rests on.
        unfound_references: entries that the text names and that the model was not shown; taken out of the text.
    """

    text: str
    sources: tuple[str, ...]
    unfound_numbers: tuple[str, ...] = ()
    shares_words: bool = True
    unfound_references: tuple[str, ...] = ()

    @property
    def cited_text(self) -> str:
        """The text with its sources behind it: "… was 13.5 g/dL. [Observation/123]"."""
        return " ".join([self.text, *(f"[{source}]" for source in self.sources)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of finding an answer.

    Attributes:
        name: "manifest", "types", "request", "retrieve", "names", "search", "facts" or "answer".
        by: whether the model or the program took it.
        subject: the type of resources that it was about, or "".
        result: what it came to: what the model wrote, parsed, or what the program found.
        prompt: the whole text that the model was given, turns and system text too; "" for steps of the program.
        thinking: what the model thought before it answered, or None.
        finish_reason: of the model's reply; None for steps of the program.
        usage: tokens; None for steps of the program.
        seconds: that it took.
    """

    name: str
    by: Literal["model", "program"]
    subject: str = ""
    result: Any = None
    prompt: str = ""
    thinking: str | None = None
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAnswer:
    """An answer from a patient's record.

    Attributes:
        question, today: as they were asked.
        mode: "whole" where all entries were read, "navigate" where they were narrowed down in steps.
        text: the statements with their references in brackets, or that it is not in the record.
        statements: none where the record does not answer the question.
        citations: the entries that are cited, once each.
        is_in_record: whether there is a statement; None where the answer was cut off.
        num_entries, num_read: how many entries the record holds, and how many of them a model was shown.
        finish_reason: of the last step: "length" where the answer was cut off, and then there are no statements.
        trace: the steps, in order.
        usage: the tokens of all steps.
        notes: what a person should know of what was read and left out.
        model, weights_id, precision: which weights answered.
        source: which files were read.
        notice: the sentence to show beside the answer.
    """

    question: str
    today: str
    mode: Literal["whole", "navigate"]
    text: str
    statements: tuple[Statement, ...]
    citations: tuple[Citation, ...]
    is_in_record: bool | None
    num_entries: int
    num_read: int
    finish_reason: FinishReason
    trace: tuple[Step, ...]
    usage: Usage
    model: str
    weights_id: str
    precision: str
    source: SourceRecord
    notes: tuple[str, ...] = field(default=())
    notice: str = NOTICE

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain dictionaries, lists, strings and numbers, for JSON."""
        return asdict(self)
