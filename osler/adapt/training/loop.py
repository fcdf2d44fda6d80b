"""The one training loop: adapters, MedSigLIP and the demonstration model are all trained by it.

Everything about a step follows from (seed, step, part). So a training that was killed at any moment goes on from its
last checkpoint to the same losses, to the last digit, on the same machine with the same number of threads.

    work/losses.jsonl     a line a step and an evaluation
    work/checkpoint.pt    where to go on
    work/best.pt          the objective's state when the watched figure was best
"""

import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from osler.adapt.training.checkpoint import read_checkpoint, write_checkpoint
from osler.adapt.training.journal import Journal
from osler.adapt.training.objective import Evaluation, Losses, Objective
from osler.adapt.training.outcome import Ended, Outcome, Progress
from osler.adapt.training.pace import Pace
from osler.adapt.training.plan import Plan
from osler.adapt.training.processes import add_up, add_up_gradients, is_first, number_of_processes, rank, told_by_first
from osler.adapt.training.stopping import Stop, stop_on_signals
from osler.errors import InputError, OslerError

__all__ = ["Evaluation", "Losses", "Objective", "Outcome", "Plan", "Progress", "Trainer", "seed_of"]

CHECKPOINT, BEST, JOURNAL = "checkpoint.pt", "best.pt", "losses.jsonl"


def seed_of(seed: int, step: int, part: int) -> int:
    """The seed of all that is drawn in one part of one step.

    >>> seed_of(7, 0, 0) == seed_of(7, 0, 0) != seed_of(7, 0, 1)
    True
    """
    digest = hashlib.sha256(f"{seed} {step} {part}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1  # 63 bits: torch's seeds are signed


class Trainer:
    """Takes an objective through a plan, from the last checkpoint in `work` if there is one.

    Args:
        objective: what is trained.
        plan: how.
        work: a folder of this training's own.
        learning_rate: of a step, from 0.
        evaluations: run in order when they are due; their figures stand side by side.
        progress: told after every step.
        identity: names what is trained on what; a checkpoint of another one is refused.
        cost: how long a step takes beside others, for the estimate.

    Raises:
        InputError: `work` holds a checkpoint of another training.
    """

    def __init__(
        self,
        objective: Objective,
        plan: Plan,
        work: Path,
        *,
        learning_rate: Callable[[int], float],
        evaluations: Sequence[Evaluation] = (),
        progress: Callable[[Progress], None] = lambda progress: None,
        identity: str = "",
        cost: Callable[[int], float] = lambda step: 1.0,
    ) -> None:
        self.objective, self.plan, self.work = objective, plan, Path(work)
        self.learning_rate, self.evaluations, self.progress, self.identity = (
            learning_rate,
            evaluations,
            progress,
            identity,
        )
        self.step = 0
        self.best: float | None = None
        self.best_step: int | None = None
        self.since_best = 0
        self.resumed_from: int | None = None
        self.pace = Pace(plan, cost)
        self.work.mkdir(parents=True, exist_ok=True)
        self.journal = Journal(self.work / JOURNAL)
        self.optimiser = torch.optim.AdamW(
            objective.parameter_groups(),
            lr=0.0,
            betas=plan.betas,
            eps=plan.epsilon,
            weight_decay=plan.weight_decay,
        )
        self._resume()

    @property
    def weights(self) -> list[Tensor]:
        """All that is trained."""
        return [weight for group in self.optimiser.param_groups for weight in group["params"]]

    def run(self) -> Outcome:
        """Train to the end of the plan, until patience runs out, or until a signal asks to stop.

        Raises:
            OslerError: a loss is not a finite number.
        """
        began = time.monotonic()
        with stop_on_signals() as stop:
            ended = self._run(stop)
        return Outcome(
            step=self.step,
            ended=ended,
            best_step=self.best_step,
            best=self.best,
            resumed_from=self.resumed_from,
            seconds=time.monotonic() - began,
        )

    def _run(self, stop: Stop) -> Ended:
        if self.step == 0 and self.plan.evaluates_after(0) and self.resumed_from is None:
            figures = self._evaluate()
            self._save()
            self._tell({}, figures)
        saved = time.monotonic()
        while self.step < self.plan.steps and not self._is_out_of_patience():
            losses = self.pace.of_step(self.step, self._one_step)
            due = self.plan.evaluates_after(self.step)
            self._tell(losses, self.pace.of_evaluation(self._evaluate) if due else None)
            stopped = bool(add_up(torch.tensor(float(stop.asked), device=self._device())).item())
            if stopped or self._saves(time.monotonic() - saved):
                self._save()
                saved = time.monotonic()
            if stopped and self.step < self.plan.steps:
                return "interrupted"
        return "finished" if self.step == self.plan.steps else "early"

    def _one_step(self) -> dict[str, float]:
        """Make a step; give its losses, which are in the journal then."""
        rate = self.learning_rate(self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group.get("rate", 1.0)
        self.optimiser.zero_grad(set_to_none=True)
        losses, weight = self._gather()
        norm = self._shorten(weight)
        self._refuse_endless(losses, norm)
        self.optimiser.step()
        self.objective.after_step(self.step)
        self.step += 1
        if is_first():
            line = {"step": self.step, **losses, "learning_rate": rate, "gradient_norm": norm, "weight": weight}
            self.journal.add(line)
        return losses

    def _gather(self) -> tuple[dict[str, float], float]:
        """Add up the gradients of a step's parts; give the losses and the weight they were divided by."""
        sums: dict[str, float] = {}
        weight = 0.0
        for part in range(rank(), self.plan.parts, number_of_processes()):
            torch.manual_seed(seed_of(self.plan.seed, self.step, part))
            losses = self.objective.losses(self.step, part)
            losses.total.backward()  # type: ignore[no-untyped-call]
            weight += losses.weight
            for name, value in {"loss": losses.total, **losses.named}.items():
                sums[name] = sums.get(name, 0.0) + (value.item() if isinstance(value, Tensor) else value)
        return self._over_processes(sums, weight)

    def _over_processes(self, sums: dict[str, float], weight: float) -> tuple[dict[str, float], float]:
        if number_of_processes() > 1:
            names = told_by_first(sorted(sums))
            values = [sums.get(name, 0.0) for name in names]
            added = add_up(torch.tensor([*values, weight], dtype=torch.float64, device=self._device())).tolist()
            sums, weight = dict(zip(names, added[:-1], strict=True)), added[-1]
            add_up_gradients(self.weights)
        if weight <= 0:
            raise OslerError(f"cannot train: there is nothing to learn in step {self.step + 1}")
        return {name: value / weight for name, value in sums.items()}, weight

    def _shorten(self, weight: float) -> float:
        """Divide the gradient by the step's weight and clip it; give its length before it was clipped."""
        touched = [one for one in self.weights if one.grad is not None]
        for one in touched:
            assert one.grad is not None
            one.grad.div_(weight)
        norm = nn.utils.clip_grad_norm_(touched, self.plan.clip or math.inf)
        return float(norm)

    def _refuse_endless(self, losses: Mapping[str, float], norm: float) -> None:
        if math.isfinite(losses["loss"]) and math.isfinite(norm):
            return
        raise OslerError(
            f"cannot go on with the training: in step {self.step + 1} the loss is {losses['loss']:g}, "
            f"the gradient's length {norm:g}",
            hint="lower the learning rate, or compute in f32",
        )

    def _evaluate(self) -> dict[str, float]:
        """Run the evaluations (in the first process), write their figures, keep the state if it is the best."""
        figures: dict[str, float] = {}
        if is_first():
            for evaluation in self.evaluations:
                torch.manual_seed(self.plan.seed)
                figures |= {name: float(value) for name, value in evaluation(self.step).items()}
            self.journal.add({"step": self.step, "evaluation": figures})
        figures = told_by_first(figures)
        if self.plan.watch is not None and self.plan.watch not in figures:
            raise OslerError(f"cannot find the best step: no evaluation gave `{self.plan.watch}`")
        if self.plan.watch is not None:
            self._judge(figures[self.plan.watch])
        return figures

    def _judge(self, figure: float) -> None:
        if not self.plan.is_better(figure, self.best):
            self.since_best += 1
            return
        self.best, self.best_step, self.since_best = figure, self.step, 0
        if is_first():
            write_checkpoint(self.work / BEST, {"step": self.step, "objective": self.objective.state()})

    def load_best(self) -> int:
        """Give the objective the state of the best step; give that step. Without a watched figure it is the last."""
        state = read_checkpoint(self.work / BEST) if self.best_step is not None else None
        if state is None:
            return self.step
        self.objective.load_state(state["objective"])
        return state["step"]

    def _is_out_of_patience(self) -> bool:
        return bool(self.plan.patience) and self.since_best >= self.plan.patience

    def _saves(self, seconds: float) -> bool:
        """Whether a checkpoint is due; the first process decides, since clocks differ."""
        plan = self.plan
        due = seconds >= plan.save_seconds or bool(plan.save_every and self.step % plan.save_every == 0)
        ends = self.step == plan.steps or plan.evaluates_after(self.step)
        return ends or told_by_first(due)

    def _save(self) -> None:
        if not is_first():
            return
        state = {
            "plan": self._name(),
            "step": self.step,
            "best": self.best,
            "best_step": self.best_step,
            "since_best": self.since_best,
            "journal_bytes": self.journal.settled(),
            "objective": self.objective.state(),
            "optimiser": self.optimiser.state_dict(),
        }
        write_checkpoint(self.work / CHECKPOINT, state)

    def _resume(self) -> None:
        state = read_checkpoint(self.work / CHECKPOINT)
        if state is None:
            if is_first():
                self.journal.cut(0)
            return
        if state.get("plan") != self._name():
            raise InputError(
                f"cannot train into `{self.work}`: it holds a training of another plan, model or data",
                hint="give another folder, or the arguments of before to go on with it",
            )
        self.step = self.resumed_from = state["step"]
        self.best, self.best_step, self.since_best = state["best"], state["best_step"], state["since_best"]
        self.objective.load_state(state["objective"])
        self.optimiser.load_state_dict(state["optimiser"])
        if is_first():
            self.journal.cut(state["journal_bytes"])

    def _name(self) -> str:
        return json.dumps({"plan": self.plan.decisive(), "identity": self.identity}, sort_keys=True)

    def _tell(self, losses: Mapping[str, float], figures: Mapping[str, float] | None) -> None:
        if is_first():
            self.progress(
                Progress(
                    step=self.step,
                    steps=self.plan.steps,
                    losses=losses,
                    seconds_left=self.pace.seconds_left(self.step),
                    resumed=self.resumed_from is not None,
                    figures=figures,
                )
            )

    def _device(self) -> Any:
        return self.weights[0].device
