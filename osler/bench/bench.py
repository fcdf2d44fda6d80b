"""One measurement, from the first step to the last."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from osler.bench.figures import IMAGE_PHASES, Phase, figures_of
from osler.bench.material import write_noise
from osler.bench.ours import Osler
from osler.bench.results import Measurement, Row, details_of, rows_of
from osler.bench.schedule import Step, plan
from osler.bench.side import Job, Side
from osler.bench.subject import Subject
from osler.errors import OslerError, VisionError

__all__ = ["Bench", "Tell"]

Tell = Callable[[int, Step, float], None]
"""Called before each step: its number from 0, the step, and a guess of the seconds that are left."""

BUSY_SHARE = 0.5
"""Load average, as a share of the cores, from which other programs disturb what is measured."""


class Bench:
    """Measures Osler on a model, in turns with a peer where there is one.

    Args:
        subject: the model.
        ours: Osler.
        peer: the other program.
        phases: what to measure.
        repeat: how often.

    Attributes:
        steps: what is to be done.
        taken: what was measured; it stays when `run` is interrupted.

    Raises:
        VisionError: nothing can be measured, because the model reads no images.
    """

    def __init__(
        self, subject: Subject, ours: Osler, peer: Side | None, *, phases: Sequence[Phase], repeat: int
    ) -> None:
        self.subject = subject
        self.peer = peer
        self.phases = tuple(phases)
        self.steps = plan([ours, *([peer] if peer else [])], phases, repeat)
        self.taken: list[Measurement] = []
        self._ours = ours
        self._load = load_average()
        if not self.steps:
            raise VisionError(f"cannot measure {', '.join(phases)}: {subject.vision_note or 'a text-only model'}")

    def run(self, tell: Tell) -> None:
        """Take all steps."""
        begun, typical_done = perf_counter(), 0.0
        typical_left = sum(step.typical_s for step in self.steps)
        with TemporaryDirectory() as folder:
            for number, step in enumerate(self.steps):
                pace = (perf_counter() - begun) / typical_done if typical_done else 1.0
                tell(number, step, pace * typical_left)
                self.taken.append(self._take(step, self._job(step, number, Path(folder))))
                typical_done += step.typical_s
                typical_left -= step.typical_s

    def close(self) -> None:
        """End what still runs."""
        self._ours.close()
        if self.peer:
            self.peer.close()

    @property
    def rows(self) -> list[Row]:
        """The figures that were measured."""
        return rows_of(self.taken, self._ours.name, self.peer.name if self.peer else None)

    @property
    def details(self) -> dict[str, dict[str, list[float]]]:
        return details_of(self.taken)

    @property
    def failures(self) -> list[Measurement]:
        return [measurement for measurement in self.taken if measurement.error is not None]

    def notes(self) -> list[str]:
        """What a reader of the figures has to know, in sentences."""
        return [*self._notes_before(), *self._notes_after()]

    def _notes_before(self) -> Iterator[str]:
        cores = os.cpu_count() or 1
        if self._load is not None and self._load > BUSY_SHARE * cores:
            yield f"something else keeps this machine busy (load {self._load:.1f} on {cores} cores): repeat when idle"
        blind = [phase for phase in self.phases if phase not in self._ours.phases]
        if blind:
            yield f"not measured: {', '.join(blind)} ({self.subject.vision_note or 'a text-only model'})"
        if self.peer:
            missing = [phase for phase in self.phases if phase in self._ours.phases and phase not in self.peer.phases]
            if missing:
                yield f"not measured of {self.peer.name}: {', '.join(missing)} (its program for that is not here)"

    def _notes_after(self) -> Iterator[str]:
        for measurement in self.failures:
            why = " ".join((measurement.error or "").split())
            yield f"{measurement.side} failed in {measurement.phase}, run {measurement.pair + 1}: {why}"
        for phase in dict.fromkeys(measurement.phase for measurement in self.taken if not measurement.error):
            given = {name for measurement in self.taken for name in measurement.figures}
            lacking = [figure.title for figure in figures_of(phase) if figure.name not in given]
            if lacking:
                yield f"not measured: {'; '.join(lacking)} (longer than the model's context)"
        lengths = {side: values.get("question_prompt_tokens", []) for side, values in self.details.items()}
        counts = {side: round(values[0]) for side, values in lengths.items() if values}
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{count} in {side}" for side, count in counts.items())
            yield f"the image question has not as many tokens in both: {told}"
        if self.taken and len(self.taken) < len(self.steps):
            yield f"interrupted after {len(self.taken)} of {len(self.steps)} steps"

    def _job(self, step: Step, number: int, folder: Path) -> Job:
        """The step as a job, with images of its own where it needs any."""
        image_px = self.subject.image_px
        if image_px is None or step.phase not in IMAGE_PHASES:
            return Job(phase=step.phase, image=None, warm_up_image=None)
        image = write_noise(folder / "image.png", image_px, seed=2 * number)
        warm_up_image = write_noise(folder / "warm_up.png", image_px, seed=2 * number + 1)
        return Job(phase=step.phase, image=image, warm_up_image=warm_up_image)

    def _take(self, step: Step, job: Job) -> Measurement:
        if step.side is not self._ours:
            self._ours.make_room()
        figures, error = {}, None
        try:
            figures = step.side.measure(job)
        except OslerError as failure:
            error = str(failure)
        return Measurement(side=step.side.name, phase=step.phase, pair=step.pair, figures=figures, error=error)


def load_average() -> float | None:
    """How many programs wanted to run in the last minute, on average; None where the system does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None
