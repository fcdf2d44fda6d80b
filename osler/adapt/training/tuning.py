"""From examples to an adapter: what `osler tune` does."""

import gc
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from osler.adapt.data.preview import spread_rows
from osler.adapt.data.row import Row
from osler.adapt.training.answers import Answers, Order, Reader
from osler.adapt.training.choosing import choose, sentences
from osler.adapt.training.journal import Journal
from osler.adapt.training.kept_images import KeptImages
from osler.adapt.training.loop import JOURNAL, Evaluation, Outcome, Progress, Trainer
from osler.adapt.training.method import refuse_method, tune_by
from osler.adapt.training.network import Network, open_network
from osler.adapt.training.plan import schedule
from osler.adapt.training.precision import Precision, choose_device
from osler.adapt.training.prepared import PreparedExamples
from osler.adapt.training.processes import decided_by_first, is_first, number_of_processes
from osler.adapt.training.settings import Choices, Settings, keep_choices, kept_choices
from osler.adapt.training.together import join
from osler.adapt.training.tuned import Tuned, TuningData
from osler.adapt.training.validation import Classes, Validation, classes_among
from osler.adapt.training.written import ABOUT, write_adapter, write_model
from osler.tasks.progress import Progress as Tell
from osler.tasks.progress import no_progress
from osler.weights.checkpoint import Checkpoint

__all__ = ["Saved", "Tuning"]

LATEST, KEPT = "latest", "kept"
HELD_BYTES = 1 << 30
"""Of examples, and again of what the vision tower said of images, that are held in memory."""

Saved = Callable[[int, Path], Mapping[str, float]]
"""An evaluation of what was just written: called with the steps that are done and the folder of the adapter."""


class Tuning:
    """One tuning of one checkpoint on some examples, in a folder of its own.

    Args:
        checkpoint: what is tuned.
        data: in parts.
        settings: what the user said.
        out: where everything goes; a run that was cut off there is gone on with.
        note: told of choices, in sentences.
        tell: told of the progress with preparing rows.

    Raises:
        OslerError: the method cannot work here, the memory does not suffice, or `out` holds another tuning.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        data: TuningData,
        settings: Settings,
        out: Path,
        *,
        note: Callable[[str], None] = lambda text: None,
        tell: Tell = no_progress,
    ) -> None:
        self.checkpoint, self.settings, self.out, self.tell = checkpoint, settings, out, tell
        self.note = lambda text: note(text) if is_first() else None
        self.device = join(choose_device(settings.device))
        refuse_method(settings.method, checkpoint, self.device)
        self.data = data
        self.train, self.validation, self.test = (
            PreparedExamples(examples, most_bytes=HELD_BYTES // 3)
            for examples in (data.train, data.validation, data.test)
        )
        self.choices = decided_by_first(self._choices)

    def _choices(self) -> Choices:
        """What an earlier run chose, else what this one does."""
        identity = {"weights": self.checkpoint.identity, "data": self.data.digest, "processes": number_of_processes()}
        kept = kept_choices(self.out, self.settings, identity)
        choices = kept or choose(
            self.checkpoint, self.settings, (self.train, self.validation, self.test), device=self.device, tell=self.tell
        )
        if kept is None:
            keep_choices(self.out, choices, self.settings, identity)
        for sentence in sentences(self.settings, choices, has_vision=self.checkpoint.config.vision is not None):
            self.note(sentence)
        return choices

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes and talks."""
        return is_first()

    @property
    def is_done(self) -> bool:
        """Whether an earlier run came to its end; the folder then holds the result."""
        return (self.out / ABOUT).exists()

    def earlier(self) -> dict[str, Any]:
        """What osler.json of that run says."""
        return json.loads((self.out / ABOUT).read_text(encoding="utf-8"))

    def lines(self) -> Iterator[dict[str, Any]]:
        """The lines of losses.jsonl."""
        return Journal(self.out / JOURNAL).lines()

    def held_out_rows(self, most: int) -> list[Row]:
        """Rows that were not learned from, spread over the test part, or over the validation part without one."""
        return spread_rows(self.data.test.rows if len(self.data.test) else self.data.validation.rows, most)

    def _order(self, batch: int, parts: int) -> Order:
        return Order(num_examples=len(self.train), batch=batch, parts=parts, seed=self.settings.seed)

    def run(
        self, *, evaluations: Sequence[Saved] = (), progress: Callable[[Progress], None] = lambda one: None
    ) -> Tuned:
        """Train, from where an earlier run stopped, and write the result.

        Args:
            evaluations: of adapters as they are written, at every evaluation.
            progress: told after every step.
        """
        network, reader = self._network()
        answers = self._answers(network, reader)
        judges = self._judges(reader)
        every: list[Evaluation] = [judge for name, judge in judges.items() if name == "validation"]
        every += [self._before(judges)] if "test" in judges else []
        every += [self._of_saved(network, one) for one in evaluations]
        plan = self.choices.plan(self.settings, watches="validation" in judges)
        trainer = Trainer(
            answers,
            plan,
            self.out,
            learning_rate=schedule(
                self.choices.rate,
                plan.steps,
                warmup=round(self.settings.warmup * plan.steps),
                shape=self.settings.shape,
            ),
            evaluations=every,
            progress=progress,
            identity=hashlib.sha256(
                repr((self.settings, self.checkpoint.identity, self.data.digest)).encode()
            ).hexdigest(),
        )
        outcome = trainer.run()
        if outcome.ended == "interrupted":
            return Tuned(outcome=outcome, choices=self.choices)
        return self._finish(trainer, network, judges, outcome)

    def _network(self) -> tuple[Network, Reader]:
        precision, method = self.choices.precision, self.settings.method
        full = not method.has_terms
        dtype = torch.float32 if full else precision.frozen
        four_bit = method.name == "qlora"
        network = open_network(self.checkpoint, dtype=dtype, device=self.device, four_bit=four_bit)
        network = tune_by(method, network, seed=self.settings.seed)
        if self.choices.room.recomputes:
            network.recompute()
        here = Precision(name=precision.name, reason=precision.reason, device=self.device)
        kept = None
        if network.has_vision and not network.tunes_tower:
            kept = self._kept(network, here)
            self.train, self.validation, self.test = (
                PreparedExamples(examples, most_bytes=HELD_BYTES // 3, name_of=kept.name_of)
                for examples in (self.train, self.validation, self.test)
            )
        return network, Reader(network, here, kept)

    def _kept(self, network: Network, precision: Precision) -> KeptImages:
        def compute(squares: Any) -> torch.Tensor:
            with precision.computing():
                return network.pooled(squares).to(precision.frozen)

        key = f"{self.checkpoint.identity} {precision.name}"
        return KeptImages(compute, self.out / KEPT, key=key, most_bytes=HELD_BYTES)

    def _answers(self, network: Network, reader: Reader) -> Answers:
        room = self.choices.room
        order = self._order(room.batch, self.settings.batch // room.batch)
        return Answers(reader, self.train, order, weight_decay=self.settings.weight_decay)

    def _judges(self, reader: Reader) -> dict[str, Validation]:
        """Evaluations of the parts that are not learned from."""
        labels = [row.label for row in self.data.train.rows]
        classes: Classes | None = classes_among(self.train, labels)
        found = {}
        for name, examples, part in (
            ("validation", self.validation, self.data.validation),
            ("test", self.test, self.data.test),
        ):
            if len(examples):
                wanted = [row.label for row in part.rows]
                found[name] = Validation(
                    reader, examples, wanted, classes=classes, batch=self.choices.room.batch, name=name
                )
        return found

    def _before(self, judges: Mapping[str, Validation]) -> Evaluation:
        """The test part, but only before anything was learned."""
        return lambda step: judges["test"](step) if step == 0 else {}

    def _of_saved(self, network: Network, evaluate: Saved) -> Evaluation:
        def evaluation(step: int) -> Mapping[str, float]:
            self._write(network, self.out / LATEST, {})
            return evaluate(step, self.out / LATEST)

        return evaluation

    def _write(self, network: Network, out: Path, about: Mapping[str, Any]) -> None:
        if self.settings.method.has_terms:
            write_adapter(network, out, base=self.checkpoint.path.resolve().name, about=about)
        else:
            write_model(network, self.checkpoint.path, out, about=about)

    def _finish(self, trainer: Trainer, network: Network, judges: Mapping[str, Validation], outcome: Outcome) -> Tuned:
        """Write the best step's weights and what is known of them."""
        best = trainer.load_best()
        if not is_first():
            return Tuned(outcome=outcome, choices=self.choices)
        first: dict[str, float] = next(
            (line["evaluation"] for line in trainer.journal.lines() if "evaluation" in line), {}
        )
        after = {name: value for judge in judges.values() for name, value in judge(best).items()}
        figures = {"before": {name: first[name] for name in after if name in first}, "after": after}
        about = self._about(best, figures)
        self._write(network, self.out, about)
        for folder in (KEPT, LATEST):
            shutil.rmtree(self.out / folder, ignore_errors=True)
        network.model.cpu()
        gc.collect()
        return Tuned(outcome=outcome, figures=figures, choices=self.choices, about=about)

    def _about(self, best: int, figures: Mapping[str, Any]) -> dict[str, Any]:
        """What osler.json says: no word and no name of the data."""
        return {
            "format": 1,
            "kind": "adapter" if self.settings.method.has_terms else "model",
            "base": {"weights_id": self.checkpoint.identity, "description": self.checkpoint.description},
            "data": {"digest": self.data.digest, **self.data.about},
            "what": self.settings.method.words(has_vision=self.checkpoint.config.vision is not None),
            "settings": asdict(self.settings),
            "choices": self.choices.to_dict(),
            "step": best,
            "figures": figures,
            "versions": _versions(),
        }


def _versions() -> dict[str, str]:
    from osler.versions import version_of

    return {name: version_of(name) or "not installed" for name in ("osler", "torch", "transformers", "peft")}
