"""A tuning as one HTML page that fetches nothing."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from osler.adapt.training.markup import curves_image, document, evaluations, pairs
from osler.adapt.training.samples import Sample

__all__ = ["Interval", "page", "shares"]

Interval = Callable[[float, int], tuple[float, float]]
"""The interval of a share of so many."""


def page(
    about: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    curves: bytes,
    samples: Sequence[Sample],
    *,
    notice: str,
    interval: Interval,
    with_text: bool = False,
) -> str:
    """The report of a tuning.

    Args:
        about: as osler.json has it.
        lines: of losses.jsonl.
        curves: a PNG.
        samples: rows asked before and after.
        notice: the sentence to show beside answers of this model.
        interval: for shares of the test part.
        with_text: tell questions and answers, which are the user's data; else rows are told by their numbers.
    """
    title = f"Tuning of {about['base']['description']}"
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="soft">{escape(about["what"])}</p>',
        f'<p class="notice">{escape(notice)}</p>',
        _headline(about, interval),
        "<h2>Curves</h2>",
        curves_image(curves),
        "<h2>Evaluations</h2>",
        evaluations(lines),
        _sampled(samples, with_text),
        "<h2>Data</h2>",
        pairs(_data(about["data"])),
        "<h2>Plan</h2>",
        pairs(_plan(about)),
        "<h2>Origin</h2>",
        pairs({"weights": about["base"]["weights_id"], **about["versions"]}),
    ]
    return document(title, body)


def shares(about: Mapping[str, Any], interval: Interval) -> dict[str, str]:
    """Figures of the parts that were not learned from, in words: {"test accuracy": "0.55 [0.41, 0.68] → 0.90 […]"}."""
    before, after = about["figures"]["before"], about["figures"]["after"]
    told = {}
    for name, value in after.items():
        part = name.rpartition("_")[0]
        count = about["data"].get("parts", {}).get(part, {}).get("rows", 0)
        sides = [_figure(name, one, count, interval) for one in (before.get(name), value) if one is not None]
        told[name.replace("_", " ")] = " → ".join(sides)
    return told


def _figure(name: str, value: float, count: int, interval: Interval) -> str:
    if not name.endswith("accuracy") or not count:
        return f"{value:.4f}"
    low, high = interval(value * count, count)
    return f"{value:.3f} [{low:.3f}, {high:.3f}] of {count}"


def _headline(about: Mapping[str, Any], interval: Interval) -> str:
    told = shares(about, interval)
    lines = [f"<strong>{escape(name)}</strong> {escape(text)}" for name, text in told.items()]
    note = '<p class="soft">before → after, with 95 % intervals (Wilson) where answers are classes; weights of step '
    return f'<div class="headline">{"<br>".join(lines)}</div>{note}{about["step"]:,}, the best by validation.</p>'


def _sampled(samples: Sequence[Sample], with_text: bool) -> str:
    if not samples:
        return ""
    names = ("row", "question", "wanted", "before", "after") if with_text else ("row", "before", "after")
    head = "".join(f"<th>{name}</th>" for name in names)
    rows = "".join(f"<tr>{_sample(sample, with_text)}</tr>" for sample in samples)
    why = "" if with_text else '<p class="soft">Words of your data are left out; --with-text tells them.</p>'
    return f'<h2>Samples</h2>{why}<div class="scroll"><table><tr>{head}</tr>{rows}</table></div>'


def _sample(sample: Sample, with_text: bool) -> str:
    cells = [f"<td>{sample.row.number:,}</td>"]
    if with_text:
        cells += [f'<td class="words">{escape(text)}</td>' for text in (sample.row.question, sample.row.answer)]
    for answer in (sample.before, sample.after):
        right = sample.is_right(answer)
        mark = f'<span class="{"yes" if right else "no"}">{"as wanted" if right else "otherwise"}</span>'
        cells.append(f'<td class="words">{mark}{"<br>" + escape(answer) if with_text else ""}</td>')
    return "".join(cells)


def _data(data: Mapping[str, Any]) -> dict[str, str]:
    told = {}
    for part, counts in data.get("parts", {}).items():
        classes = ", ".join(f"{name}: {number:,}" for name, number in counts["classes"].items())
        told[part] = f"{counts['rows']:,} rows of {counts['groups']:,} groups" + (f" ({classes})" if classes else "")
    by = data.get("kept_together_by", {})
    together = {"kept together by": ", ".join(f"{name} ({rows:,} rows)" for name, rows in by.items())} if by else {}
    return {**told, **together, "SHA-256": data["digest"]}


def _plan(about: Mapping[str, Any]) -> dict[str, str]:
    settings, choices = about["settings"], about["choices"]
    room, precision = choices["room"], choices["precision"]
    return {
        "tuned": about["what"],
        "steps": f"{choices['steps']:,} of {settings['batch']} examples, {room['batch']} at once",
        "learning rate": f"{choices['rate']:g}, warm-up {settings['warmup']:.0%}, then {settings['shape']}",
        "weight decay": f"{settings['weight_decay']:g}",
        "longest gradient": f"{settings['clip']:g}",
        "seed": str(settings["seed"]),
        "precision": f"{precision['name']} on {precision['device']}: {precision['reason']}",
        "memory, estimated": choices["memory"],
        "layers computed twice": "yes" if room["recomputes"] else "no",
        "longest example": f"{choices['load']['tokens']:,} tokens, {choices['load']['images']} images",
    }
