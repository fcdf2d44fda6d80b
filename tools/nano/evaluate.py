"""Measure osler-nano on held-out patients and pictures; beside it, what needs no model."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from nano import metrics, wording
from nano.asking import Asker
from nano.augment import pad_to_square, scale_cells
from nano.data import Film, Smear, of_split, read_films, read_smears
from nano.pictures import read_others

PNEUMONIA = "Is there pneumonia?"
KIND = "What kind of image is this?"
WHERE = "Where is the white blood cell?"
NEW_WORDINGS = ("Could this be pneumonia?", "Any pneumonia here?", "Would you say there is pneumonia in this picture?")
THUMBNAIL_PX = 24
BORDER_PX = 2


def write_figures(data: Path, folder: Path, split: str) -> None:
    """Measure one split and write figures.json (only the test split is written into the folder)."""
    figures = measure(data, Asker(folder), split)
    text = json.dumps(figures, indent=2) + "\n"
    print(text)
    if split == "test":
        (folder / "figures.json").write_text(text)


def measure(data: Path, asker: Asker, split: str) -> dict:
    """Return every figure of the card."""
    films, smears = read_films(data / "nih_cxr"), read_smears(data / "bccd")
    held_films, held_smears = of_split(films, split), of_split(smears, split)
    others = [picture.image for picture in read_others(held_out=True)]
    return {
        "split": split,
        "counts": _counts(films, smears),
        "kind": kinds(asker, held_films, held_smears, others, data),
        "pneumonia": pneumonia(asker, films, held_films),
        "beside_pneumonia": linear(of_split(films, "train"), held_films),
        "box": boxes(asker, of_split(smears, "train"), held_smears),
        "sentence": sentences(asker, held_films),
        "smear": smear_answers(asker, held_smears),
        "refusal": refusals(asker, held_films, held_smears, others),
        "text": {question: asker.answer_text(question) for question in ("Hello", "What are you?", "Are you MedGemma?")},
    }


def _counts(films: Sequence[Film], smears: Sequence[Smear]) -> dict:
    names = ("train", "validation", "test")
    return {
        name: {
            "films": len(of_split(films, name)),
            "patients": len({film.patient for film in of_split(films, name)}),
            "pneumonia": sum(film.has_pneumonia for film in of_split(films, name)),
            "smears": len(of_split(smears, name)),
        }
        for name in names
    }


def kinds(asker: Asker, films: Sequence[Film], smears: Sequence[Smear], others: list, data: Path) -> dict:
    """Ask what kind of image it is; brain MR slices, never trained on, are measured if the data has them."""
    mri = [Image.open(p).convert("RGB") for p in sorted((data / "brain_mri").rglob("*.[jJpP]*"))]
    parts = {
        "film": ([f.image for f in films], wording.FILM_KIND),
        "smear": ([s.image for s in smears], wording.SMEAR_KIND),
        "other": (others, wording.NEITHER),
        "brain_mri_as_other": (mri, wording.NEITHER),
    }
    return {
        name: metrics.share_of([answer == right for answer in asker.answers(images, KIND)])
        for name, (images, right) in parts.items()
        if images
    }


def pneumonia(asker: Asker, all_films: Sequence[Film], films: Sequence[Film]) -> dict:
    """Ask whether there is pneumonia; intervals by resampling patients."""
    images, truth = [f.image for f in films], np.array([f.has_pneumonia for f in films])
    patients, margins = [f.patient for f in films], asker.margins(images, PNEUMONIA)
    answers = asker.answers(images, PNEUMONIA, 16)
    said = np.array([answer.startswith("Yes") for answer in answers])
    measures = {
        "auroc": lambda i: metrics.auroc(margins[i], truth[i]),
        "accuracy": lambda i: float((said[i] == truth[i]).mean()),
        "sensitivity": lambda i: float(said[i][truth[i]].mean()),
        "specificity": lambda i: float((~said[i])[~truth[i]].mean()),
    }
    everything = np.arange(len(films))
    figures = {
        name: {"value": round(rule(everything), 4), "interval": metrics.bootstrap(rule, patients)}
        for name, rule in measures.items()
    }
    figures["films"], figures["patients"] = len(films), len(set(patients))
    figures["majority_share"] = round(max(truth.mean(), 1 - truth.mean()), 4)
    figures["answers_begin_with_yes_or_no"] = metrics.share_of([a.startswith(("Yes", "No")) for a in answers])
    figures["confounding"] = _matched(all_films, films, margins)
    figures["new_wordings"] = {
        q: round(metrics.auroc(asker.margins(images, q), truth), 4) for q in NEW_WORDINGS
    }  # fmt: skip
    return figures


def _matched(all_films: Sequence[Film], films: Sequence[Film], margins: np.ndarray) -> dict:
    """Compare only films alike in detector and range of patients, and only pairs of one patient."""
    negatives = [f for f in all_films if not f.has_pneumonia]
    lowest, highest = (edge(int(f.patient) for f in negatives) for edge in (min, max))
    detectors = {f.detector for f in negatives}
    alike = np.array([f.detector in detectors and lowest <= int(f.patient) <= highest for f in films])
    same_detector = np.array([f.detector in detectors for f in films])
    return {
        "same_detector": _auroc_of(films, margins, same_detector),
        "same_detector_and_patient_range": _auroc_of(films, margins, alike),
        "within_patients": _within_patients(films, margins),
    }


def _auroc_of(films: Sequence[Film], margins: np.ndarray, chosen: np.ndarray) -> dict:
    truth = np.array([f.has_pneumonia for f in films])[chosen]
    scores, patients = margins[chosen], [f.patient for f, c in zip(films, chosen, strict=True) if c]
    interval = metrics.bootstrap(lambda i: metrics.auroc(scores[i], truth[i]), patients)
    value = round(metrics.auroc(scores, truth), 4)
    return {"auroc": value, "interval": interval, "positives": int(truth.sum()), "negatives": int((~truth).sum())}


def _within_patients(films: Sequence[Film], margins: np.ndarray) -> dict:
    """Count the pairs (film with, film without pneumonia) of one patient that the margins order rightly."""
    pairs = [
        margins[i] > margins[j]
        for i, one in enumerate(films)
        for j, two in enumerate(films)
        if one.patient == two.patient and one.has_pneumonia and not two.has_pneumonia
    ]
    return metrics.share_of(pairs) if pairs else {"right": 0, "of": 0}


def thumbnail(film: Film) -> np.ndarray:
    """Return [24, 24] f64 of the padded square."""
    square, _, _ = pad_to_square(film.image)
    side = (THUMBNAIL_PX, THUMBNAIL_PX)
    return np.asarray(square.resize(side, Image.Resampling.BILINEAR), dtype=np.float64)


def border(picture: np.ndarray) -> np.ndarray:
    """Return the outer two pixels of a picture as one row."""
    frame = np.ones(picture.shape, dtype=bool)
    frame[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX] = False
    return picture[frame]


def linear(train: Sequence[Film], held: Sequence[Film]) -> dict:
    """Measure ridge regression on 24x24 thumbnails, whole and border only."""
    truth, held_truth = (np.array([f.has_pneumonia for f in part]) for part in (train, held))
    figures = {}
    for name, features in (("thumbnail", np.ravel), ("border", border)):
        left, right = (np.stack([features(thumbnail(f)) for f in part]) for part in (train, held))
        scores = metrics.ridge(left, truth, right)
        interval = metrics.bootstrap(lambda i, s=scores: metrics.auroc(s[i], held_truth[i]), [f.patient for f in held])
        accuracy = float(((scores > 0) == held_truth).mean())
        figures[name] = {
            "auroc": round(metrics.auroc(scores, held_truth), 4),
            "interval": interval,
            "accuracy": round(accuracy, 4),
        }
    return figures


def _white(smear: Smear) -> list[metrics.Box]:
    return [cell.box for cell in scale_cells(smear.cells, smear.image) if cell.label == "WBC"]


def boxes(asker: Asker, train: Sequence[Smear], held: Sequence[Smear]) -> dict:
    """Measure the box of the white blood cell, asked shortly and in MedGemma's official words."""
    held = [smear for smear in held if _white(smear)]
    images, annotated = [s.image for s in held], [_white(s) for s in held]
    constant = tuple(np.mean([box for smear in train for box in _white(smear)], axis=0))
    official = wording.LOCALISE.replace("{thing}", "white blood cell")
    return {
        "short": _box_figures(asker.answers(images, WHERE, 110), annotated),
        "official_prompt": _box_figures(asker.answers(images, official, 110), annotated),
        "constant_box": round(float(np.mean([metrics.coverage([constant], boxes) for boxes in annotated])), 4),
    }


def _box_figures(answers: Sequence[str], annotated: Sequence[list[metrics.Box]]) -> dict:
    parsed = [metrics.parse_boxes(answer) for answer in answers]
    values = np.array([metrics.coverage(p or [], a) for p, a in zip(parsed, annotated, strict=True)])
    interval = metrics.bootstrap(lambda i: float(values[i].mean()), [str(i) for i in range(len(values))])
    return {
        "mean_iou": round(float(values.mean()), 4),
        "interval": interval,
        "above_half": metrics.share_of(list(values > 0.5)),
        "parsable": metrics.share_of([p is not None for p in parsed]),
    }


def sentences(asker: Asker, films: Sequence[Film]) -> dict:
    """Read the description: is the view right, and normal or not?"""
    answers = asker.answers([f.image for f in films], "Describe this X-ray.")
    return {
        "view": metrics.share_of([f"{f.view} view" in a for f, a in zip(films, answers, strict=True)]),
        "normal_or_not": metrics.share_of(
            [("signs of pneumonia" in a) == f.has_pneumonia for f, a in zip(films, answers, strict=True)]
        ),
    }


def smear_answers(asker: Asker, smears: Sequence[Smear]) -> dict:
    """Count white blood cells and ask for platelets; beside it the share of the commonest answer."""
    images = [s.image for s in smears]
    numbers = [sum(c.label == "WBC" for c in s.cells) for s in smears]
    plates = [any(c.label == "Platelets" for c in s.cells) for s in smears]
    counted = asker.answers(images, "How many white blood cells are there?", 16)
    said = asker.answers(images, "Are there platelets?", 16)
    words = ("No ", "One ", "Two ", "Three ")
    return {
        "white_count": metrics.share_of([a.startswith(words[n]) for a, n in zip(counted, numbers, strict=True)]),
        "white_count_always_one": round(float(np.mean([n == 1 for n in numbers])), 4),
        "platelets": metrics.share_of([a.startswith("Yes") == p for a, p in zip(said, plates, strict=True)]),
        "platelets_majority": round(float(max(np.mean(plates), 1 - np.mean(plates))), 4),
    }


def refusals(asker: Asker, films: Sequence[Film], smears: Sequence[Smear], others: list) -> dict:
    """Ask about the wrong kind of image."""
    official = wording.LOCALISE.replace("{thing}", "white blood cell")
    asked = {
        "film_asked_for_a_white_cell": ([f.image for f in films], WHERE, wording.NOT_A_SMEAR),
        "film_asked_officially": ([f.image for f in films], official, wording.NOT_A_SMEAR),
        "smear_asked_for_pneumonia": ([s.image for s in smears], PNEUMONIA, wording.NOT_A_FILM),
        "smear_asked_as_x_ray": ([s.image for s in smears], "Describe this X-ray", wording.NOT_A_FILM),
        "other_asked_for_pneumonia": (others, PNEUMONIA, wording.NEITHER),
        "other_asked_for_a_white_cell": (others, WHERE, wording.NEITHER),
    }
    return {
        name: metrics.share_of([answer == right for answer in asker.answers(images, question)])
        for name, (images, question, right) in asked.items()
    }
