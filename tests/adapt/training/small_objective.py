"""The smallest thing that the loop can train."""

import time
from pathlib import Path

import torch
from torch import nn

from osler.adapt.training.loop import Losses, Plan, Trainer
from osler.adapt.training.plan import schedule


class Regression:
    """A linear layer with noise in its data and dropout, so that every seed matters."""

    def __init__(self, seed: int = 0, pause_s: float = 0.0) -> None:
        torch.manual_seed(seed)
        self.layer = nn.Linear(4, 2)
        self.average = torch.zeros(2, 4)
        self.pause_s = pause_s

    def parameter_groups(self):
        return [
            {"params": [self.layer.weight], "weight_decay": 0.05},
            {"params": [self.layer.bias], "weight_decay": 0.0, "rate": 2.0},
        ]

    def losses(self, step, part):
        time.sleep(self.pause_s)
        rows = 3 + part
        inputs = torch.randn(rows, 4)
        targets = inputs.sum(dim=1, keepdim=True) * torch.tensor([1.0, -1.0])
        wrong = (self.layer(nn.functional.dropout(inputs, 0.1)) - targets).square()
        return Losses(total=wrong.sum(), weight=float(rows), named={"first": wrong[:, 0].sum()})

    def state(self):
        return {"layer": self.layer.state_dict(), "average": self.average}

    def load_state(self, state):
        self.layer.load_state_dict(state["layer"])
        self.average = state["average"]

    def after_step(self, step):
        self.average = self.average.lerp(self.layer.weight.detach(), 0.1)

    def distance(self, step):
        return {"distance": (self.layer.weight - torch.tensor([[1.0], [-1.0]])).norm().item()}


def trainer(work: Path, *, steps: int = 30, pause_s: float = 0.0, progress=lambda progress: None, **changes):
    """A trainer with everything on: parts, evaluations, a watched figure."""
    objective = Regression(pause_s=pause_s)
    plan = Plan(
        **{"steps": steps, "parts": 2, "evaluate_every": 10, "evaluate_first": True, "watch": "distance"} | changes
    )
    rate = schedule(0.05, steps, warmup=3)
    return Trainer(
        objective, plan, work, learning_rate=rate, evaluations=(objective.distance,), progress=progress, identity="x"
    )
