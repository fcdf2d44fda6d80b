"""The curve drawn, with matplotlib."""

import io
from typing import TYPE_CHECKING, Any

from osler.extras import needed

if TYPE_CHECKING:
    from osler.adapt.medsiglip.curve import Curve, Point

__all__ = ["draw_curve"]

TITLES = {"auroc": "area under the ROC curve", "accuracy": "accuracy"}
NAMES = {"logistic": "logistic regression", "mlp": "two hidden layers"}
LOOKS = {"logistic": ("#0b5394", "o-"), "mlp": ("#b45f06", "s--")}


def draw_curve(curve: "Curve") -> bytes:
    """A PNG with a panel for each figure: 95 % bands around means over seeds, a dotted line for zero-shot.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    needed("matplotlib", "draw the curve", "adapt")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = list(curve.points[0].figures)
    figure = Figure(figsize=(5.5 * len(names), 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        _draw_panel(axes, curve, name)
    figure.suptitle(
        f"{curve.counts['held out']:,} held-out pictures, {len(curve.labels)} labels; 95 % bands", fontsize=9
    )
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=120)
    return file.getvalue()


def _draw_panel(axes: Any, curve: "Curve", name: str) -> None:
    for learner in dict.fromkeys(point.learner for point in curve.points):
        points = [point for point in curve.points if point.learner == learner]
        colour, look = LOOKS[learner]
        sizes = [point.size for point in points]
        axes.plot(sizes, [_number(point, name, "value") for point in points], look, color=colour, label=NAMES[learner])
        low, high = ([_number(point, name, end) for point in points] for end in ("low", "high"))
        axes.fill_between(sizes, low, high, color=colour, alpha=0.15, linewidth=0)
    zero = curve.zero_shot.get(name, {}).get("value")
    if zero is not None:
        axes.axhline(zero, color="0.4", linestyle=":", label="zero-shot, no example")
    axes.set_xscale("log", base=2)
    sizes = sorted({point.size for point in curve.points})
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.set_xlabel("labelled pictures of each label")
    axes.set_ylabel(TITLES[name])
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)


def _number(point: "Point", name: str, end: str) -> float:
    """NaN, a gap in the line, where a figure is not defined."""
    value = point.figures[name][end]
    return float("nan") if value is None else value
