"""How much a few labelled pictures bring: classifiers on frozen vectors, learnt from ever more examples of each label.

OUT/curve.json   every figure with its interval, and of every seed
OUT/curve.png    drawn
OUT/training/    vectors and scores that are computed already: the same command goes on from there
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from osler.adapt.medsiglip.classifier import targets_of
from osler.adapt.medsiglip.kept_rows import KeptRows
from osler.adapt.medsiglip.learners import LEARNERS
from osler.adapt.medsiglip.material import work_folder
from osler.adapt.medsiglip.parts import divide
from osler.adapt.medsiglip.prepared import Prepared, prepare
from osler.adapt.medsiglip.read import Pairs, Wanted, read_pairs
from osler.adapt.medsiglip.resampling import accuracies, drawn_weights, interval_of, macro_aurocs
from osler.adapt.medsiglip.shots import draw_examples, sizes_up_to
from osler.adapt.medsiglip.validation import groups_in, is_right
from osler.errors import InputError, OptionError
from osler.tasks.classify import texts_of_labels
from osler.tasks.medsiglip import MedSiglip
from osler.tasks.progress import Progress, no_progress
from osler.tasks.study_options import StudyOptions
from osler.values import NOTICE

__all__ = ["Curve", "CurveOptions", "Point", "compute_curve", "write_curve"]

FITTING = "Learning from examples"


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveOptions:
    """What a person chooses.

    Attributes:
        data: a table with labels, or a folder of classes.
        out: where everything goes.
        wanted: how rows are read.
        sizes: examples of each label; empty for 1, 2, 4, … up to all.
        seeds: how many draws of examples.
        learners: "logistic", "mlp".
        held_out: the share of patients that is only measured on, where the data do not say.
        study: what is chosen of volumes, slides and documents.
    """

    data: Path
    out: Path
    wanted: Wanted
    sizes: tuple[int, ...] = ()
    seeds: int = 5
    learners: tuple[str, ...] = ("logistic", "mlp")
    held_out: float = 0.3
    study: StudyOptions | None = None

    def __post_init__(self) -> None:
        refused = (
            ("sizes", any(size < 1 for size in self.sizes), "whole numbers from 1"),
            ("seeds", self.seeds < 1, "a whole number from 1"),
            ("held_out", not 0 < self.held_out < 1, "a share between 0 and 1"),
            ("learners", not set(self.learners) <= set(LEARNERS), f"of {', '.join(LEARNERS)}"),
        )
        for name, is_wrong, expected in refused:
            if is_wrong:
                raise OptionError(f"cannot draw the curve: expected {expected}", name=name, expected=expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A learner on so many examples of each label.

    Attributes:
        learner: "logistic" or "mlp".
        size: examples of each label, or fewer of a label that has fewer.
        num_examples: in all, on average over the seeds.
        figures: by name, the mean over seeds: value, low, high.
        by_seed: the same figures of each seed.
    """

    learner: str
    size: int
    num_examples: float
    figures: dict[str, dict[str, float | None]]
    by_seed: dict[str, list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What was found.

    Attributes:
        labels: in the order of scores.
        counts: pictures to learn from, and held-out ones.
        points: by learner and size.
        zero_shot: figures without any example, by the labels' texts; empty where several labels may hold.
        grouped_by: how it was told whose each picture is.
        model, weights_id, way: what computed the vectors.
        notes: what was left out.
    """

    labels: tuple[str, ...]
    counts: dict[str, int]
    points: tuple[Point, ...]
    zero_shot: dict[str, dict[str, float | None]]
    grouped_by: dict[str, int]
    model: str
    weights_id: str
    way: str
    notes: tuple[str, ...] = ()
    notice: str = NOTICE

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def compute_curve(medsiglip: MedSiglip, options: CurveOptions, *, progress: Progress = no_progress) -> Curve:
    """Compute vectors, learn, measure; what was computed before is taken up.

    Raises:
        InputError: the data cannot be used, or have too few patients.
    """
    read = read_pairs(options.data, options.wanted)
    read.refuse()
    pairs = divide(read, validation=0.0, test=options.held_out, patients=options.wanted.patients)
    prepared = _vectors(medsiglip, pairs, options, progress)
    learnt, unseen = prepared.part("train"), prepared.part("test")
    labels = pairs.labels
    _refuse_too_little(learnt, unseen, labels)
    targets = targets_of(learnt, labels)
    sizes = sorted(set(options.sizes)) or sizes_up_to(targets)
    scores = _scores(options, learnt, unseen, labels, sizes, medsiglip.way, progress)
    weights = drawn_weights(groups_in(unseen), 0)
    wanted = targets_of(unseen, labels)

    def point(learner: str, size: int) -> Point:
        each = [figures_in(found, wanted, weights, options.wanted.are_several) for found in scores(learner, size)]
        drawn = [draw_examples(targets, groups_in(learnt), size, seed) for seed in range(options.seeds)]
        return Point(
            learner=learner,
            size=size,
            num_examples=float(np.mean([len(one) for one in drawn])),
            figures={name: over_seeds(np.stack([one[name] for one in each]))._asdict() for name in each[0]},
            by_seed={name: [float(one[name][0]) for one in each] for name in each[0]},
        )

    return Curve(
        labels=labels,
        counts={"to learn from": len(learnt), "held out": len(unseen)},
        points=tuple(point(learner, size) for learner in options.learners for size in sizes),
        zero_shot=_zero_shot(medsiglip, unseen, labels, options.wanted, weights),
        grouped_by=pairs.grouped_by,
        model=medsiglip.description,
        weights_id=medsiglip.weights_id,
        way=medsiglip.way,
        notes=pairs.notes,
    )


def write_curve(curve: Curve, out: Path) -> tuple[Path, Path]:
    """Write curve.json and curve.png.

    Raises:
        InputError: the folder cannot be written to.
        MissingExtraError: matplotlib is not installed.
    """
    from osler.adapt.medsiglip.curve_picture import draw_curve

    written = (out / "curve.json", out / "curve.png")
    told = json.dumps(curve.to_dict(), ensure_ascii=False, indent=2).encode()
    for path, data in zip(written, (told, draw_curve(curve)), strict=True):
        partial = path.with_name(path.name + ".part")
        try:
            partial.write_bytes(data)
            partial.replace(path)
        except OSError as error:
            raise InputError(f"cannot write `{path}`: {error.strerror or type(error).__name__}") from error
    return written


def figures_in(
    scores: np.ndarray, targets: np.ndarray, weights: np.ndarray, are_several: bool
) -> dict[str, np.ndarray]:
    """Figures of scores [I, C] in each resample, [1 + B]."""
    found = {"auroc": macro_aurocs(scores, targets, weights)}
    if not are_several:
        found["accuracy"] = accuracies(is_right(scores, targets), weights)
    return found


def over_seeds(figures: np.ndarray) -> Any:
    """The mean over seeds of figures [S, 1 + B], its interval from patients and seeds drawn again."""
    seeds, columns = figures.shape
    drawn = np.random.default_rng(0).integers(0, seeds, (seeds, columns))
    drawn[:, 0] = np.arange(seeds)
    return interval_of(np.take_along_axis(figures, drawn, axis=0).mean(axis=0))


def _vectors(medsiglip: MedSiglip, pairs: Pairs, options: CurveOptions, progress: Progress) -> Prepared:
    """The vectors of all pictures, by Osler's engine."""
    way = f"{medsiglip.way} {options.study}"
    kept = KeptRows(work_folder(options.out), "vectors", (medsiglip.config.width,), "<f4", way=way)
    prepared, faults = prepare(pairs.rows, kept, medsiglip.vector_of, study=options.study, progress=progress)
    pairs.refuse(faults)
    # What the data call validation is learnt from, too: nothing is chosen on it.
    rows = tuple(replace(row, part="train" if row.part == "validation" else row.part) for row in prepared.pairs)
    return replace(prepared, pairs=rows)


def _refuse_too_little(learnt: Prepared, unseen: Prepared, labels: Sequence[str]) -> None:
    for name, part in (("to learn from", learnt), ("held out", unseen)):
        there = targets_of(part, tuple(labels)).sum(axis=0) if len(part) else np.zeros(len(labels))
        missing = [label for label, count in zip(labels, there, strict=True) if not count]
        if missing:
            raise InputError(
                f"cannot draw the curve: among the pictures {name}, {len(missing)} of {len(labels)} labels have no "
                f"example, first `{missing[0]}`",
                hint="add patients, or change --test",
            )


def _scores(
    options: CurveOptions,
    learnt: Prepared,
    unseen: Prepared,
    labels: tuple[str, ...],
    sizes: Sequence[int],
    way: str,
    progress: Progress,
) -> Callable[[str, int], list[np.ndarray]]:
    """Learn what is not learnt yet; gives a function to the held-out scores [I, C] of each seed."""
    targets, groups, several = targets_of(learnt, labels), groups_in(learnt), options.wanted.are_several
    vectors, asked = learnt.look(range(len(learnt))), unseen.look(range(len(unseen)))
    data = sha256(vectors.tobytes() + targets.tobytes() + asked.tobytes() + repr((groups, several)).encode())
    shape = (len(unseen), len(labels))
    kept = KeptRows(work_folder(options.out), "scores", shape, "<f8", way=f"{way} {data.hexdigest()}")
    cells = [(name, size, seed) for name in options.learners for size in sizes for seed in range(options.seeds)]
    for done, (name, size, seed) in enumerate(cells):
        progress(FITTING, done, len(cells))
        if f"{name} {size} {seed}" not in kept:
            drawn = draw_examples(targets, groups, size, seed)
            some = [groups[place] for place in drawn]
            found = LEARNERS[name](vectors[drawn], targets[drawn], some, asked, are_several=several, seed=seed)
            kept.add(f"{name} {size} {seed}", [""], found[None])
    progress(FITTING, len(cells), len(cells))
    every = kept.all()
    return lambda name, size: [
        np.asarray(every[kept.rows(f"{name} {size} {seed}")[0]]) for seed in range(options.seeds)
    ]


def _zero_shot(
    medsiglip: MedSiglip, unseen: Prepared, labels: tuple[str, ...], wanted: Wanted, weights: np.ndarray
) -> dict[str, dict[str, float | None]]:
    """Figures by the labels' texts alone."""
    if wanted.are_several:
        return {}
    own = wanted.texts or {label: (label,) for label in labels}
    texts = texts_of_labels({label: own.get(label, (label,)) for label in labels}, wanted.templates)
    means = np.stack([medsiglip.embed_texts(some).mean(axis=0) for some in texts.values()])
    cosines = unseen.look(range(len(unseen))) @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T
    found = figures_in(cosines, targets_of(unseen, labels), weights, are_several=False)
    return {name: interval_of(figures)._asdict() for name, figures in found.items()}
