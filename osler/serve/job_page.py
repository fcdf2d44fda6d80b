"""What came of a job as one HTML file: the answer, the images as the model saw them, and what both rest on.

A browser fetches nothing for it and runs nothing in it (the policy in its head), and all that is not Osler's own words
is escaped. Printed, it is a PDF.
"""

import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from osler.engine.sampling import Sampling
from osler.evals.report.markup import Markup, element
from osler.serve.job_page_answers import ANSWERS, definitions
from osler.serve.job_tasks import JobRequest, Made, Outcome
from osler.serve.seen import Picture, Seen
from osler.values import NOTICE, NOTICE_DEMONSTRATION

if TYPE_CHECKING:
    from osler.tasks.identity import Identity

__all__ = ["JobPage", "page_file"]

NAME = "report.html"

TITLES = {
    "ask": "Answer",
    "report": "Report",
    "locate": "Where things are",
    "compare": "What changed",
    "labs": "Laboratory report",
    "record": "Answer from a record",
}
FEW = 8
"""So many images are shown large."""

DIGITS = 16
"""Of an image's digest; the result has all of them."""


def page_file(
    row: Mapping[str, Any], sent: JobRequest, outcome: Outcome, *, digests: Sequence[str], model: "Identity", seen: Seen
) -> Made:
    """The page of a job that has come to its end, as one of its files."""
    page = JobPage(
        job=row["id"],
        task=sent.task,
        asked=sent.model_dump(exclude_unset=True),
        digests=digests,
        model=model.description,
        weights_id=model.weights_id,
        precision=model.precision,
        notice=NOTICE_DEMONSTRATION if model.is_demonstration else NOTICE,
        result=outcome.result,
        notes=outcome.notes,
        pictures=seen.pictures(),
        num_left_out=seen.num_left_out,
        drawn=[file for file in outcome.files if file.kind == "image/png"],
        ended=time.time(),
    )
    return Made(name=NAME, kind="text/html", content=page.html())


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    """All that stands on the page.

    Attributes:
        job: its id.
        task: which it was.
        asked: the request's own fields, such as its question.
        digests: of the studies, the current one first.
        model, weights_id, precision, notice: of the model.
        result: what came of it, as plain values.
        notes: what a person should know of the files.
        pictures: as the model saw them.
        num_left_out: further ones that are not shown.
        drawn: pictures that the task made, such as overlays.
        ended: seconds since 1970.
    """

    job: str
    task: str
    asked: Mapping[str, Any]
    digests: Sequence[str]
    model: str
    weights_id: str
    precision: str
    notice: str
    result: Mapping[str, Any]
    notes: Sequence[str]
    pictures: Sequence[Picture]
    num_left_out: int
    drawn: Sequence[Made]
    ended: float

    def html(self) -> bytes:
        """The whole file, UTF-8."""
        title = TITLES[self.task]
        notice = element("p", self.notice, class_="notice", role="note")
        when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(self.ended))
        body = element(
            "body",
            element("header", element("h1", title), element("p", f"{when} · {self.model}", class_="soft"), notice),
            element(
                "main",
                self._asked(),
                _section("Answer", *ANSWERS[self.task](self.result)),
                _section("Drawn", *map(_drawn, self.drawn[:FEW])),
                self._seen(),
                self._sources(),
                self._made_how(),
            ),
            element("footer", notice),
        )
        return f"<!doctype html>\n{element('html', _head(title), body, lang='en')}\n".encode()

    def _asked(self) -> Markup | None:
        shown = {name: value for name, value in self.asked.items() if name in ASKED and value}
        words = {ASKED[name]: ", ".join(value) if isinstance(value, list) else value for name, value in shown.items()}
        return _section("Asked", definitions(words)) if words else None

    def _seen(self) -> Markup | None:
        if not self.pictures:
            return None
        shared = _shared_steps(self.pictures)
        said = [f"Each: {'; '.join(shared)}."] if shared else []
        if not self.pictures[0].is_exact:
            said.append("JPEG stands for their exact pixels, to keep this file small.")
        if self.num_left_out:
            said.append(f"{self.num_left_out} more are not shown.")
        figures = [_figure(picture, number, not shared) for number, picture in enumerate(self.pictures, start=1)]
        few = "figures few" if len(figures) <= FEW else "figures"
        return _section(
            "What the model saw",
            element("p", " ".join(said), class_="soft") if said else None,
            element("div", *figures, class_=few),
        )

    def _sources(self) -> Markup | None:
        sources = [source for one in _all_of("provenance", self.result) for source in one.get("sources", ())]
        source = self.result.get("source")
        unique = {str(one): one for one in [*sources, *([source] if isinstance(source, dict) else [])]}
        shown = [_source(one) for one in unique.values()]
        notes = element("ul", *(element("li", note) for note in self.notes)) if self.notes else None
        return _section("What was chosen, and why", *shown, notes)

    def _made_how(self) -> Markup | None:
        provenances, usages = _all_of("provenance", self.result), _all_of("usage", self.result)
        first: Mapping[str, Any] = provenances[0] if provenances else {}
        told = {
            "Model": self.model,
            "Weights": self.weights_id,
            "Precision": self.precision,
            "Studies (SHA-256)": ", ".join(self.digests),
            "Job": self.job,
            "Tokens read": f"{sum(one['prompt_tokens'] for one in usages):,}",
            "Tokens written": f"{sum(one['completion_tokens'] for one in usages):,}",
            "Sampling": _sampling(first.get("sampling", {})),
            "Versions": _pairs(first.get("versions", {})),
        }
        prompts = list(dict.fromkeys(one["prompt"] for one in provenances))
        return _section(
            "How it was made",
            definitions({name: value for name, value in told.items() if value}),
            *(
                element("details", element("summary", f"Prompt (SHA-256 {_digest(text)})"), element("pre", text))
                for text in prompts[:FEW]
            ),
        )


ASKED = {"question": "Question", "things": "Looked for", "findings": "Findings", "indication": "Indication"}


def _section(title: str, *children: Markup | None) -> Markup | None:
    """A part of the page; None where it would be empty."""
    inner = [child for child in children if child is not None]
    return element("section", element("h2", title), *inner) if inner else None


def _shared_steps(pictures: Sequence[Picture]) -> tuple[str, ...]:
    """What was done to each of several images alike, to be said once."""
    steps = {(f"{one.record.width_px} × {one.record.height_px} px", *one.record.steps) for one in pictures}
    return steps.pop() if len(pictures) > 1 and len(steps) == 1 else ()


def _figure(picture: Picture, number: int, has_steps: bool) -> Markup:
    record, origin = picture.record, picture.record.origin
    place = f" · {origin.kind} {origin.number} of {origin.total}" if origin and origin.total > 1 else ""
    size = f"{record.width_px} × {record.height_px} px"
    told = [f"{number}{place}", *((size, *record.steps) if has_steps else ())]
    image = element("img", src=picture.url, alt=f"Image {number}{place}", width=picture.side_px, height=picture.side_px)
    digest = f"SHA-256 {record.pixels_sha256[:DIGITS]}"
    return element("figure", image, element("figcaption", "; ".join(told), element("br"), digest))


def _drawn(made: Made) -> Markup:
    url = f"data:{made.kind};base64,{b64encode(made.content).decode()}"
    return element("figure", element("img", src=url, alt=made.name), element("figcaption", made.name))


def _source(source: Mapping[str, Any]) -> Markup:
    told = {
        "Source": " ".join(part for part in (source["kind"], source["series"]) if part),
        "Why": source["reason"],
        "Sent": f"{source['num_sent']} of {source['num_available']}",
        "Chosen": _pairs({name: value for name, value in source["choices"].items() if name != "opening"}),
        "Files": f"{len(source['files']):,}",
        "Notes": "; ".join(source["notes"]),
    }
    return definitions({name: value for name, value in told.items() if value})


def _all_of(key: str, values: Any) -> list[Any]:
    """Everything that stands under a key, at whatever depth."""
    if isinstance(values, Mapping):
        here = [values[key]] if isinstance(values.get(key), Mapping) else []
        return here + [one for name, value in values.items() if name != key for one in _all_of(key, value)]
    if isinstance(values, list | tuple):
        return [one for value in values for one in _all_of(key, value)]
    return []


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items() if value not in (None, "", False, (), [], {}))


def _sampling(chosen: Mapping[str, Any]) -> str:
    """What is not as it is when nobody asks."""
    default = asdict(Sampling())
    return _pairs({name: value for name, value in chosen.items() if value != default.get(name)}) or "greedy"


def _head(title: str) -> Markup:
    policy = f"default-src 'none'; style-src 'sha256-{_digest64(_style())}'; img-src data:; base-uri 'none'"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name_="referrer", content="no-referrer"),
        element("title", f"{title} – Osler"),
        element("style", Markup(_style())),
    )


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _digest64(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


@cache
def _style() -> str:
    return files("osler.serve").joinpath("assets", "job_page.css").read_text(encoding="utf-8")
