"""What pages about tunings are made of: each fetches nothing."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["curves_image", "document", "evaluations", "pairs", "table"]

HEAD = """<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">"""

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5d6672; --line: #d9dee5; --back: #fff; --card: #f6f8fa;
  --good: #1f7a4d; --bad: #a33b2b }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa4b1; --line: #333a44; --back: #14171c;
  --card: #1c2128; --good: #62c28f; --bad: #e58a7b } }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.2rem 4rem; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif }
h1 { font-size: 1.6rem; margin: 0 0 .2rem } h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem }
p { margin: .4rem 0 } .soft { color: var(--soft) } .notice { border-left: 3px solid var(--bad); padding-left: .7rem }
.scroll { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { text-align: left; vertical-align: top; padding: .3rem 1.2rem .3rem 0; border-bottom: 1px solid var(--line) }
th { font-weight: 600; color: var(--soft) } td.words { max-width: 22rem; white-space: pre-wrap }
.yes { color: var(--good) } .no { color: var(--bad) }
img { max-width: 100%; background: #fff; border: 1px solid var(--line); border-radius: 6px }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.4rem } dt { color: var(--soft) }
dd { margin: 0; overflow-wrap: anywhere } .headline { font-size: 1.25rem; margin: .8rem 0 }
@media print { body { max-width: none; padding: 0 } }
"""


def document(title: str, body: Sequence[str]) -> str:
    """A whole page."""
    head = f"{HEAD}<title>{escape(title)}</title><style>{STYLE}</style>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(body)}</body></html>\n'


def curves_image(png: bytes) -> str:
    """The curves, in the page itself."""
    picture = base64.b64encode(png).decode()
    return f'<img alt="Loss and evaluations over the steps" src="data:image/png;base64,{picture}">'


def evaluations(lines: Iterable[Mapping[str, Any]]) -> str:
    """A table of the evaluations in losses.jsonl."""
    rows = [(line["step"], line["evaluation"]) for line in lines if "evaluation" in line]
    names = list(dict.fromkeys(name for _, figures in rows for name in figures))
    if not rows:
        return '<p class="soft">None were made.</p>'
    cells = [
        [f"{step:,}", *(f"{figures[name]:.4f}" if name in figures else "" for name in names)] for step, figures in rows
    ]
    return table(("step", *(name.replace("_", " ") for name in names)), cells)


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells of plain text below titles."""
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def pairs(values: Mapping[str, str]) -> str:
    """Names and what they are."""
    return f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{escape(text)}</dd>' for name, text in values.items())}</dl>"
