"""The recipe: first the vision tower on throw-away heads, then everything together.

The loop is Osler's own (osler.adapt.training.loop); this file says what is learned in which step. The schedule is a
fixed number of steps, so that it repeats. A checkpoint is written every minute and on Ctrl-C; starting again goes on
from it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from nano import batches
from nano.data import Film, Smear, of_split, read_films, read_smears
from nano.losses import heads_loss, opposite_ids, smoothed_loss
from nano.network import Heads, build_network, hidden_states, image_vectors
from nano.pictures import read_others
from nano.tokenizer import build_tokenizer
from osler.adapt.training.loop import Losses, Outcome, Plan, Progress, Trainer

JOINT_COST = 3.0
"""How long a step of everything takes, beside one of the vision tower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The numbers of a training."""

    seed: int = 7
    vision_steps: int = 1900
    joint_steps: int = 1500
    learning_rate: float = 1e-3
    least_rate: float = 0.02
    warmup_steps: int = 100
    average_decay: float = 0.998
    heads_share: float = 0.5

    @property
    def steps(self) -> int:
        return self.vision_steps + self.joint_steps

    def plan(self) -> Plan:
        """The loop's numbers."""
        return Plan(steps=self.steps, seed=self.seed, betas=(0.9, 0.95), clip=1.0)

    def is_joint(self, step: int) -> bool:
        """Whether a step (from 0) trains everything."""
        return step >= self.vision_steps

    def since_start(self, step: int) -> int:
        """Steps since the part (vision, then everything) began."""
        return step - (self.vision_steps if self.is_joint(step) else 0)

    def rate(self, step: int) -> float:
        """The learning rate: half a cosine down to 2 %, with a linear warm-up into each part."""
        warm = min(1.0, (self.since_start(step) + 1) / self.warmup_steps)
        cosine = 0.5 * (1 + math.cos(math.pi * step / self.steps))
        return self.learning_rate * warm * (self.least_rate + (1 - self.least_rate) * cosine)


class NanoObjective:
    """The network, its heads and the running averages of its weights (see `osler.adapt.training.objective`)."""

    def __init__(self, recipe: Recipe, data: Path) -> None:
        self.recipe = recipe
        self.films: list[Film] = of_split(read_films(data / "nih_cxr"), "train")
        self.smears: list[Smear] = of_split(read_smears(data / "bccd"), "train")
        self.others = read_others(held_out=False)
        self.tokenizer = build_tokenizer()
        self.opposites = opposite_ids(self.tokenizer)
        self.network, self.heads = build_network(recipe.seed), Heads()
        self.network.train()
        self.average = {name: weight.detach().clone() for name, weight in self.network.named_parameters()}

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Decay matrices, not vectors nor tables of embeddings."""
        named = [*self.network.named_parameters(), *self.heads.named_parameters()]
        decayed = [w for n, w in named if w.ndim >= 2 and "embed" not in n]
        kept = [w for n, w in named if not (w.ndim >= 2 and "embed" not in n)]
        return [{"params": decayed, "weight_decay": 0.05}, {"params": kept, "weight_decay": 0.0}]

    def losses(self, step: int, part: int) -> Losses:
        pictures = batches.pictures_of_step(self.films, self.smears, self.others, step, self.recipe.seed)
        joint = self.recipe.is_joint(step)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            vectors = image_vectors(self.network, batches.pixels_of(pictures))  # [I, M, D]
            named = heads_loss(self.heads, vectors, batches.head_targets(pictures))
            total = sum(named.values()) * (self.recipe.heads_share if joint else 1.0)
            if joint:
                named["text"] = self._text_loss(pictures, vectors, step)
                total = total + named["text"]
        return Losses(total=total, named=named)

    def _text_loss(self, pictures: list[batches.Shown], vectors: Tensor, step: int) -> Tensor:
        dealt = batches.dialogues_of_step(pictures, step, self.recipe.seed)
        weighted, weight = 0.0, 0.0
        for group in batches.group_by_length(dealt):
            part = batches.collate(group, self.tokenizer)
            states = hidden_states(self.network, part.ids, part.mask, vectors[part.images])
            learned = part.targets != batches.IGNORED  # [B, T]
            logits = self.network.lm_head(states[learned]).float()  # [N, V]
            loss = smoothed_loss(logits, part.targets[learned], self.opposites)
            weighted = weighted + (loss * part.weights[learned]).sum()
            weight += part.weights[learned].sum().item()
        return weighted / weight

    def after_step(self, step: int) -> None:
        """Move the running averages towards the weights."""
        since = self.recipe.since_start(step)
        decay = min(self.recipe.average_decay, (1 + since) / (10 + since))
        with torch.no_grad():
            for name, weight in self.network.named_parameters():
                self.average[name].lerp_(weight, 1 - decay)

    def state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "heads": self.heads.state_dict(),
            "average": self.average,
            "tokenizer": self.tokenizer.to_str(),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.heads.load_state_dict(state["heads"])
        self.average = state["average"]
        self.tokenizer = Tokenizer.from_str(state["tokenizer"])
        self.opposites = opposite_ids(self.tokenizer)


def train(recipe: Recipe, data: Path, work: Path) -> Outcome:
    """Train to the last step of the recipe, or until Ctrl-C."""
    objective = NanoObjective(recipe, data)
    trainer = Trainer(
        objective,
        recipe.plan(),
        work,
        learning_rate=recipe.rate,
        progress=shown_every(20),
        cost=lambda step: JOINT_COST if recipe.is_joint(step) else 1.0,
        identity="osler-nano",
    )
    if trainer.resumed_from is not None:
        print(f"going on from step {trainer.resumed_from}", flush=True)
    return trainer.run()


def shown_every(steps: int) -> Callable[[Progress], None]:
    """Print a line of smoothed losses every so many steps."""
    shown: dict[str, float] = {}

    def show(progress: Progress) -> None:
        for name, value in progress.losses.items():
            shown[name] = 0.95 * shown.get(name, value) + 0.05 * value
        if progress.step % steps == 0:
            losses = "  ".join(f"{name} {value:.3f}" for name, value in shown.items())
            left = (progress.seconds_left or 0) / 60
            print(f"step {progress.step}/{progress.steps}  about {left:.0f} min left  {losses}", flush=True)

    return show
