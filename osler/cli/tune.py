"""`osler tune DATA --model FOLDER --out DIR`: a model tuned on a person's own examples."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from osler.cli.options import option, takes
from osler.cli.study import StudyChoices

if TYPE_CHECKING:
    from osler.adapt.training.settings import Settings

__all__ = ["DataOptions", "RunOptions", "TuneOptions", "tune"]

LOOKING, DATA, METHOD, STEPS, COMPUTING, WATCHING = (
    "Looking first",
    "Data",
    "What is tuned",
    "Steps",
    "Computing",
    "Watching",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataOptions:
    """How rows are read and divided."""

    question: Annotated[
        str | None, option("Asked where rows have no question; {classes} in it becomes their names.", DATA)
    ] = None
    classes: Annotated[str | None, option("What answers may be, with commas between.", DATA, metavar="A,B,…")] = None
    test_share: Annotated[float, option("Kept for the end (default: 0.2 of the groups).", DATA, min=0, max=0.9)] = 0.2
    validation_share: Annotated[
        float, option("Watched while training (default: 0.1 of the groups).", DATA, min=0, max=0.9)
    ] = 0.1
    split_seed: Annotated[int, option("Another one gives other parts.", DATA, min=0)] = 0
    patients: Annotated[
        str | None,
        option("Who a file is of: folder, file, a regular expression, or a CSV of file and patient.", DATA),
    ] = None
    group_duplicates: Annotated[
        bool, option("Put near-duplicates into one part, instead of refusing them.", DATA, "--group-duplicates")
    ] = False
    allow_duplicates: Annotated[
        bool, option("Do not look for near-duplicates between parts.", DATA, "--allow-duplicates")
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LookOptions:
    """What is looked at instead of training."""

    check: Annotated[bool, option("Look at every row, and stop there.", LOOKING, "--check")] = False
    preview: Annotated[
        bool, option("Show a sample, its learned tokens marked, and stop there.", LOOKING, "--preview")
    ] = False
    row: Annotated[int | None, option("Which row --preview shows (default: three).", LOOKING, min=1)] = None
    images: Annotated[
        Path | None, option("Write the pictures of --preview there, as the model sees them.", LOOKING, metavar="DIR")
    ] = None
    test: Annotated[
        Path | None, option("Write the test part there, for osler eval own (with --check).", LOOKING, metavar="DIR")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneOptions:
    """The training."""

    method: Annotated[
        Literal["lora", "qlora", "full"],
        option("lora (default), qlora (over 4 bits; CUDA) or full (all weights; small models).", METHOD),
    ] = "lora"
    rank: Annotated[int, option("Of the low-rank terms (default: 16).", METHOD, min=1)] = 16
    alpha: Annotated[float | None, option("They count alpha / rank (default: the rank).", METHOD, min=0)] = None
    dropout: Annotated[float, option("Of the terms' inputs (default: 0.05).", METHOD, min=0, max=0.9)] = 0.05
    vision: Annotated[
        bool, option("Tune the vision tower, too: slower, since images are encoded anew.", METHOD, "--vision")
    ] = False
    epochs: Annotated[float, option("How often each example is learned from (default: 3).", STEPS, min=0)] = 3.0
    steps: Annotated[int | None, option("Instead of --epochs.", STEPS, min=1)] = None
    batch: Annotated[int, option("Examples of a step (default: 8).", STEPS, min=1)] = 8
    rate: Annotated[
        float | None, option("Highest learning rate (default: by method and width of the model).", STEPS, min=0)
    ] = None
    warmup: Annotated[float, option("Share of the steps in which it rises (default: 0.03).", STEPS, min=0, max=1)] = (
        0.03
    )
    shape: Annotated[Literal["cosine", "linear", "constant"], option("How it falls (default: cosine).", STEPS)] = (
        "cosine"
    )
    weight_decay: Annotated[float, option("Of matrices (default: 0).", STEPS, min=0)] = 0.0
    clip: Annotated[float, option("Longest gradient; 0 for any (default: 1).", STEPS, min=0)] = 1.0
    seed: Annotated[int, option("Of everything random (default: 7).", STEPS, min=0)] = 7
    eval_every: Annotated[
        int | None, option("Steps between evaluations; 0 for none (default: ten in all).", WATCHING, min=0)
    ] = None
    patience: Annotated[
        int, option("Stop after so many evaluations that bring nothing; 0 never (default: 5).", WATCHING, min=0)
    ] = 5
    precision: Annotated[
        Literal["auto", "bf16", "f32"], option("Of products (default: auto, with the reason printed).", COMPUTING)
    ] = "auto"
    device: Annotated[str | None, option("cpu or cuda (default: CUDA where there is one).", COMPUTING)] = None
    part: Annotated[
        int | None, option("Examples at once (default: as many of a step as fit the memory).", COMPUTING, min=1)
    ] = None
    recompute: Annotated[
        bool | None,
        option(
            "Compute layers twice to save memory (default: if it must be).", COMPUTING, "--recompute/--no-recompute"
        ),
    ] = None

    def settings(self) -> "Settings":
        """The options as the training takes them."""
        from osler.adapt.training.method import Method
        from osler.adapt.training.settings import Settings

        return Settings(
            method=Method(name=self.method, rank=self.rank, alpha=self.alpha, dropout=self.dropout, vision=self.vision),
            epochs=self.epochs,
            steps=self.steps,
            batch=self.batch,
            part=self.part,
            recomputes=self.recompute,
            rate=self.rate,
            warmup=self.warmup,
            shape=self.shape,
            weight_decay=self.weight_decay,
            clip=self.clip,
            seed=self.seed,
            evaluate_every=self.eval_every,
            patience=self.patience,
            precision=self.precision,
            device=self.device,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What is done, and what is told."""

    evals: Annotated[
        list[str] | None,
        option(
            "Run a benchmark of osler eval at each evaluation (may be repeated).",
            WATCHING,
            "--eval",
            metavar="NAME=DIR",
        ),
    ] = None
    eval_limit: Annotated[int | None, option("Only its first N samples.", WATCHING, min=1)] = None
    samples: Annotated[int, option("Rows asked before and after, for the report (default: 8).", WATCHING, min=0)] = 8
    with_text: Annotated[
        bool, option("Tell questions and answers of your data in the report.", WATCHING, "--with-text")
    ] = False
    processes: Annotated[
        int | None, option("That train together, by accelerate (default: one a GPU).", COMPUTING, min=1)
    ] = None
    threads: Annotated[int | None, option("Processor threads (default: one a core).", COMPUTING, min=1)] = None


@takes
def tune(
    data: Annotated[
        Path,
        typer.Argument(help="JSON lines, a table, or a folder of classes (docs/tuning-data.md).", show_default=False),
    ],
    *,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", "-m", metavar="PATH", help="Safetensors folder or GGUF file that is tuned.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The adapter's folder.", metavar="DIR", show_default=False)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    looking: LookOptions,
    reading: DataOptions,
    training: TuneOptions,
    running: RunOptions,
    study: StudyChoices,
) -> None:
    """Tune a model on your own examples; the same command goes on where it was stopped, even by a power cut.

    osler tune scans/ --model medgemma-1.5-4b-it --check

    osler tune scans/ --model medgemma-1.5-4b-it --out brain-mri

    osler ask --adapter brain-mri scan.png "Which of these does the image show?"
    """
    from osler.cli.tune_data import opened, print_checked, print_preview

    found = opened(data, model, reading, study)
    if looking.check:
        print_checked(found, reading, test=looking.test, as_json=json)
        return
    if looking.preview:
        print_preview(found, looking.row, looking.images)
        return
    if out is None:
        raise typer.BadParameter("name the folder of the adapter to be", param_hint="--out")
    from osler.cli.tune_run import run

    run(found, out, reading, training, running, as_json=json)
