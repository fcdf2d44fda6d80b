"""`osler quantise`: a model in fewer bits."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from osler.cli.console import Report, phases, print_data, print_json, print_note, print_text, size_text
from osler.cli.options import option, takes
from osler.cli.quantise_table import lines_of, table_of

if TYPE_CHECKING:
    from osler.adapt.export.gguf_target import GgufPlaces
    from osler.adapt.quantise.quantise import Found, Quantiser
    from osler.adapt.quantise.readings import Readings
    from osler.adapt.quantise.rows import Row
    from osler.adapt.quantise.settings import Settings
    from osler.adapt.quantise.target import Target

__all__ = ["quantise"]

WHAT, ON, HOW = "What it is to be (one of these)", "What it is measured on", "How"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOptions:
    """What the file is to be: one of these."""

    number_type: Annotated[
        str | None, option("A file type of the published list, such as Q4_K_M or UD-Q4_K_XL.", WHAT, "--type")
    ] = None
    budget: Annotated[
        str | None,
        option("The best file of this size: 2.3GB, or a type whose size it is to have.", WHAT, metavar="SIZE|TYPE"),
    ] = None
    max_kl: Annotated[
        float | None, option("The smallest file whose divergence stays below, in nats.", WHAT, "--max-kl")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOptions:
    """What importance, matrices and the whole are measured on."""

    calibrate: Annotated[
        list[Path] | None,
        option("Your own text or data (docs/quantising.md); may be repeated.", ON, metavar="DATA"),
    ] = None
    check: Annotated[
        list[Path] | None,
        option("Other text to check with (default: a quarter of --calibrate's documents).", ON, metavar="DATA"),
    ] = None
    imatrix: Annotated[Path | None, option("Use this importance matrix (GGUF or .dat).", ON, metavar="FILE")] = None
    save_imatrix: Annotated[
        Path | None, option("Write the measured importance matrix, as llama.cpp reads it.", ON, metavar="FILE")
    ] = None
    tokens: Annotated[int, typer.Option(min=64, help="Tokens for importance.", rich_help_panel=ON)] = 8192
    probe_tokens: Annotated[int, typer.Option(min=64, help="Tokens for each matrix.", rich_help_panel=ON)] = 2048
    check_tokens: Annotated[int, typer.Option(min=64, help="Tokens to check with.", rich_help_panel=ON)] = 4096
    length: Annotated[int, typer.Option(min=16, help="Tokens of a passage at most.", rich_help_panel=ON)] = 512
    stride: Annotated[int, typer.Option(min=1, help="Compare at every so many tokens.", rich_help_panel=ON)] = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuringOptions:
    """How it is measured, chosen and shown."""

    resolution: Annotated[
        Literal["matrix", "part", "layer"] | None,
        option("What is measured together (default: matrix by matrix below 1.5 thousand million weights).", HOW),
    ] = None
    kinds: Annotated[
        str | None, option("Types to choose among, such as Q4_K,Q5_K,Q6_K,Q8_0.", HOW, metavar="TYPE,TYPE…")
    ] = None
    against: Annotated[
        list[str] | None,
        option(
            "File types to compare with (default: the one named, or the nearest in size), TYPE:flat for one without "
            "importance; may be repeated.",
            HOW,
            metavar="TYPE",
        ),
    ] = None
    chart: Annotated[Path | None, option("Draw quality against size into this PNG file.", HOW, metavar="FILE")] = None
    adapter: Annotated[Path | None, option("Merge this LoRA adapter into the model first.", HOW)] = None
    work: Annotated[
        Path | None, option("Keep measurements here (default: beside the file until it is done).", HOW, metavar="DIR")
    ] = None
    threads: Annotated[int | None, option("Processor threads (default: one a core).", HOW, min=1)] = None


@takes
def quantise(
    model: Annotated[
        Path | None,
        typer.Argument(help="GGUF file or safetensors folder (else $OSLER_MODEL, else the demonstration model)."),
    ] = None,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The .gguf file to write, or a folder.", show_default=False)],
    wanted: TargetOptions,
    text: TextOptions,
    measuring: MeasuringOptions,
    force: Annotated[bool, typer.Option("--force", help="Replace what stands there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Store a model in fewer bits, its types by llama.cpp's rules or chosen by measurement on your own text.

    osler quantise medgemma-1.5-4b-it --type Q4_K_M --calibrate reports/ --out medgemma-Q4_K_M.gguf

    osler quantise medgemma-1.5-4b-it --budget 2.3GB --calibrate questions.jsonl --out medgemma-2.3.gguf
    """
    from osler.adapt.quantise.target import Target

    target = Target.of(wanted.number_type, wanted.budget, wanted.max_kl)
    work = measuring.work or out.with_name(f"{out.name}.work")
    run = Run(
        model,
        out,
        target,
        settings_of(text, measuring, work),
        adapter=measuring.adapter,
        against=measuring.against,
        chart=measuring.chart,
        save_imatrix=text.save_imatrix,
    )
    try:
        rows, found = run.done(force=force)
    except KeyboardInterrupt:
        if work.is_dir():
            print_note(f"what was measured is kept in `{work}`: the same command goes on from there")
        raise
    if measuring.work is None:
        shutil.rmtree(work, ignore_errors=True)  # it was kept for a run that is cut off; this one is done
    if json:
        run.print_json(rows, found)
    else:
        run.print(rows, found)


def settings_of(text: TextOptions, measuring: MeasuringOptions, work: Path) -> "Settings":
    """How it is measured."""
    from osler.adapt.quantise.sensitivity import PALETTE
    from osler.adapt.quantise.settings import Settings
    from osler.adapt.quantise.target import named_kinds

    return Settings(
        calibrate=tuple(text.calibrate or ()),
        check=tuple(text.check or ()),
        imatrix=text.imatrix,
        tokens=text.tokens,
        probe_tokens=text.probe_tokens,
        check_tokens=text.check_tokens,
        length=text.length,
        stride=text.stride,
        resolution=measuring.resolution,
        palette=PALETTE if measuring.kinds is None else named_kinds(measuring.kinds),
        threads=measuring.threads,
        work=work,
    )


class Run:
    """One call of the verb."""

    def __init__(
        self,
        model: Path | None,
        out: Path,
        target: "Target",
        settings: "Settings",
        *,
        adapter: Path | None,
        against: Sequence[str] | None,
        chart: Path | None,
        save_imatrix: Path | None,
    ) -> None:
        from osler.adapt.quantise.check import FLAT
        from osler.adapt.quantise.mixes import named_mix
        from osler.adapt.quantise.write import places_for
        from osler.cli.export import opened

        for one in against or ():
            named_mix(one.lower().removesuffix(FLAT))
        self._model, self._adapter = model, adapter
        self._checkpoint = opened(model, adapter)
        self._target = target
        self._settings = settings
        self._against = None if against is None else [one.upper().replace(FLAT.upper(), FLAT) for one in against]
        self._chart = chart
        self._save_imatrix = save_imatrix
        self._places: GgufPlaces = places_for(self._checkpoint, out, target.mix or "measured")
        self.name = target.mix or "measured"

    def done(self, *, force: bool) -> "tuple[list[Row], Found]":
        """Everything, in the order in which it can fail."""
        from osler.adapt.quantise.chart import check_drawing, draw
        from osler.adapt.quantise.quantise import Quantiser
        from osler.adapt.quantise.readings import Readings
        from osler.adapt.quantise.write import check_places
        from osler.tasks.load import open_model

        if self._chart is not None:
            check_drawing()
        with phases() as report:
            model = open_model(self._model, adapters=self._adapter, precision="f32", progress=report)
            readings = Readings(self._checkpoint, model, self._settings, report)
            quantiser = Quantiser(readings)
            quantiser.refuse(self._target)
            most = quantiser.budget_bytes(self._target) or readings.sizes.bytes_for(16)
            check_places(self._checkpoint, self._places, most, force=force)
            found = quantiser.choose(self._target)
            readings.encoder.check(found.kinds)
            rows = quantiser.checker.table(self.name, found.kinds, self._others(quantiser, found))
            self._write(readings, quantiser, found, report, force=force)
        if self._chart is not None and any(row.quality for row in rows):
            draw(rows, self.name, self._chart)
        return rows, found

    def _others(self, quantiser: "Quantiser", found: "Found") -> list[str]:
        from osler.adapt.quantise.mixes import MIXES

        if self._against is not None:
            return self._against
        if not self._target.is_measured:
            return []
        named = self._target.budget if self._target.budget in MIXES else None  # the one whose size was asked for
        nearest = named or quantiser.nearest_mix(found.kinds)
        return [str(nearest)] if nearest else []

    def _write(
        self, readings: "Readings", quantiser: "Quantiser", found: "Found", report: Report, *, force: bool
    ) -> None:
        from osler.adapt.quantise.imatrix_file import write_importance
        from osler.adapt.quantise.write import write_files

        write_files(
            self._checkpoint,
            self._places,
            found.kinds,
            readings.encoder,
            mix=self._target.mix or quantiser.nearest_mix(found.kinds) or "F16",
            is_exact=self._target.mix is not None,
            importance=readings.importance,
            force=force,
            progress=report,
        )
        if self._save_imatrix is not None and readings.importance is not None:
            write_importance(self._save_imatrix, readings.importance)

    def print_json(self, rows: "list[Row]", found: "Found") -> None:
        files = [{"path": path, "size_bytes": path.stat().st_size} for path in self._places.paths]
        print_json(
            {
                "source": self._checkpoint.description,
                "weights": self._checkpoint.identity,
                "files": files,
                "expected_divergence": found.expected,
                "notes": found.notes,
                "rows": [row.to_dict() for row in rows],
                "chart": self._chart,
            }
        )

    def print(self, rows: "list[Row]", found: "Found") -> None:
        from osler.adapt.export.gguf_target import gguf_commands
        from osler.adapt.quantise.rows import types_text

        for path in self._places.paths:
            print_text(f"{size_text(path.stat().st_size):>10}  {path}")
        print_note(f"types: {types_text(found.kinds)}")
        if any(row.quality for row in rows):
            print_data(table_of(rows))
        for line in [*found.notes, *lines_of(rows, self.name)]:
            print_note(line, style="dim")
        if self._chart is not None and self._chart.is_file():
            print_note(f"chart: {self._chart}")
        print_note("\nNext:", style="bold")
        for command in gguf_commands(self._places):
            print_note(f"  {command}")
