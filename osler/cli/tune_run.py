"""The training of `osler tune`, from rows to the adapter's folder with its report."""

import hashlib
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from osler.cli.console import phases, print_error, print_json, print_note, print_text, talk_console
from osler.cli.eval_output import time_text
from osler.cli.tune_data import Opened, digest_of, divided, print_parts
from osler.cli.tune_evals import saved_evaluations
from osler.errors import MissingExtraError

if TYPE_CHECKING:
    from osler.adapt.data.split import Parts
    from osler.adapt.training.outcome import Progress
    from osler.adapt.training.tuned import TuningData
    from osler.adapt.training.tuning import Tuning
    from osler.cli.tune import DataOptions, RunOptions, TuneOptions

__all__ = ["run"]

NEEDED = ("torch", "transformers", "peft", "accelerate", "matplotlib")
SECONDS_BETWEEN_LINES = 30.0
PAGE, CURVES = "report.html", "curves.png"
INTERRUPTED = 130


def run(
    found: Opened,
    out: Path,
    reading: "DataOptions",
    training: "TuneOptions",
    running: "RunOptions",
    *,
    as_json: bool,
) -> None:
    """Tune, and write everything into a folder.

    Raises:
        OslerError: rows cannot be used, it does not fit the memory, or the folder holds another tuning.
    """
    refuse_missing()
    from osler.adapt.training.folder import refuse_foreign
    from osler.adapt.training.settings import PLAN
    from osler.adapt.training.written import ABOUT

    refuse_foreign(out, (PLAN, ABOUT))
    settings = training.settings()
    share_work(running, settings.device)
    if running.threads is not None:
        import torch

        torch.set_num_threads(running.threads)
    evaluations = saved_evaluations(
        running.evals or (),
        str(found.model.identity.path),
        out,
        limit=running.eval_limit,
        is_adapter=settings.method.has_terms,
        threads=running.threads,
    )
    data = usable(found, out, reading)
    tuning = prepared(found, data, settings, out)
    if tuning.is_done:
        print_note(f"`{out}` is tuned already; remove it, or give another --out, to begin again")
        finish(found, tuning, tuning.earlier(), running, as_json=as_json)
        return
    with progress_on_stderr() as tell:
        tuned = tuning.run(evaluations=evaluations, progress=tell)
    if tuned.outcome.ended == "interrupted":
        if tuning.is_first:
            print_error(
                f"stopped after step {tuned.outcome.step:,} of {tuned.choices.steps:,}; it is saved", going_on()
            )
        raise typer.Exit(INTERRUPTED)
    if tuning.is_first:
        finish(found, tuning, tuned.about, running, as_json=as_json)


def refuse_missing() -> None:
    """Refuse to begin without the packages of the extra.

    Raises:
        MissingExtraError: with the names of those that are missing.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise MissingExtraError(f"cannot tune without {', '.join(missing)}", hint="pip install 'osler[adapt]'")


def share_work(running: "RunOptions", device: str | None) -> None:
    """Start the same command again in several processes where that is wanted; those come past here."""
    from osler.adapt.training.together import is_launched, launch, wanted_processes

    processes = wanted_processes(running.processes, device)
    if processes > 1 and not is_launched():
        print_note(f"Training in {processes} processes.")
        launch(sys.argv[1:], processes)


def usable(found: Opened, out: Path, reading: "DataOptions") -> "TuningData":
    """The rows in parts; they are looked at unless an earlier run into the same folder did so."""
    from osler.adapt.training.settings import PLAN
    from osler.adapt.training.tuned import TuningData

    faults, parts = divided(found, reading, looks=not (out / PLAN).exists())
    if faults:
        faults.refuse()
    assert parts is not None
    if int(os.environ.get("RANK", "0")) == 0:
        print_parts(parts)
    return TuningData(
        train=found.examples(parts.train),
        validation=found.examples(parts.validation),
        test=found.examples(parts.test),
        digest=whole_digest(found, parts),
        about=parts.to_dict(),
    )


def whole_digest(found: Opened, parts: "Parts") -> str:
    """Of the rows and of how they are divided."""
    digest = hashlib.sha256(digest_of(found).encode())
    for rows in (parts.train, parts.validation, parts.test):
        digest.update(rows.digest().encode())
    return digest.hexdigest()


def prepared(found: Opened, data: "TuningData", settings: Any, out: Path) -> "Tuning":
    """Everything chosen and told, no weight read yet."""
    from osler.adapt.training.tuning import Tuning
    from osler.weights.checkpoint import open_checkpoint

    checkpoint = open_checkpoint(found.model.identity.path)
    with phases() as report:
        return Tuning(checkpoint, data, settings, out, note=print_note, tell=report)


def going_on() -> str:
    """How to go on."""
    return f"go on with the same command: {shlex.join(['osler', *sys.argv[1:]])}"


@contextmanager
def progress_on_stderr() -> "Iterator[Callable[[Progress], None]]":
    """A bar with the time that is left and a line for each evaluation; without a terminal lines only."""
    last = time.monotonic()
    is_terminal = talk_console().is_terminal

    with phases() as report:

        def tell(progress: "Progress") -> None:
            nonlocal last
            report("Training", progress.step, progress.steps)
            now = time.monotonic()
            if progress.figures is None and (is_terminal or now - last < SECONDS_BETWEEN_LINES):
                return
            last = now
            print_note(line_of(progress), style="" if progress.figures else "dim")

        yield tell


def line_of(progress: "Progress") -> str:
    """ "step 20/100  loss 0.412  validation loss 0.500  about 3 min left" """
    words = [f"step {progress.step:,}/{progress.steps:,}"]
    figures = {**progress.losses, **(progress.figures or {})}
    words += [f"{name.replace('_', ' ')} {value:.4f}" for name, value in figures.items()]
    if progress.seconds_left:
        words.append(f"about {time_text(progress.seconds_left)} left")
    return "  ".join(words)


def finish(found: Opened, tuning: "Tuning", about: Mapping[str, Any], running: "RunOptions", *, as_json: bool) -> None:
    """Write curves and report, and print the figures."""
    from osler.adapt.training.curves import draw_curves
    from osler.adapt.training.page import page, shares
    from osler.adapt.training.samples import answered

    lines = list(tuning.lines())
    rows = tuning.held_out_rows(running.samples)
    with phases() as report:
        samples = answered(
            found.model.identity.path, tuning.out, rows, is_adapter=about["kind"] == "adapter", tell=report
        )
    curves = draw_curves(lines, tuning.out / CURVES)
    text = page(
        about,
        lines,
        curves,
        samples,
        notice=found.model.notice,
        interval=wilson_ends,
        with_text=running.with_text,
    )
    beside = tuning.out / f"{PAGE}.new"
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, tuning.out / PAGE)
    if as_json:
        print_json({"out": str(tuning.out), **about})
        return
    for name, told in shares(about, wilson_ends).items():
        print_text(f"{name}: {told}")
    print_note(f"Written to {tuning.out}: {about['kind']}, losses.jsonl, {CURVES}, {PAGE}")
    option = "--adapter" if about["kind"] == "adapter" else "--model"
    print_note(f"Use it: osler ask {option} {tuning.out} FILE 'QUESTION'", style="dim")


def wilson_ends(hits: float, count: int) -> tuple[float, float]:
    """Wilson's interval of a share of so many."""
    from osler.evals.statistics.interval import wilson

    found = wilson(hits, count)
    return found.low, found.high
