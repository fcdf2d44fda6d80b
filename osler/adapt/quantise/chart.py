"""Quality against size as a picture."""

from collections.abc import Sequence
from pathlib import Path

from osler.adapt.quantise.mixes import MIXES
from osler.adapt.quantise.rows import Row
from osler.extras import needed

__all__ = ["check_drawing", "draw"]

RESULT, OTHER = "#b3361f", "#33566e"
LEAST_MARGIN = 0.06
"""Left and right of the outermost files, as a share of the largest."""


def check_drawing() -> None:
    """See that pictures can be drawn.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    needed("matplotlib", "draw a chart", "quantise")


def draw(rows: Sequence[Row], result: str, path: Path) -> None:
    """Draw mean KL with its interval against the size of the file; fewer bytes are left, less divergence is below.

    Args:
        rows: those with a quality; the unquantised model is left out.
        result: the row to mark.
        path: a PNG or SVG file.
    """
    from matplotlib.figure import Figure

    shown = sorted((row for row in rows if row.kinds and row.quality is not None), key=lambda row: row.size_bytes)
    figure = Figure(figsize=(7, 4.5), dpi=160, layout="constrained")
    axes = figure.add_subplot()
    plain = [(row.size_bytes / 1e6, row.quality.divergence.value) for row in shown if row.quality and row.name in MIXES]
    if len(plain) > 1:
        axes.plot(*zip(*plain, strict=True), color=OTHER, lw=0.8, ls=":")
    for row in shown:
        _add(axes, row, is_result=row.name == result)
    _scale(axes, shown)
    first = shown[0].quality
    assert first is not None
    axes.set_xlabel("size of the file, 10⁶ bytes")
    axes.set_ylabel("KL divergence from the unquantised model, nats")
    axes.set_title(
        f"What fewer bits cost: {first.num_places:,} places of {first.num_documents:,} documents,"
        " intervals of 95 % over documents",
        fontsize=9,
    )
    axes.grid(True, alpha=0.25, which="both")
    figure.savefig(path)


def _scale(axes, shown: Sequence[Row]) -> None:
    """Sizes that are nearly equal stand near each other; divergences far apart by factors, others from 0 on."""
    from matplotlib.ticker import StrMethodFormatter

    sizes = [row.size_bytes / 1e6 for row in shown]
    margin = max(0.2 * (max(sizes) - min(sizes)), LEAST_MARGIN * max(sizes))
    axes.set_xlim(min(sizes) - margin, max(sizes) + 1.5 * margin)
    values = [row.quality.divergence.value for row in shown if row.quality]
    if min(values) > 0 and max(values) > 5 * min(values):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(StrMethodFormatter("{x:g}"))
    else:
        axes.set_ylim(bottom=0)


def _add(axes, row: Row, *, is_result: bool) -> None:
    assert row.quality is not None
    figure, size, colour = row.quality.divergence, row.size_bytes / 1e6, RESULT if is_result else OTHER
    if figure.low is not None and figure.high is not None:
        ends = [[figure.value - figure.low], [figure.high - figure.value]]
        axes.errorbar(size, figure.value, yerr=ends, color=colour, capsize=3, lw=1.2)
    axes.plot(size, figure.value, "D" if is_result else "o", color=colour, ms=7 if is_result else 6)
    axes.annotate(
        row.name,
        (size, figure.value),
        xytext=(8, 6),
        textcoords="offset points",
        color=colour,
        fontsize=9,
        weight="bold" if is_result else "normal",
    )
