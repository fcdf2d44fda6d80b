"""One training of MedSigLIP, whichever way: estimated, run by the common loop, measured before and after, written."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from osler.adapt.medsiglip.material import Material, work_folder
from osler.adapt.medsiglip.memory import choose_memory
from osler.adapt.medsiglip.network import Network
from osler.adapt.medsiglip.order import Order
from osler.adapt.medsiglip.report import report_page
from osler.adapt.medsiglip.saving import save_model
from osler.adapt.medsiglip.tuning import Tuning
from osler.adapt.training.loop import Evaluation, Objective, Outcome, Plan, Trainer
from osler.adapt.training.outcome import Progress as TrainingProgress
from osler.adapt.training.plan import schedule
from osler.tasks.progress import Progress, no_progress
from osler.tasks.tuned_head import TunedHead
from osler.values import NOTICE
from osler.versions import version_of
from osler.weights.medsiglip import MedSiglipCheckpoint

__all__ = ["Figures", "Run", "Talk", "Tuned"]

START = "start.json"
FEW_STEPS = 20
LOSS_TITLES = {"contrastive": "contrastive loss, nats a picture", "classifier": "loss on labels, nats"}

Figures = dict[str, dict[str, Any]]
"""By name: value, low and high (95 %)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Who is told what.

    Attributes:
        say: lines for a person.
        preparing: told as pictures are read.
        training: told after every step.
    """

    say: Callable[[str], None] = lambda line: None
    preparing: Progress = no_progress
    training: Callable[[TrainingProgress], None] = lambda progress: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What became of a tuning.

    Attributes:
        out: the model's folder.
        outcome: of the training; where it was interrupted, no model is written yet.
        counts: pictures of each part.
        before, after: figures of one part, with intervals; after is empty where it was interrupted.
        measured_on: which part: "test", else "validation", else "" for neither.
        notes: what a person should know.
    """

    out: str
    outcome: Outcome
    counts: dict[str, int]
    before: Figures
    after: Figures
    measured_on: str
    notes: tuple[str, ...]


class Run:
    """A training that is about to begin or to go on.

    Args:
        tuning: what was chosen.
        checkpoint: the model to begin with.
        material: what is learnt from.
        details: what else decides the result; plain values.
        talk: who is told.

    Attributes:
        measured_on: the part that the result is measured on.
    """

    def __init__(
        self, tuning: Tuning, checkpoint: MedSiglipCheckpoint, material: Material, details: dict[str, Any], talk: Talk
    ) -> None:
        self.tuning, self.material, self.talk = tuning, material, talk
        self.measured_on = next((name for name in ("test", "validation") if len(material.part(name))), "")
        self._work = work_folder(tuning.out)
        self._made_of = {
            **details,
            "base": {"name": checkpoint.path.resolve().name, "weights_id": checkpoint.identity},
            "data": material.prepared.digest(),
            "counts": material.counts(),
            "grouped_by": material.pairs.grouped_by,
            "plan": tuning.decisive(),
        }

    def start(self, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What was computed with the model as it was before the first step; made once, and kept."""
        path = self._work / START
        identity = self._identity()
        if path.is_file():
            kept = json.loads(path.read_bytes())
            if kept["identity"] == identity:
                return kept["start"]
        made = make()
        partial = path.with_name(path.name + ".part")
        partial.write_text(json.dumps({"identity": identity, "start": made}))
        partial.replace(path)
        return made

    def train(
        self,
        network: Network,
        objective: Objective,
        order: Order,
        *,
        before: Figures,
        validations: Sequence[Evaluation],
        measure: Callable[[], Figures],
        head: Callable[[dict[str, Any]], TunedHead | None],
    ) -> Tuned:
        """Train, take the best step's weights, measure and write them.

        Args:
            validations: of the validation part.
            measure: gives the figures of the part `measured_on`, as the network is when it is called.
            head: the head to be written, with a note of how well it does.
        """
        self._make_room(network, with_words=network.scope.words)
        trainer = self._trainer(objective, order, validations if len(self.material.part("validation")) else ())
        outcome = trainer.run()
        after: Figures = {}
        if outcome.ended != "interrupted":
            step = trainer.load_best()
            after = measure() if self.measured_on else {}
            score = {"measured_on": self.measured_on, "before": before, "after": after, "step": step}
            origin = {"osler": version_of("osler"), **self._made_of, "result": score}
            save_model(network, self.tuning.model, self.tuning.out, origin=origin, head=head(score))
            self._write_report(trainer, origin)
            self.material.prepared.kept.remove()
        return Tuned(
            out=str(self.tuning.out),
            outcome=outcome,
            counts=self.material.counts(),
            before=before,
            after=after,
            measured_on=self.measured_on,
            notes=self.material.notes,
        )

    def _write_report(self, trainer: Trainer, origin: dict[str, Any]) -> None:
        from osler.adapt.training.curves import draw_curves

        lines = list(trainer.journal.lines())
        drawn = draw_curves(lines, self._work / "curves.png", title=LOSS_TITLES[origin["kind"]])
        (self._work / "report.html").write_text(report_page(origin, lines, drawn, notice=NOTICE), encoding="utf-8")

    def _trainer(self, objective: Objective, order: Order, validations: Sequence[Evaluation]) -> Trainer:
        tuning = self.tuning
        steps = order.steps(tuning.epochs)
        watched = bool(validations and tuning.evaluations)
        plan = Plan(
            steps=steps,
            parts=tuning.parts,
            seed=tuning.seed,
            evaluate_every=max(1, steps // tuning.evaluations) if watched else 0,
            evaluate_first=True,
            watch="validation_loss" if watched else None,
            patience=tuning.patience,
        )
        self.talk.say(
            f"training: {order.count:,} pictures, {steps:,} steps of {tuning.parts} × {tuning.batch}"
            + ("; so few steps learn little: --accumulate 1 makes more of them" if steps < FEW_STEPS else "")
        )
        return Trainer(
            objective,
            plan,
            self._work,
            learning_rate=schedule(tuning.learning_rate, steps, warmup=min(tuning.warmup, steps)),
            evaluations=validations,
            progress=self.talk.training,
            identity=self._identity(),
        )

    def _make_room(self, network: Network, *, with_words: bool) -> None:
        memory, saves = choose_memory(
            network, batch=self.tuning.batch, with_words=with_words, wanted=self.tuning.saves_memory
        )
        self.talk.say(f"{network.precision.name} on {network.device}: {network.precision.reason}")
        self.talk.say(f"memory: about {memory.text}" + ("; layers are computed twice to save it" if saves else ""))
        if saves:
            network.save_memory()

    def _identity(self) -> str:
        return json.dumps(self._made_of, sort_keys=True)
