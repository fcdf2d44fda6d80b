"""The command `osler`: which verbs there are, and what happens when one of them fails.

Verbs are loaded when they are called, so `osler --help` costs nothing but this file.
Exit codes: 0 done, 1 failed or cut off by Ctrl-C while an answer was written, 2 wrong usage, 130 interrupted before.
"""

import errno
import importlib
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from osler.cli.console import print_error
from osler.cli.malloc import restart_with_large_pages
from osler.errors import OptionError, OslerError

__all__ = ["VERBS", "app", "main"]

TRACEBACK_VARIABLE = "OSLER_TRACEBACK"
OTHERWISE_SPELT = {"mpp_um": "--mpp"}


class Verb(NamedTuple):
    """Where a verb lives ("module:attribute", a function or a `typer.Typer`) and its line in `osler --help`."""

    target: str
    help: str


# One line a verb, in the order in which `osler --help` shows them.
VERBS: dict[str, Verb] = {
    "ask": Verb("osler.cli.ask:ask", "Ask a question about images, studies or documents."),
    "show": Verb("osler.cli.show:show", "Show exactly what the model would see of your files."),
    "report": Verb("osler.cli.report:report", "Write a report: findings and impression."),
    "compare": Verb("osler.cli.compare:compare", "Say what changed from a prior to a current study."),
    "locate": Verb("osler.cli.locate:locate", "Find things in a picture, as boxes in its own pixels."),
    "chat": Verb("osler.cli.chat:chat", "Talk with the model in the terminal."),
    "classify": Verb("osler.cli.classify:classify", "Say how well labels fit pictures, by MedSigLIP."),
    "embed": Verb("osler.cli.embed:embed", "Turn pictures and texts into vectors, by MedSigLIP."),
    "search": Verb("osler.cli.search:search", "Find pictures in a folder by words or by a picture."),
    "record": Verb("osler.cli.record:record", "Ask a question about a patient's FHIR record."),
    "labs": Verb("osler.cli.labs:labs", "Read laboratory reports into rows, checked, as CSV or FHIR."),
    "serve": Verb("osler.cli.serve:serve", "Serve a model to many programs, by OpenAI's protocol."),
    "keys": Verb("osler.cli.keys:app", "Make and remove the keys that a server asks for."),
    "demo": Verb("osler.cli.demo:demo", "See an answer from a picture now, without any weights."),
    "models": Verb("osler.cli.models:app", "List the known builds of models, or pull one."),
    "cache": Verb("osler.cli.cache:cache", "Say what is kept on this disk, or clear it."),
    "eval": Verb("osler.cli.eval:app", "Run a benchmark on your own copy of its data."),
    "tune": Verb("osler.cli.tune:tune", "Tune a model on your own examples."),
    "tune-medsiglip": Verb("osler.cli.tune_medsiglip:app", "Tune MedSigLIP on pictures with texts or labels."),
    "export": Verb("osler.cli.export:export", "Write a model in the format of another program."),
    "quantise": Verb("osler.cli.quantise:quantise", "Store a model in fewer bits, chosen by measurement."),
    "merge": Verb("osler.cli.merge:merge", "Merge a tuned adapter into its model."),
    "bench": Verb("osler.cli.bench:bench", "Measure how fast a model runs here, alone or against llama.cpp."),
    "doctor": Verb("osler.cli.doctor:doctor", "Say what this machine can run and what is missing."),
}


COMPUTING = (
    "ask",
    "report",
    "compare",
    "locate",
    "chat",
    "classify",
    "embed",
    "search",
    "record",
    "labs",
    "demo",
    "eval",
    "quantise",
    "bench",
)
"""Verbs that load a model."""


def load_verb(name: str) -> Any:
    """The command behind a verb; imports its module."""
    module_name, _, attribute = VERBS[name].target.partition(":")
    target = getattr(importlib.import_module(module_name), attribute)
    if not isinstance(target, typer.Typer):
        single = typer.Typer()
        kind = getattr(target, "command_class", TyperCommand)
        single.command(help=target.__doc__ or VERBS[name].help, cls=kind)(target)
        target = single
    command = typer.main.get_command(target)
    command.name = name
    return command


class LazyVerbs(TyperGroup):
    """A group that knows its verbs by name and imports only the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        verb = VERBS.get(cmd_name)
        return None if verb is None else TyperCommand(name=cmd_name, help=verb.help)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        return (name, load_verb(name), rest) if name in VERBS else (name, command, rest)

    def invoke(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # a closed pipe must show up here, where it is handled, not at interpreter exit
        except OslerError as error:
            if os.environ.get(TRACEBACK_VARIABLE):
                traceback.print_exc()
            if isinstance(error, OptionError):
                print_error(f"cannot use {option_of(error.name)}: expected {error.expected}")
                raise typer.Exit(2) from None
            print_error(error.message, error.hint)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            print_error("interrupted")
            raise typer.Exit(130) from None
        return result


def option_of(argument: str) -> str:
    """How the command line spells an argument of the library.

    >>> option_of("max_slices"), option_of("mpp_um")
    ('--max-slices', '--mpp')
    """
    return OTHERWISE_SPELT.get(argument) or f"--{argument.replace('_', '-')}"


app = typer.Typer(
    cls=LazyVerbs,
    name="osler",
    no_args_is_help=True,
    help="MedGemma on your own medical files, on the machine you have. For research; not a medical device.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def print_version(asked: bool) -> None:
    if asked:
        from osler.versions import version_of

        typer.echo(f"osler {version_of('osler') or '(not installed)'}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """The options that stand before a verb."""


def report_unexpected(error: Exception) -> None:
    """Say that Osler itself failed, and where, but not the error's own words: they may hold a patient's values."""
    if os.environ.get(TRACEBACK_VARIABLE):
        traceback.print_exception(error)
        return
    if isinstance(error, OSError) and error.filename is not None:
        print_error(f"{(error.strerror or type(error).__name__).lower()}: `{error.filename}`")
        return
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        print_error("there is no room left on the disk", "make room and give the same command again")
        return
    detail = f" ({error})" if isinstance(error, ImportError) else ""  # names modules only
    print_error(
        f"Osler itself failed: {type(error).__name__}{detail}{place_of(error)}",
        f"run it again with {TRACEBACK_VARIABLE}=1 for the whole traceback, and report it; "
        "a traceback can hold values from your files, so read it before you share it",
    )


def place_of(error: Exception) -> str:
    """ " at FILE:LINE" of the innermost line of Osler's own that the error passed through."""
    here = Path(__file__).parents[1]
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if here in Path(frame.filename).parents]
    return f" at {Path(own[-1].filename).relative_to(here.parent)}:{own[-1].lineno}" if own else ""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    restart_with_large_pages(COMPUTING)
    try:
        typer.main.get_command(app).main(prog_name="osler")
    except Exception as error:
        report_unexpected(error)
        sys.exit(1)


if __name__ == "__main__":
    main()
