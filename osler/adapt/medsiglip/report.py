"""A tuning of MedSigLIP as one HTML page that fetches nothing; it tells no row, name or text of the data."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from osler.adapt.training.markup import curves_image, document, evaluations, pairs, table

__all__ = ["report_page"]

SAYS = "On patients that were not learnt from; in brackets 95 % intervals, from patients drawn again."


def report_page(origin: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], curves: bytes, *, notice: str) -> str:
    """The page.

    Args:
        origin: as osler.json has it.
        lines: of losses.jsonl.
        curves: a PNG.
        notice: the sentence to show beside what a model says.
    """
    result = origin["result"]
    title = f"MedSigLIP, {origin['kind']} tuning of {origin['base']['name']}"
    counts = {f"pictures to {name}": f"{count:,}" for name, count in origin["counts"].items()}
    told = {f"told by {how}": f"{count:,} rows" for how, count in origin["grouped_by"].items()}
    plan = {name.replace("_", " "): str(value) for name, value in origin["plan"].items()}
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="notice">{escape(notice)}</p>',
        f"<h2>Result, on the {escape(result['measured_on'] or 'training')} part</h2>",
        f'<p class="soft">{SAYS} Weights of step {result["step"]:,}.</p>' if result["measured_on"] else "",
        table(("figure", "before", "after"), _figures(result)),
        "<h2>Curves</h2>",
        curves_image(curves),
        "<h2>Evaluations</h2>",
        evaluations(lines),
        "<h2>Data</h2>",
        pairs({**counts, **told, "digest": origin["data"]}),
        "<h2>Plan</h2>",
        pairs(plan),
        "<h2>Origin</h2>",
        pairs({"weights": origin["base"]["weights_id"], "Osler": str(origin["osler"])}),
    ]
    return document(title, body)


def _figures(result: Mapping[str, Any]) -> Iterable[Sequence[str]]:
    for name, after in result["after"].items():
        yield name.replace("_", " "), _words(result["before"].get(name)), _words(after)


def _words(figure: Mapping[str, float | None] | None) -> str:
    if figure is None or figure["value"] is None:
        return "not defined"
    if figure["low"] is None or figure["high"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"
