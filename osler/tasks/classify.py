"""Which of several labels fits a picture: MedSigLIP without training (zero-shot), or with a few labelled examples.

Zero-shot: each label becomes one or several texts, whose vectors are averaged; the picture's vector is compared with
each. Two readings of the same cosines are given, because they answer different questions:

- softmax, e^(s·cos) over its sum for all labels: which of these labels, if exactly one of them holds. This is what the
  published scores rest on.
- sigmoid, 1 / (1 + e^-(s·cos + b)): whether picture and text belong together, each label by itself; what the model was
  trained to say. Values near 0 for all labels are usual, because most texts of the training fitted no given picture.

s and b are the checkpoint's logit_scale and logit_bias. Neither is calibrated for a disease.

Source: reference/medgemma.md 8 (MedGemma's technical report, tables A3 to A5, averages several texts a class).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from osler.errors import InputError
from osler.tasks.embed import Embeddings, embed
from osler.tasks.pictures import PictureRecord
from osler.tasks.probe import Probe
from osler.tasks.study_options import StudyOptions
from osler.tasks.tuned_head import TunedHead
from osler.values import NOTICE

if TYPE_CHECKING:
    from osler.tasks.medsiglip import MedSiglip

__all__ = [
    "Classification",
    "Classified",
    "LabelScore",
    "classify",
    "classify_by_head",
    "classify_by_probe",
    "texts_of_labels",
]

MEANING = (
    "softmax: share among these labels, if exactly one holds; sigmoid: each label by itself. "
    "Both come from how alike picture and text are to MedSigLIP; neither is the probability of a disease."
)


PROBE_MEANING = (
    "softmax: what a logistic regression on the examples' vectors says, as trustworthy as the examples are like this "
    "picture; it is not the probability of a disease where the examples are not as frequent as in your patients."
)


HEAD_MEANING = (
    "what the model's own tuned head says, {how}; as trustworthy as the examples it was tuned on are like this "
    "picture, and not the probability of a disease where they were not as frequent as in your patients."
)
HOW = {"one": "softmax: if exactly one of its labels holds", "several": "sigmoid: each label by itself"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelScore:
    """What speaks for one label.

    Attributes:
        softmax: share among all labels; None where there is only one, and from a head for several labels.
        sigmoid: for this label alone; None from a probe, and from a head for one label.
        cosine: between picture and label, -1 to 1; None from a probe or head.
    """

    label: str
    softmax: float | None
    sigmoid: float | None = None
    cosine: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Classified:
    """One picture and its scores, the best first."""

    picture: PictureRecord
    scores: tuple[LabelScore, ...]

    @property
    def label(self) -> str:
        """The label that fits best."""
        return self.scores[0].label


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """Scores of pictures.

    Attributes:
        pictures: in the order of what was handed over.
        texts: what each label was put in; empty for a probe.
        meaning: what the numbers are, in words.
        model, weights_id, way: what computed the vectors.
        probe: how well a probe did on its own examples; None without one.
        notes: what a person should know of what was left out.
    """

    pictures: tuple[Classified, ...]
    texts: dict[str, tuple[str, ...]]
    meaning: str
    model: str
    weights_id: str
    way: str
    probe: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    notice: str = NOTICE

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def classify(
    medsiglip: "MedSiglip",
    files: Any,
    labels: Sequence[str] | Mapping[str, Sequence[str]],
    *,
    templates: Sequence[str] = ("{}",),
    study: StudyOptions | None = None,
    each: bool = False,
) -> Classification:
    """Score each picture in files against each label.

    Args:
        files: as `Model.ask` takes them.
        labels: words, or label → texts for it.
        templates: texts in which {} stands for a label's own texts; more than one makes an ensemble.
        study: what is chosen of a study; None leaves it to the recipes.
        each: as in `osler.tasks.embed.embed`.

    Raises:
        InputError: labels or templates make no sense, or a file cannot be read.
    """
    texts = texts_of_labels(labels, templates)
    every = [text for members in texts.values() for text in members]
    words = medsiglip.embed_texts(every)
    found = embed(medsiglip, files, study=study, each=each)
    cosines = found.vectors @ _averaged(words, [len(members) for members in texts.values()]).T  # [I, C]
    scored = [_scores(list(texts), row, medsiglip.logit_scale, medsiglip.logit_bias) for row in cosines]
    return Classification(
        pictures=tuple(
            Classified(picture=picture, scores=scores) for picture, scores in zip(found.pictures, scored, strict=True)
        ),
        texts=texts,
        meaning=MEANING,
        model=found.model,
        weights_id=found.weights_id,
        way=found.way,
        notes=found.notes,
        notice=found.notice,
    )


def classify_by_probe(
    medsiglip: "MedSiglip", files: Any, probe: Probe, *, study: StudyOptions | None = None, each: bool = False
) -> Classification:
    """Score each picture in files with a probe that was fitted to examples."""
    found = embed(medsiglip, files, study=study, each=each)
    shares = probe.probabilities(found.vectors)  # [I, C]
    rows = [[LabelScore(label=label, softmax=share) for label, share in _ranked(probe.labels, row)] for row in shares]
    return _by_learnt(found, rows, PROBE_MEANING, probe.score.to_dict())


def classify_by_head(
    medsiglip: "MedSiglip", files: Any, head: TunedHead, *, study: StudyOptions | None = None, each: bool = False
) -> Classification:
    """Score each picture in files with the head that the model was tuned with."""
    found = embed(medsiglip, files, study=study, each=each)
    name = "softmax" if head.kind == "one" else "sigmoid"
    rows = [
        [LabelScore(label=label, **{"softmax": None, name: share}) for label, share in _ranked(head.labels, row)]
        for row in head.probabilities(found.vectors)
    ]
    return _by_learnt(found, rows, HEAD_MEANING.format(how=HOW[head.kind]), None)


def _ranked(labels: Sequence[str], scores: np.ndarray) -> list[tuple[str, float]]:
    """Labels with their scores [C], the best first."""
    return sorted(zip(labels, map(float, scores), strict=True), key=lambda pair: -pair[1])


def _by_learnt(
    found: Embeddings, rows: Sequence[Sequence[LabelScore]], meaning: str, probe: dict[str, Any] | None
) -> Classification:
    return Classification(
        pictures=tuple(
            Classified(picture=picture, scores=tuple(row)) for picture, row in zip(found.pictures, rows, strict=True)
        ),
        texts={},
        meaning=meaning,
        model=found.model,
        weights_id=found.weights_id,
        way=found.way,
        probe=probe,
        notes=found.notes,
        notice=found.notice,
    )


def texts_of_labels(
    labels: Sequence[str] | Mapping[str, Sequence[str]], templates: Sequence[str] = ("{}",)
) -> dict[str, tuple[str, ...]]:
    """The texts of each label.

    >>> texts_of_labels(["rash", "no rash"], ["skin with {}", "a photo of {}"])["rash"]
    ('skin with rash', 'a photo of rash')

    Raises:
        InputError: there is no label, one is empty or there twice, or a template has no place for it.
    """
    if isinstance(labels, str) or not labels:
        raise InputError("cannot classify: expected a list of labels, or of texts by label")
    for template in templates:
        if not isinstance(template, str) or "{}" not in template:
            raise InputError(f"cannot use the template {template!r}: expected {{}} where the label stands")
    own = dict(labels) if isinstance(labels, Mapping) else {label: (label,) for label in labels}
    if len(own) < len(labels):
        raise InputError("cannot classify: a label is there twice")
    texts: dict[str, tuple[str, ...]] = {}
    for label, members in own.items():
        listed = (members,) if isinstance(members, str) else tuple(members)
        if not isinstance(label, str) or not label.strip() or not listed or not all(map(_is_text, listed)):
            raise InputError(f"cannot use the label {label!r}: expected a text, or one or more texts for it")
        texts[label] = tuple(template.replace("{}", text) for text in listed for template in templates)
    return texts


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _averaged(vectors: np.ndarray, counts: Sequence[int]) -> np.ndarray:
    """[C, D] of length 1: the mean of each label's vectors [texts, D], which stand one after the other."""
    means = np.stack([group.mean(axis=0) for group in np.split(vectors, np.cumsum(counts)[:-1])])
    return means / np.linalg.norm(means, axis=1, keepdims=True)


def _scores(labels: Sequence[str], cosines: np.ndarray, scale: float, bias: float) -> tuple[LabelScore, ...]:
    """Scores of one picture from its cosines [C], the best first."""
    logits = scale * cosines.astype(np.float64)
    shares = np.exp(logits - logits.max())
    shares /= shares.sum()
    alone = 1 / (1 + np.exp(-np.clip(logits + bias, -700, 700)))
    scores = [
        LabelScore(
            label=label,
            softmax=float(shares[place]) if len(labels) > 1 else None,
            sigmoid=float(alone[place]),
            cosine=float(cosines[place]),
        )
        for place, label in enumerate(labels)
    ]
    return tuple(sorted(scores, key=lambda score: -(score.cosine or 0.0)))
