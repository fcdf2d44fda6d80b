"""Asking a model for one step of the way, in a form that can be read for certain."""

from collections.abc import Mapping
from dataclasses import fields
from time import perf_counter
from typing import TYPE_CHECKING, Any

from osler.errors import ContextError, InputError
from osler.tasks.record.result import Step
from osler.values import Message, TextPart, Usage

if TYPE_CHECKING:
    from osler.tasks.model import Model

__all__ = ["Asker", "total_usage"]

REFUSED = ("schema", "regex", "stop", "ignore_eos")
SPARE_TOKENS = 64  # the turn's own tokens, and what merging at the seams of a prompt may add


class Asker:
    """Asks one model, and writes down every step.

    Args:
        model: that is asked.
        options: `SamplingOptions` of every step; `max_new_tokens` counts for the answer alone.
        system: text that goes before every prompt.
        thinking: whether the model may think before the answer.

    Raises:
        InputError: an option takes the form of an answer away.
    """

    def __init__(self, model: "Model", options: Mapping[str, Any], *, system: str | None, thinking: bool) -> None:
        for name in REFUSED:
            if options.get(name):
                raise InputError(
                    f"cannot ask a record with {name}: its answers have a form of their own",
                    hint="leave it out, or use `ask`, which sends the whole record as text",
                )
        self._model = model
        self._options = {name: value for name, value in options.items() if name != "max_new_tokens"}
        self._system, self._thinking = system, thinking
        self.answer_tokens: int = options.get("max_new_tokens") or min(2000, model.context // 4)
        self.trace: list[Step] = []

    def count(self, text: str) -> int:
        """How many tokens a text has."""
        return len(self._model.tokenize(text))

    def room(self, prompt: str, new_tokens: int) -> int:
        """Tokens that are left beside a prompt and its answer; may be below 0."""
        system = self.count(self._system) if self._system else 0
        return self._model.context - system - self.count(prompt) - new_tokens - SPARE_TOKENS

    def model_step(self, name: str, prompt: str, schema: dict[str, Any], *, new_tokens: int, subject: str = "") -> Any:
        """Let the model take a step; None where its reply was cut off."""
        reply = self._model.chat(
            [*self._before(), Message(role="user", parts=(TextPart(text=prompt),))],
            thinking=self._thinking and name == "answer",
            max_new_tokens=new_tokens,
            schema=schema,
            **self._options,
        )
        self.trace.append(
            Step(
                name=name,
                by="model",
                subject=subject,
                result=reply.parsed if reply.parsed is not None else reply.text,
                prompt=reply.provenance.prompt,
                thinking=reply.thinking,
                finish_reason=reply.finish_reason,
                usage=reply.usage,
                seconds=reply.timings.total_s,
            )
        )
        return reply.parsed

    def program_step(self, name: str, result: Any, *, began: float, subject: str = "") -> None:
        """Write down a step that the program took.

        Args:
            began: `perf_counter` at its beginning.
        """
        self.trace.append(Step(name=name, by="program", subject=subject, result=result, seconds=perf_counter() - began))

    def check_room(self, room: int, least: int) -> None:
        """Refuse contexts in which nothing can be read.

        Raises:
            ContextError: with what would help.
        """
        if room < least:
            context = self._model.context
            raise ContextError(
                f"cannot read the record: beside question and {self.answer_tokens} tokens to answer with, a context of "
                f"{context} leaves {max(room, 0)}, expected at least {least}",
                hint=f"a larger context (--context {context + least - room}) or a shorter answer (--max-new-tokens)",
            )

    def _before(self) -> tuple[Message, ...]:
        return (Message(role="system", parts=(TextPart(text=self._system),)),) if self._system else ()


def total_usage(trace: list[Step]) -> Usage:
    """The tokens of all steps."""
    used = [step.usage for step in trace if step.usage is not None]
    return Usage(**{part.name: sum(getattr(usage, part.name) for usage in used) for part in fields(Usage)})
