"""What `osler quantise` prints of sizes and quality."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from osler.cli.console import size_text

if TYPE_CHECKING:
    from osler.adapt.quantise.rows import Row

__all__ = ["lines_of", "table_of"]


def table_of(rows: "Sequence[Row]") -> Any:
    """A line for each way to store the model."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("STORED AS")
    for column in ("SIZE", "BITS", "KL (NATS)", "99 % BELOW", "SAME TOP", "PERPLEXITY"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        of = row.quality
        if of is None:
            continue
        table.add_row(
            row.name,
            size_text(row.size_bytes),
            f"{row.bits:.2f}",
            of.divergence.text("{:.4f}") if row.kinds else "",
            of.high.text("{:.3f}") if row.kinds else "",
            of.same_top.text("{:.1%}") if row.kinds else "",
            of.perplexity.text("{:.2f}"),
        )
    return table


def lines_of(rows: "Sequence[Row]", result: str) -> list[str]:
    """What the table has no room for."""
    lines = []
    for row in rows:
        if row.change is None or row.change.low is None or row.change.high is None:
            continue
        verdict = "the same within the interval"
        if row.change.low > 0:
            verdict = f"{result} is better"
        elif row.change.high < 0:
            verdict = f"{row.name} is better"
        lines.append(f"KL of {row.name} minus that of {result}: {row.change.text('{:+.4f}')} nats: {verdict}")
    of = next((row.quality for row in rows if row.quality), None)
    if of is not None:
        lines.append(
            f"{of.num_places:,} places of {of.num_documents:,} documents that were not calibrated on; "
            "intervals of 95 % draw whole documents, differences are paired"
        )
    return lines
