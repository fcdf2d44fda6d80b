"""What `osler bench` prints when it is done."""

from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any

from osler.cli.checkup import Checkup, check_up
from osler.cli.console import print_data, print_json, print_text, size_text, text_width

if TYPE_CHECKING:
    from rich.table import Table

    from osler.bench.bench import Bench
    from osler.bench.results import Row

__all__ = ["Setting", "amount", "print_as_json", "print_as_table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the figures hold for, beside the model."""

    machine: Checkup
    peer: str | None
    threads: int
    repeat: int

    @classmethod
    def of_this_machine(cls, **rest: Any) -> "Setting":
        return cls(machine=check_up(None, read_all=False, report=lambda what, done, total: None), **rest)


def amount(value: float | None, unit: str) -> str:
    """A figure with its unit, in three digits; "–" where there is none.

    >>> amount(7.412, "s"), amount(126.34, "tok/s"), amount(None, "s")
    ('7.41 s', '126 tok/s', '–')
    """
    return "–" if value is None else f"{_digits(value)} {unit}"


def print_as_table(measured: "Bench", setting: Setting) -> None:
    """The machine, the table, and the notes."""
    for line in _heading(measured, setting):
        print_text(fill(line, text_width(), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False))
    print_text("")
    print_data(_table(measured.rows, setting))
    for note in measured.notes():
        print_text(fill(f"note: {note}", text_width(), subsequent_indent="  ", break_on_hyphens=False))


def print_as_json(measured: "Bench", setting: Setting) -> None:
    """Every figure of every run, and every ratio."""
    machine, subject = setting.machine, measured.subject
    print_json(
        {
            "model": {
                "path": subject.path,
                "description": subject.description,
                "weights_id": subject.weights_id,
                "files": [{"name": file.name, "size_bytes": file.size_bytes} for file in subject.files],
            },
            "machine": {
                "processor": machine.processor,
                "memory_bytes": machine.memory_total_bytes,
                "system": machine.system,
            },
            "versions": machine.versions,
            "peer": setting.peer,
            "threads": setting.threads,
            "repeat": setting.repeat,
            "figures": [_row_as_dict(row) for row in measured.rows],
            "details": measured.details,
            "notes": measured.notes(),
        }
    )


def _heading(measured: "Bench", setting: Setting) -> list[str]:
    machine, subject = setting.machine, measured.subject
    has = ", ".join(name for name, there in machine.processor.features.items() if there)
    files = ", ".join(f"{file.name} ({size_text(file.size_bytes)})" for file in subject.files)
    osler, openvino = machine.versions["osler"] or "not installed", machine.versions["openvino"]
    return [
        f"machine: {machine.processor.name}, {machine.processor.usable_cores} cores"
        + (f" with {has}" if has else "")
        + f", {size_text(machine.memory_total_bytes)} of memory",
        f"osler:   {osler}, OpenVINO {openvino}, {machine.system}",
        *([f"peer:    {setting.peer}"] if setting.peer else []),
        f"model:   {subject.description}: {files}",
        f"{_count(setting.threads, 'thread')}, median of {_count(setting.repeat, 'pair' if setting.peer else 'run')}"
        + (" taken in turns; ratio: median of the pairs (lowest to highest)" if setting.peer else ""),
    ]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s'[: number != 1]}"


def _table(rows: "list[Row]", setting: Setting) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("FIGURE", no_wrap=True)
    for title in ("OSLER", "LLAMA.CPP", "RATIO") if setting.peer else ("OSLER", "LOWEST TO HIGHEST"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("TARGET", no_wrap=True)
    for row in rows:
        unit = row.figure.unit
        ours, theirs = amount(row.our_median, unit), amount(row.their_median, unit)
        cells = (ours, theirs, _ratio(row)) if setting.peer else (ours, _span(row.ours))
        table.add_row(row.figure.title, *cells, _target(row))
    return table


def _ratio(row: "Row") -> str:
    """ "3.21× as fast (3.18–3.25)"; of memory "0.95× as much"."""
    if row.ratio is None:
        return "–"
    span = f" ({_span(row.ratios)})" if len(row.ratios) > 1 else ""
    return f"{_digits(row.ratio)}× as {'much' if row.figure.unit == 'GiB' else 'fast'}{span}"


def _span(values: tuple[float, ...]) -> str:
    return f"{_digits(min(values))}–{_digits(max(values))}" if values else "–"


def _target(row: "Row") -> str:
    if row.ratio is None and row.figure.target.of == "ratio":
        return ""
    verdict = {True: "met", False: "NOT MET", None: ""}[row.is_met]
    return f"{row.figure.target.text(row.figure.unit)}  {verdict}".rstrip()


def _digits(value: float) -> str:
    """Three digits, but never fewer than the whole number has.

    >>> _digits(0.9512), _digits(23.84), _digits(1042.3)
    ('0.951', '23.8', '1042')
    """
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _row_as_dict(row: "Row") -> dict[str, Any]:
    figure = row.figure
    return {
        "name": figure.name,
        "title": figure.title,
        "unit": figure.unit,
        "osler": row.ours,
        "osler_median": row.our_median,
        "peer": row.theirs,
        "peer_median": row.their_median,
        "ratios": row.ratios,
        "ratio": row.ratio,
        "target": figure.target.text(figure.unit),
        "target_met": row.is_met,
    }
