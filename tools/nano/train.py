"""The training: first the vision tower on throw-away heads, then everything together.

The schedule is a fixed number of steps, so that it repeats. A checkpoint is written every
few hundred steps and on Ctrl-C; starting again goes on from it.
"""

import os
import signal
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from nano import batches
from nano.data import FINDINGS, Film, Smear, of_split, read_films, read_smears
from nano.network import TOKENS_A_SIDE, Heads, build_network, hidden_states, image_vectors
from nano.pictures import read_others
from nano.plan import Part, Plan
from nano.tokenizer import build_tokenizer

OPPOSITES = (("Yes", "No"), ("▁yes", "▁no"))
SMOOTHING = 0.05


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
        part, since = self.plan.locate(self.step)
        self._begin_step(part, since)
        pictures = batches.pictures_of_step(self.films, self.smears, self.others, part, self.step, self.plan.seed)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            vectors = image_vectors(self.network, batches.pixels_of(pictures))  # [I, M, D]
            losses = heads_loss(self.heads, vectors, batches.head_targets(pictures))
            total = sum(losses.values()) * part.heads_share
            if part.learns_text:
                losses["text"] = self._text_loss(part, pictures, vectors)
                total = total + losses["text"]
        self._descend(total)
        self.step += 1
        return {name: loss.item() for name, loss in losses.items()}

    def _begin_step(self, part: Part, since: int) -> None:
        """Set the rate and what is learned; take over the average where a part starts from it."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.learning_rate_of(self.step)
        self.network.model.vision_tower.requires_grad_(part.learns_vision)
        if part.starts_from_average and since == 0:
            self.network.load_state_dict(self.average, strict=False)

    def _text_loss(self, part: Part, pictures: list[batches.Shown], vectors: Tensor) -> Tensor:
        dealt = batches.dialogues_of_step(pictures, part, self.step, self.plan.seed)
        weighted, weight = torch.zeros(()), 0.0
        for group in batches.group_by_length(dealt):
            rows = batches.collate(group, self.tokenizer, part.digits)
            states = hidden_states(self.network, rows.ids, rows.mask, vectors[rows.images])
            learned = rows.targets != batches.IGNORED  # [B, T]
            logits = self.network.lm_head(states[learned]).float()  # [N, V]
            loss = smoothed_loss(logits, rows.targets[learned], self.opposites)
            weighted = weighted + (loss * rows.weights[learned]).sum()
            weight += rows.weights[learned].sum().item()
        return weighted / weight

    def _descend(self, total: Tensor) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        weights = [w for group in self.optimiser.param_groups for w in group["params"]]
        nn.utils.clip_grad_norm_(weights, 1.0)
        self.optimiser.step()
        decay = self.plan.average_decay_of(self.step)
        with torch.no_grad():
            for name, weight in self.network.named_parameters():
                self.average[name].lerp_(weight, 1 - decay)

    def _print(self, shown: dict[str, float]) -> None:
        minutes = self.plan.steps_left(self.step) * shown["seconds"] / 60
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
