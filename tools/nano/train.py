"""The training: first the vision tower on throw-away heads, then everything together.

The schedule is a fixed number of steps, so that it repeats. A checkpoint is written every
few hundred steps and on Ctrl-C; starting again goes on from it.
"""

import math
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from nano import batches
from nano.data import FINDINGS, Film, Smear, of_split, read_films, read_smears
from nano.network import TOKENS_A_SIDE, Heads, build_network, hidden_states, image_vectors
from nano.pictures import read_others
from nano.tokenizer import build_tokenizer

OPPOSITES = (("Yes", "No"), ("▁yes", "▁no"))
SMOOTHING = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The numbers of a training."""

    seed: int = 7
    vision_steps: int = 1900
    joint_steps: int = 1500
    learning_rate: float = 1e-3
    warmup_steps: int = 100
    average_decay: float = 0.998
    heads_share: float = 0.5
    save_every: int = 200

    @property
    def steps(self) -> int:
        return self.vision_steps + self.joint_steps


class Trainer:
    """Network, heads, optimiser and averaged weights, with the step that comes next."""

    def __init__(self, plan: Plan, data: Path, work: Path) -> None:
        self.plan, self.work, self.step = plan, work, 0
        self.films: list[Film] = of_split(read_films(data / "nih_cxr"), "train")
        self.smears: list[Smear] = of_split(read_smears(data / "bccd"), "train")
        self.others = read_others(held_out=False)
        self.tokenizer = build_tokenizer()
        self.network, self.heads = build_network(plan.seed), Heads()
        self.network.train()
        self.optimiser = torch.optim.AdamW(self._groups(), lr=plan.learning_rate, betas=(0.9, 0.95))
        self.average = {name: weight.detach().clone() for name, weight in self.network.named_parameters()}
        self.opposites = _opposite_ids(self.tokenizer)
        self._resume()

    def _groups(self) -> list[dict]:
        """Decay matrices, not vectors nor tables of embeddings."""
        named = [*self.network.named_parameters(), *self.heads.named_parameters()]
        decayed = [w for n, w in named if w.ndim >= 2 and "embed" not in n]
        kept = [w for n, w in named if not (w.ndim >= 2 and "embed" not in n)]
        return [{"params": decayed, "weight_decay": 0.05}, {"params": kept, "weight_decay": 0.0}]

    def run(self) -> None:
        """Train to the last step of the plan; Ctrl-C finishes the step, saves and raises."""
        stop = _stop_on_signals()
        shown: dict[str, float] = {}
        while self.step < self.plan.steps and not stop:
            began = time.monotonic()
            losses = self._one_step()
            shown = _blend(shown, losses | {"seconds": time.monotonic() - began})
            if self.step % 20 == 0:
                self._print(shown)
            if self.step % self.plan.save_every == 0 or self.step == self.plan.steps:
                self._save()
        if stop:
            self._save()
            raise KeyboardInterrupt

    def _one_step(self) -> dict[str, float]:
        plan = self.plan
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(plan, self.step)
        pictures = batches.pictures_of_step(self.films, self.smears, self.others, self.step, plan.seed)
        joint = self.step >= plan.vision_steps
        with torch.autocast("cpu", dtype=torch.bfloat16):
            vectors = image_vectors(self.network, batches.pixels_of(pictures))  # [I, M, D]
            losses = heads_loss(self.heads, vectors, batches.head_targets(pictures))
            total = sum(losses.values()) * (plan.heads_share if joint else 1.0)
            if joint:
                losses["text"] = self._text_loss(pictures, vectors)
                total = total + losses["text"]
        self._descend(total)
        self.step += 1
        return {name: loss.item() for name, loss in losses.items()}

    def _text_loss(self, pictures: list[batches.Shown], vectors: Tensor) -> Tensor:
        dealt = batches.dialogues_of_step(pictures, self.step, self.plan.seed)
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

    def _descend(self, total: Tensor) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        weights = [w for group in self.optimiser.param_groups for w in group["params"]]
        nn.utils.clip_grad_norm_(weights, 1.0)
        self.optimiser.step()
        since = steps_since_start(self.plan, self.step)
        decay = min(self.plan.average_decay, (1 + since) / (10 + since))
        with torch.no_grad():
            for name, weight in self.network.named_parameters():
                self.average[name].lerp_(weight, 1 - decay)

    def _print(self, shown: dict[str, float]) -> None:
        minutes = steps_left(self.plan, self.step) * shown["seconds"] / 60
        losses = "  ".join(f"{name} {value:.3f}" for name, value in shown.items())
        print(f"step {self.step}/{self.plan.steps}  about {minutes:.0f} min left  {losses}", flush=True)

    def _state(self) -> dict:
        return {
            "step": self.step,
            "network": self.network.state_dict(),
            "heads": self.heads.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": self.average,
            "tokenizer": self.tokenizer.to_str(),
        }

    def _save(self) -> None:
        """Write the checkpoint beside the old one, then put it in its place."""
        self.work.mkdir(parents=True, exist_ok=True)
        torch.save(self._state(), self.work / "checkpoint.new")
        os.replace(self.work / "checkpoint.new", self.work / "checkpoint.pt")

    def _resume(self) -> None:
        path = self.work / "checkpoint.pt"
        if not path.exists():
            return
        state = torch.load(path, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.heads.load_state_dict(state["heads"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.average, self.step = state["average"], state["step"]
        self.tokenizer = Tokenizer.from_str(state["tokenizer"])
        print(f"going on from step {self.step}", flush=True)


def steps_since_start(plan: Plan, step: int) -> int:
    """Return the number of steps since the part (vision, then everything) began."""
    return step - (plan.vision_steps if step >= plan.vision_steps else 0)


def steps_left(plan: Plan, step: int) -> float:
    """Return what is left in steps of the present part; a step of everything costs three of the vision tower."""
    return plan.steps - step if step >= plan.vision_steps else plan.vision_steps - step + 3 * plan.joint_steps


def learning_rate(plan: Plan, step: int) -> float:
    """Return the rate of a step: half a cosine down to 2 %, with a linear warm-up into each part."""
    warm = min(1.0, (steps_since_start(plan, step) + 1) / plan.warmup_steps)
    cosine = 0.5 * (1 + math.cos(math.pi * step / plan.steps))
    return plan.learning_rate * warm * (0.02 + 0.98 * cosine)


def heads_loss(heads: Heads, vectors: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return one loss a head for the image vectors [I, M, D]."""
    mean, images = vectors.mean(dim=1), len(vectors)
    films = targets["view"] != batches.IGNORED
    with_box = ~targets["box"][..., 0].isnan()  # [I, M]
    place = torch.arange(TOKENS_A_SIDE**2).repeat(images)
    importance = torch.ones(len(FINDINGS))
    importance[0] = len(FINDINGS)
    cell = functional.cross_entropy(
        heads.cell(vectors).float().flatten(0, 1),
        targets["cell"].flatten(),
        weight=torch.tensor([0.5, 0.5, 2.0, 2.0]),
        ignore_index=batches.IGNORED,
    )
    losses = {
        "kind": 0.3 * functional.cross_entropy(heads.kind(mean).float(), targets["kind"]),
        "view": 0.3 * functional.cross_entropy(heads.view(mean[films]).float(), targets["view"][films]),
        "findings": 0.5 * functional.binary_cross_entropy_with_logits(
            heads.findings(mean[films]).float(), targets["findings"][films], weight=importance
        ),
        "cell": cell,
        "place": 0.1 * functional.cross_entropy(heads.row(vectors).float().flatten(0, 1), place // TOKENS_A_SIDE)
        + 0.1 * functional.cross_entropy(heads.column(vectors).float().flatten(0, 1), place % TOKENS_A_SIDE),
    }  # fmt: skip
    if with_box.any():
        boxes = heads.box(vectors)[with_box].float()
        losses["box"] = 5 * functional.l1_loss(boxes, targets["box"][with_box])
    return losses


def smoothed_loss(logits: Tensor, targets: Tensor, opposites: Tensor) -> Tensor:
    """Return the cross entropy of each target [N]; a yes gives 5 % of its weight to no, and the reverse."""
    logs = functional.log_softmax(logits, dim=-1)
    loss = -logs.gather(1, targets[:, None]).squeeze(1)
    other = opposites[targets]
    against = -logs.gather(1, other.clamp(min=0)[:, None]).squeeze(1)
    return torch.where(other >= 0, (1 - SMOOTHING) * loss + SMOOTHING * against, loss)


def _stop_on_signals() -> list[int]:
    """Return a list that fills when the process is asked to stop."""
    asked: list[int] = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda number, frame: asked.append(number))
    return asked


def _opposite_ids(tokenizer: Tokenizer) -> Tensor:
    """Return [V]: the id of the opposite word of yes and no, -1 elsewhere."""
    table = torch.full((tokenizer.get_vocab_size(),), -1)
    for pair in OPPOSITES:
        yes, no = (tokenizer.token_to_id(piece) for piece in pair)
        table[yes], table[no] = no, yes
    return table


def _blend(shown: dict[str, float], new: dict[str, float]) -> dict[str, float]:
    """Smooth what is printed."""
    return {name: 0.95 * shown.get(name, value) + 0.05 * value for name, value in new.items()}
