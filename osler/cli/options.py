"""The options that verbs share, each written once.

A verb names the groups it takes as parameters, and `takes` writes their options into its signature for typer::

    @takes
    def ask(words: Words, *, loading: Loading, sampling: Sampling) -> None: ...
"""

import inspect
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osler.tasks.model import Model

    Adapters = Path | Mapping[str, Path] | None

__all__ = ["FormOptions", "GeneratingOptions", "LoadingOptions", "ModelOptions", "PromptOptions", "option", "takes"]

LOADING, GENERATING, FORM, PROMPT = "Model", "Sampling (greedy unless asked otherwise)", "Form", "Prompt"


def option(text: str, panel: str, *names: str, **limits: Any) -> Any:
    """An option that leaves its default to the library.

    Args:
        text: its line in `--help`.
        panel: under which heading it stands there.
        names: how it is spelt, where that is not its field's name.
        limits: what else `typer.Option` takes.
    """
    return typer.Option(*names, help=text, rich_help_panel=panel, show_default=False, **limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """Which model, and how it is computed: the arguments of `osler.load`, but for adapters."""

    model: Annotated[
        str | None,
        option(
            "GGUF file or safetensors folder (else $OSLER_MODEL, else the demonstration model).",
            LOADING,
            "--model",
            "-m",
            metavar="PATH",
        ),
    ] = None
    precision: Annotated[Literal["bf16", "f32"], option("bf16 (default), or f32: slower and exact.", LOADING)] = "bf16"
    quantise: Annotated[
        int | None, option("Turn published safetensors into 8 or 4 bits on loading.", LOADING, metavar="8|4")
    ] = None
    threads: Annotated[int | None, option("Processor threads (default: one a core).", LOADING, min=1)] = None
    context: Annotated[int | None, option("Tokens to keep room for (default: what fits).", LOADING, min=1)] = None
    guesses: Annotated[
        bool | None,
        option(
            "Guess a greedy answer's next tokens from what was said before, and check several at once: quicker. "
            "Default: in f32 only, where it changes no answer; in bf16 near-ties may fall the other way.",
            LOADING,
            "--guesses/--no-guesses",
        ),
    ] = None

    def opened(self, adapters: "Adapters" = None, *, sequences: int = 1, repeatable: bool = False) -> "Model":
        """The model, with room for so many answers of full length; its weights are read for the first one.

        Args:
            adapters, repeatable: as `osler.tasks.load.open_model` takes them.
        """
        from osler.tasks.load import open_model

        return open_model(
            self.model,
            precision=self.precision,
            quantise=self.quantise,
            threads=self.threads,
            context=self.context,
            guesses=self.guesses,
            adapters=adapters,
            sequences=sequences,
            repeatable=repeatable,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadingOptions(ModelOptions):
    """A model and maybe an adapter, for verbs that answer with one."""

    adapter: Annotated[
        Path | None,
        option("LoRA adapter to answer with, in peft's format (osler tune writes it).", LOADING, metavar="DIR"),
    ] = None

    def open(self, *, sequences: int = 1, repeatable: bool = False) -> "Model":
        """The model with its adapter, as `opened`."""
        return self.opened(self.adapter, sequences=sequences, repeatable=repeatable)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptOptions:
    """How the question is put."""

    system: Annotated[str | None, option("System text, folded into the first question.", PROMPT)] = None
    think: Annotated[bool, option("Ask the model to think before it answers.", PROMPT, "--think")] = False
    show_thinking: Annotated[bool, option("Show the thinking, dimmed, on stderr.", PROMPT, "--show-thinking")] = False
    no_pad: Annotated[
        bool, option("Stretch images to a square instead of padding them (Hugging Face's way).", PROMPT, "--no-pad")
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratingOptions:
    """How tokens are chosen; None leaves the library's default."""

    max_new_tokens: Annotated[int | None, option("Tokens to write at most, thinking included.", GENERATING, min=1)] = (
        None
    )
    temperature: Annotated[float | None, option("0 is greedy.", GENERATING, min=0)] = None
    top_k: Annotated[int | None, option("Choose among the k likeliest tokens (0: all).", GENERATING, min=0)] = None
    top_p: Annotated[float | None, option("Choose among the likeliest tokens that hold this mass.", GENERATING)] = None
    min_p: Annotated[
        float | None, option("Leave out tokens below this share of the likeliest one's probability.", GENERATING)
    ] = None
    seed: Annotated[int | None, option("Makes a sampled answer repeat.", GENERATING, min=0)] = None
    repetition_penalty: Annotated[float | None, option("Above 1: divides what was already said.", GENERATING)] = None
    frequency_penalty: Annotated[float | None, option("Subtracted for each earlier occurrence.", GENERATING)] = None
    presence_penalty: Annotated[float | None, option("Subtracted once for what has occurred.", GENERATING)] = None
    dry_multiplier: Annotated[
        float | None, option("Subtracted for repeating what was said at length (0: off).", GENERATING, min=0)
    ] = None
    dry_allowed_length: Annotated[
        int | None, option("Tokens that may be repeated in a row (default: 2).", GENERATING, min=1)
    ] = None
    dry_allowed_times: Annotated[
        int | None, option("How often more of them may stand in the answer (default: 1).", GENERATING, min=1)
    ] = None
    stop: Annotated[list[str] | None, option("Stop before this text (may be repeated).", GENERATING)] = None

    def chosen(self) -> dict[str, Any]:
        """The options that were given, under the names of the library's arguments."""
        return {name: value for name, value in asdict(self).items() if value is not None and value != []}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormOptions:
    """What the answer has to look like, for verbs that do not read it themselves."""

    schema: Annotated[
        str | None,
        option("Answer in JSON that fits this JSON Schema, or the one in this file.", FORM, metavar="FILE|JSON"),
    ] = None
    regex: Annotated[str | None, option("Answer in a text that matches this regular expression.", FORM)] = None

    def chosen(self) -> dict[str, Any]:
        """The options that were given, under the names of the library's arguments.

        Raises:
            InputError: a schema is none, or its file cannot be read.
        """
        from osler.tasks.schema import given_schema

        form = {} if self.schema is None else {"schema": given_schema(self.schema)}
        return form if self.regex is None else form | {"regex": self.regex}


def takes(verb: Callable[..., None]) -> Callable[..., None]:
    """Spread a verb's dataclass parameters into single options, and gather them again when it is called."""
    hints = get_type_hints(verb, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(verb).parameters.values():
        group = groups.get(parameter.name)
        parameters += _fields_of(group) if group else [parameter.replace(annotation=hints[parameter.name])]

    def call(**values: Any) -> None:
        gathered = {
            name: group(**{f.name: values.pop(f.name) for f in fields(group)}) for name, group in groups.items()
        }
        verb(**values, **gathered)

    call.__name__, call.__doc__, call.__module__ = verb.__name__, verb.__doc__, verb.__module__
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return call


def _fields_of(group: Any) -> list[inspect.Parameter]:
    """A parameter for each field of a dataclass, with its default and annotation."""
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in fields(group)
    ]
