"""The curves of a training as a picture."""

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["draw_curves"]

SMOOTH = 0.9
FAR = 8
LOSSES, FIGURES = "#8a8f98", ("#0b6e99", "#b5541c", "#2f7d4f", "#7a4fa3", "#9a7b00")


def draw_curves(
    lines: Iterable[Mapping[str, Any]], path: Path | None = None, *, title: str = "loss on answers, nats a token"
) -> bytes:
    """Draw loss and evaluations over the steps, as PNG.

    Args:
        lines: of losses.jsonl.
        path: where to write it, too.
        title: what the loss is.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    steps, losses, evaluations = _series(lines)
    others = [name for name in evaluations if not name.endswith("loss")]
    figure = Figure(figsize=(10, 4.2) if others else (7, 4.2), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, 2 if others else 1, squeeze=False)[0]
    axes[0].plot(steps, losses, color=LOSSES, linewidth=0.7, alpha=0.6)
    axes[0].plot(steps, _smoothed(losses), color=LOSSES, linewidth=1.8, label="loss of a step, smoothed")
    for name, colour in zip((name for name in evaluations if name.endswith("loss")), FIGURES, strict=False):
        axes[0].plot(*evaluations[name], color=colour, marker="o", markersize=3, label=name.replace("_", " "))
    if _falls_far(losses):
        axes[0].set_yscale("log")
    else:
        axes[0].set_ylim(bottom=0)
    axes[0].set_title(title)
    for number, name in enumerate(others):
        colour = FIGURES[number % len(FIGURES)]
        axes[1].plot(*evaluations[name], color=colour, marker="o", markersize=3, label=name.replace("_", " "))
        axes[1].set_title("evaluations")
    for axis in axes:
        axis.set_xlabel("step")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.grid(alpha=0.25)
        axis.legend(frameon=False, fontsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    if path is not None:
        path.write_bytes(buffer.getvalue())
    return buffer.getvalue()


def _series(
    lines: Iterable[Mapping[str, Any]],
) -> tuple[list[int], list[float], dict[str, tuple[list[int], list[float]]]]:
    """Steps with their losses, and for each figure the steps with its values."""
    steps, losses = [], []
    evaluations: dict[str, tuple[list[int], list[float]]] = {}
    for line in lines:
        if "loss" in line:
            steps.append(line["step"])
            losses.append(line["loss"])
        for name, value in line.get("evaluation", {}).items():
            at, values = evaluations.setdefault(name, ([], []))
            at.append(line["step"])
            values.append(value)
    curves = {name: curve for name, curve in evaluations.items() if len(curve[0]) > 1}
    return steps, losses, curves


def _falls_far(losses: list[float]) -> bool:
    """Whether the end of a curve could not be told from nought on an even scale."""
    return min(losses, default=0) > 0 and FAR * _smoothed(losses)[-1] < max(losses)


def _smoothed(values: list[float]) -> list[float]:
    """A running mean without the pull of its beginning."""
    smooth, weight, result = 0.0, 0.0, []
    for value in values:
        smooth, weight = SMOOTH * smooth + (1 - SMOOTH) * value, SMOOTH * weight + (1 - SMOOTH)
        result.append(smooth / weight)
    return result
