"""A tuning of MedSigLIP as one HTML page that fetches nothing; it tells no row, name or text of the data."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from osler.adapt.training.page import HEAD, STYLE

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
    picture = base64.b64encode(curves).decode()
    counts = {f"pictures to {name}": f"{count:,}" for name, count in origin["counts"].items()}
    told = {f"told by {how}": f"{count:,} rows" for how, count in origin["grouped_by"].items()}
    plan = {name.replace("_", " "): str(value) for name, value in origin["plan"].items()}
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="notice">{escape(notice)}</p>',
        f"<h2>Result, on the {escape(result['measured_on'] or 'training')} part</h2>",
        f'<p class="soft">{SAYS} Weights of step {result["step"]:,}.</p>' if result["measured_on"] else "",
        _table(("figure", "before", "after"), _figures(result)),
        "<h2>Curves</h2>",
        f'<img alt="Loss and evaluations over the steps" src="data:image/png;base64,{picture}">',
        "<h2>Evaluations</h2>",
        _evaluations(lines),
        "<h2>Data</h2>",
        _pairs({**counts, **told, "digest": origin["data"]}),
        "<h2>Plan</h2>",
        _pairs(plan),
        "<h2>Origin</h2>",
        _pairs({"weights": origin["base"]["weights_id"], "Osler": str(origin["osler"])}),
    ]
    head = f"{HEAD}<title>{escape(title)}</title><style>{STYLE}</style>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(body)}</body></html>\n'


def _figures(result: Mapping[str, Any]) -> Iterable[Sequence[str]]:
    for name, after in result["after"].items():
        yield name.replace("_", " "), _words(result["before"].get(name)), _words(after)


def _words(figure: Mapping[str, float | None] | None) -> str:
    if figure is None or figure["value"] is None:
        return "not defined"
    if figure["low"] is None or figure["high"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"


def _evaluations(lines: Sequence[Mapping[str, Any]]) -> str:
    rows = [(line["step"], line["evaluation"]) for line in lines if "evaluation" in line]
    names = list(dict.fromkeys(name for _, figures in rows for name in figures))
    if not rows:
        return '<p class="soft">None were made.</p>'
    cells = [[f"{step:,}", *(f"{figures[name]:.4f}" for name in names)] for step, figures in rows]
    return _table(("step", *(name.replace("_", " ") for name in names)), cells)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def _pairs(values: Mapping[str, str]) -> str:
    return f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{escape(text)}</dd>' for name, text in values.items())}</dl>"
