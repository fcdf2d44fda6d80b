"""SIGKILL at any moment of a tuning: gone on with, it ends with the same losses and the same adapter, to the last bit.

OSLER_KILLS=10 python -m pytest tests/adapt/training/test_kills.py
"""

import os
import random
import time

from adapt.training.killing import killed_after
from adapt.training.small_data import QUESTION, write_classes

from osler.adapt.data.example import Examples
from osler.adapt.data.read import read_rows
from osler.adapt.training.method import Method
from osler.adapt.training.settings import Settings
from osler.adapt.training.tuned import TuningData
from osler.adapt.training.tuning import Tuning
from osler.tasks.load import open_model

NUM_KILLS = int(os.environ.get("OSLER_KILLS", "1"))
SETTINGS = Settings(method=Method(rank=4, dropout=0.1), steps=16, batch=4, part=2, rate=3e-3, evaluate_every=2)


def test_killed_at_any_moment_a_tuning_ends_with_the_same_losses_and_adapter(folder, checkpoint, tmp_path):
    rows = read_rows(write_classes(tmp_path / "rows"), question=QUESTION)
    model = open_model(folder, precision="f32", context=512)
    train, held = (Examples(rows.chosen(list(rows)[start::2]), model) for start in (0, 1))
    data = TuningData(train=train, validation=held, test=held, digest=rows.digest())
    began = time.monotonic()
    Tuning(checkpoint, data, SETTINGS, tmp_path / "whole").run()
    took = time.monotonic() - began
    draw = random.Random(7)
    for _ in range(NUM_KILLS):
        assert killed_after(
            draw.uniform(0, min(0.8, 1.2 / NUM_KILLS) * took),
            lambda: Tuning(checkpoint, data, SETTINGS, tmp_path / "killed").run(),
        )
    Tuning(checkpoint, data, SETTINGS, tmp_path / "killed").run()
    for name in ("losses.jsonl", "adapter_model.safetensors", "osler.json"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
