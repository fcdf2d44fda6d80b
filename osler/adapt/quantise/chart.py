"""Quality against size as a picture."""

from collections.abc import Sequence
from pathlib import Path

from osler.adapt.quantise.rows import Row
from osler.errors import MissingExtraError

__all__ = ["check_drawing", "draw"]

RESULT, OTHER = "#b3361f", "#33566e"


def check_drawing() -> None:
    """See that pictures can be drawn.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "cannot draw a chart: matplotlib is not installed", hint="pip install 'osler[quantise]'"
        ) from error


def draw(rows: Sequence[Row], result: str, path: Path) -> None:
    """Draw mean KL with its interval against the size of the file; fewer bytes are left, less divergence is below.

    Args:
        rows: those with a quality; the unquantised model is left out.
        result: the row to mark.
        path: a PNG or SVG file.
    """
    from matplotlib.figure import Figure

    shown = [row for row in rows if row.kinds and row.quality is not None]
    figure = Figure(figsize=(7, 4.5), dpi=160, layout="constrained")
    axes = figure.add_subplot()
    for row in sorted(shown, key=lambda row: row.size_bytes):
        _add(axes, row, is_result=row.name == result)
    values = [row.quality.divergence.value for row in shown if row.quality]
    if min(values) > 0 and max(values) > 5 * min(values):
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.margins(x=0.2)
    axes.set_xlabel("size of the file, 10⁶ bytes")
    axes.set_ylabel("KL divergence from the unquantised model, nats")
    first = shown[0].quality
    assert first is not None
    axes.set_title(
        f"What fewer bits cost: {first.num_places:,} places of {first.num_documents:,} documents,"
        " intervals of 95 % over documents",
        fontsize=9,
    )
    axes.grid(True, alpha=0.25, which="both")
    figure.savefig(path)


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
