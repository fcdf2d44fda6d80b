"""Folders that are classes: each file is asked which of them it shows."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from osler.evals.benchmarks.choices import lettered
from osler.evals.sample import Sample, Seen
from osler.tasks.own_data import CLASS_QUESTION, class_name

__all__ = ["class_samples"]


def class_samples(folder: Path, classes: Mapping[str, Sequence[Path]]) -> list[Sample]:
    """A multiple-choice question for each file, the classes' names as options ("no_tumor" as "no tumor")."""
    options = lettered([class_name(name) for name in classes])
    letters = {name: letter for name, (letter, _) in zip(classes, options, strict=True)}
    return [
        Sample(
            id=path.relative_to(folder).as_posix(),
            text=CLASS_QUESTION,
            reference=letters[name],
            seen=(Seen(files=(path,)),),
            options=options,
            groups={"class": name},
        )
        for name, files in classes.items()
        for path in files
    ]
