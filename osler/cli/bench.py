"""`osler bench`: how fast a model runs here, alone or in turns with llama.cpp."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from osler.cli.console import print_note, talk_console

if TYPE_CHECKING:
    from osler.bench.bench import Bench, Tell
    from osler.bench.figures import Phase
    from osler.bench.schedule import Step
    from osler.cli.bench_report import Setting

__all__ = ["bench"]


def bench(
    model: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR",
            help="GGUF file, folder of one with its mmproj, or safetensors folder (else $OSLER_MODEL, else the "
            "demonstration model).",
            show_default=False,
        ),
    ] = None,
    adapter: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="LoRA adapter to measure it with, in peft's format.", show_default=False),
    ] = None,
    peer: Annotated[
        Literal["llama.cpp"] | None,
        typer.Option(help="Measure it too, in turns: its programs in $LLAMA_CPP_BIN or on the PATH."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print every figure and ratio as JSON.")] = False,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Processor threads of both (default: one a core).", show_default=False)
    ] = None,
    repeat: Annotated[int, typer.Option(min=1, help="Runs of each phase; their median is shown.")] = 3,
    only: Annotated[
        str | None,
        typer.Option(
            metavar="PHASES",
            help="Only these: image, prefill, decode, question, streams, start, memory, with commas.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Measure how fast a model runs on this machine and how much memory it takes (docs/benchmarks.md says how).

    osler bench FOLDER --peer llama.cpp
    """
    phases = phases_in(only)
    from osler.bench.bench import Bench
    from osler.bench.ours import Osler
    from osler.bench.peer import find_llama
    from osler.bench.subject import look_at
    from osler.cli.bench_report import Setting
    from osler.engine.compilation import usable_cores

    if adapter is not None and peer is not None:
        raise typer.BadParameter("llama.cpp would be measured without it", param_hint="--adapter")
    subject = look_at(model, adapter)
    num_threads = threads or usable_cores()
    other = find_llama(subject, num_threads) if peer else None
    measured = Bench(subject, Osler(subject, num_threads), other, phases=phases, repeat=repeat)
    setting = Setting.of_this_machine(peer=other.description if other else None, threads=num_threads, repeat=repeat)
    run(measured, setting, json=json)
    if measured.failures:
        raise typer.Exit(1)


def run(measured: "Bench", setting: "Setting", *, json: bool) -> None:
    """Take every step, and tell what was measured, also where it was cut off."""
    from osler.cli.bench_report import print_as_json, print_as_table

    for note in measured.notes():
        print_note(f"note: {note}", style="yellow")
    try:
        with steps_on_stderr(measured) as tell:
            measured.run(tell)
    finally:
        if measured.taken:
            (print_as_json if json else print_as_table)(measured, setting)
        measured.close()


def phases_in(only: str | None) -> "tuple[Phase, ...]":
    """The phases that a person lists, in the order in which they are taken; all where there is no list."""
    from osler.bench.figures import PHASES

    if only is None:
        return PHASES
    named = {name.strip() for name in only.split(",")} - {""}
    unknown = named - set(PHASES)
    if unknown or not named:
        what = f"unknown: {', '.join(sorted(unknown))}; " if unknown else ""
        raise typer.BadParameter(f"{what}choose of {', '.join(PHASES)}", param_hint="--only")
    return tuple(phase for phase in PHASES if phase in named)


@contextmanager
def steps_on_stderr(measured: "Bench") -> "Iterator[Tell]":
    """A line on stderr for what each step gave, and a bar below where stderr is a terminal.

    The bar is drawn only between two steps: drawing it ten times a second would disturb what is measured.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    console = talk_console()
    disable = not console.is_terminal
    with Progress(*columns, console=console, transient=True, auto_refresh=False, disable=disable) as bar:
        task = bar.add_task("", total=len(measured.steps))

        def tell(number: int, step: "Step", left_s: float) -> None:
            if number:
                console.print(last_text(measured, f", {left_text(left_s)} left"), style="dim", soft_wrap=True)
            what = f"{step.side.name}: {step.phase}, run {step.pair + 1}, {left_text(left_s)} left"
            bar.update(task, completed=number, description=what)
            bar.refresh()

        yield tell
        console.print(last_text(measured), style="dim", soft_wrap=True)


def last_text(measured: "Bench", left: str = "") -> str:
    """What the last step gave."""
    from osler.bench.figures import figures_of
    from osler.cli.bench_report import amount

    taken = measured.taken[-1]
    given = [figure for figure in figures_of(taken.phase) if figure.name in taken.figures]
    told = "; ".join(f"{figure.title} {amount(taken.figures[figure.name], figure.unit)}" for figure in given)
    done = f"{len(measured.taken)} of {len(measured.steps)}"
    return f"{taken.side}: {told or taken.phase + ' failed'} ({done}{left})"


def left_text(seconds: float) -> str:
    """A rough time for people.

    >>> left_text(8), left_text(100), left_text(900)
    ('a few seconds', 'about 2 min', 'about 15 min')
    """
    return "a few seconds" if seconds < 30 else f"about {max(1, round(seconds / 60))} min"
