"""The loop: what it descends from, what it writes, and that it goes on as if nothing had happened."""

import json
import math
import os
import random
import signal
import time
from pathlib import Path

import pytest
import torch
from adapt.training.killing import killed_after
from adapt.training.small_objective import Regression, trainer

from osler.adapt.training.loop import Losses, Plan, Trainer, seed_of
from osler.adapt.training.plan import schedule
from osler.errors import InputError, OptionError, OslerError

NUM_KILLS = int(os.environ.get("OSLER_KILLS", "1"))
FILES = ("losses.jsonl", "best.pt", "checkpoint.pt")


def lines(work: Path):
    return [json.loads(line) for line in (work / "losses.jsonl").read_text().splitlines()]


def weights(one):
    return torch.cat([weight.detach().flatten() for weight in one.weights])


def test_losses_fall_and_every_step_and_evaluation_has_a_line(tmp_path):
    outcome = trainer(tmp_path, steps=60).run()
    steps = [line for line in lines(tmp_path) if "loss" in line]
    assert [line["step"] for line in steps] == list(range(1, 61))
    assert [line["step"] for line in lines(tmp_path) if "evaluation" in line] == [0, 10, 20, 30, 40, 50, 60]
    assert steps[-1]["loss"] < 0.3 * steps[0]["loss"]
    assert (outcome.ended, outcome.step, outcome.best_step) == ("finished", 60, 60)


def test_a_step_descends_from_the_sum_of_its_parts_divided_by_the_sum_of_their_weights(tmp_path):
    one = trainer(tmp_path, steps=1, clip=0.0)
    twin = Regression()
    totals, rows = [], 0.0
    for part in range(2):
        torch.manual_seed(seed_of(7, 0, part))
        losses = twin.losses(0, part)
        totals.append(losses.total)
        rows += losses.weight
    (sum(totals) / rows).backward()
    one.run()
    line = next(line for line in lines(tmp_path) if "loss" in line)
    assert line["loss"] == pytest.approx(sum(totals).item() / 7, rel=1e-6)
    expected = torch.cat([twin.layer.weight.grad.flatten(), twin.layer.bias.grad]).norm().item()
    assert line["gradient_norm"] == pytest.approx(expected, rel=1e-6)
    assert one.objective.layer.weight.grad == pytest.approx(twin.layer.weight.grad, rel=1e-5)


def test_a_gradient_is_clipped_and_its_whole_length_is_told(tmp_path):
    one = trainer(tmp_path, steps=1, clip=0.01)
    one.run()
    gradient = torch.cat([weight.grad.flatten() for weight in one.weights])
    assert gradient.norm().item() == pytest.approx(0.01, rel=1e-3)
    assert next(line for line in lines(tmp_path) if "loss" in line)["gradient_norm"] > 1


def test_a_group_has_a_rate_of_its_own(tmp_path):
    one = trainer(tmp_path, steps=1)
    one.run()
    assert [group["lr"] for group in one.optimiser.param_groups] == pytest.approx([0.05 / 3, 0.1 / 3])


def test_killed_at_any_moment_it_ends_with_the_same_bytes(tmp_path):
    whole, work = tmp_path / "whole", tmp_path / "killed"

    def train(folder):
        trainer(folder, steps=120, pause_s=0.002, save_every=7).run()

    began = time.monotonic()
    train(whole)
    took, draw = time.monotonic() - began, random.Random(7)
    for _ in range(NUM_KILLS):
        assert killed_after(draw.uniform(0, took * min(0.8, 1.2 / NUM_KILLS)), lambda: train(work))
    train(work)
    assert (work / "losses.jsonl").read_bytes() == (whole / "losses.jsonl").read_bytes()
    for name in ("best.pt", "checkpoint.pt"):
        assert str(torch.load(work / name)) == str(torch.load(whole / name))


def test_a_signal_finishes_the_step_saves_and_the_next_run_goes_on_to_the_same_end(tmp_path):
    def interrupt(progress):
        if progress.step == 13:
            os.kill(os.getpid(), signal.SIGTERM)

    whole = trainer(tmp_path / "whole")
    whole.run()
    first = trainer(tmp_path / "stopped", progress=interrupt).run()
    assert (first.ended, first.step) == ("interrupted", 13)
    second = trainer(tmp_path / "stopped")
    outcome = second.run()
    assert (outcome.ended, outcome.resumed_from) == ("finished", 13)
    assert torch.equal(weights(second), weights(whole))
    assert torch.equal(second.objective.average, whole.objective.average)
    assert lines(tmp_path / "stopped") == lines(tmp_path / "whole")


def test_signals_are_as_before_afterwards(tmp_path):
    before = signal.getsignal(signal.SIGINT)
    trainer(tmp_path, steps=1).run()
    assert signal.getsignal(signal.SIGINT) is before


def test_lines_behind_the_last_checkpoint_are_written_once(tmp_path):
    def fail(progress):
        if progress.step == 25:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        trainer(tmp_path, progress=fail).run()
    assert lines(tmp_path)[-1]["step"] == 25
    trainer(tmp_path).run()
    assert [line["step"] for line in lines(tmp_path) if "loss" in line] == list(range(1, 31))


def test_a_training_that_is_done_is_not_done_again(tmp_path):
    trainer(tmp_path).run()
    before = (tmp_path / "losses.jsonl").read_bytes()
    outcome = trainer(tmp_path).run()
    assert (outcome.ended, outcome.step, outcome.resumed_from) == ("finished", 30, 30)
    assert (tmp_path / "losses.jsonl").read_bytes() == before


def test_a_checkpoint_of_another_plan_is_refused_but_one_that_saves_more_often_goes_on(tmp_path):
    trainer(tmp_path).run()
    trainer(tmp_path, save_every=3)
    with pytest.raises(InputError, match="another plan"):
        trainer(tmp_path, seed=8)


def test_a_shortened_journal_is_refused(tmp_path):
    trainer(tmp_path).run()
    (tmp_path / "losses.jsonl").write_text("")
    with pytest.raises(InputError, match="checkpoint knows of"):
        trainer(tmp_path)


def test_a_damaged_checkpoint_is_refused_with_its_name(tmp_path):
    trainer(tmp_path).run()
    (tmp_path / "checkpoint.pt").write_bytes((tmp_path / "checkpoint.pt").read_bytes()[:100])
    with pytest.raises(InputError, match="cannot read the checkpoint"):
        trainer(tmp_path)


def test_patience_stops_early_and_the_best_state_can_be_had_back(tmp_path):
    figures = iter([3.0, 1.0, 2.0, math.nan, 5.0])
    objective = Regression()
    kept = {}

    def figure(step):
        kept[step] = objective.layer.weight.detach().clone()
        return {"figure": next(figures)}

    plan = Plan(steps=50, evaluate_every=5, watch="figure", patience=3)
    one = Trainer(objective, plan, tmp_path, learning_rate=schedule(0.05, 50), evaluations=(figure,))
    outcome = one.run()
    assert (outcome.ended, outcome.step, outcome.best_step, outcome.best) == ("early", 25, 10, 1.0)
    assert one.load_best() == 10
    assert torch.equal(objective.layer.weight, kept[10])
    again = Trainer(objective, plan, tmp_path, learning_rate=schedule(0.05, 50), evaluations=(figure,)).run()
    assert (again.ended, again.step) == ("early", 25)


def test_a_loss_that_is_no_number_stops_the_training_before_it_spoils_a_weight(tmp_path):
    one = trainer(tmp_path)
    before = weights(one).clone()
    one.objective.losses = lambda step, part: Losses(total=one.objective.layer.weight.sum() * math.inf)
    with pytest.raises(OslerError, match="learning rate"):
        one.run()
    assert torch.equal(weights(one), before)


def test_progress_tells_losses_and_an_estimate(tmp_path):
    seen = []
    trainer(tmp_path, steps=5, evaluate_every=5, progress=seen.append).run()
    assert [progress.step for progress in seen] == [0, 1, 2, 3, 4, 5]
    assert (seen[0].seconds_left, seen[0].losses) == (None, {})
    assert seen[1].seconds_left > 0
    assert seen[-1].seconds_left == 0
    assert set(seen[1].losses) == {"loss", "first"}
    assert [progress.figures is not None for progress in seen] == [True, *[False] * 4, True]


def test_senseless_numbers_are_refused_by_name():
    with pytest.raises(OptionError, match="steps is 0"):
        Plan(steps=0)


@pytest.mark.parametrize(("shape", "middle"), [("cosine", 0.55), ("linear", 0.55), ("constant", 1.0)])
def test_the_rate_rises_and_falls(shape, middle):
    rate = schedule(1.0, 110, warmup=10, shape=shape, least=0.1)
    assert rate(0) == pytest.approx(0.1)
    assert rate(9) == rate(10) == 1.0
    assert rate(60) == pytest.approx(middle)
    assert rate(109) == (1.0 if shape == "constant" else pytest.approx(0.1, abs=0.01))
