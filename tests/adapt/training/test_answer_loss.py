"""The loss: on the answer only, right however examples fall into parts, and without leaks."""

import math

import numpy as np
import pytest
import torch
from adapt.training import small_examples
from adapt.training.small_examples import SmallExample, example

from osler.adapt.training import answer_loss
from osler.adapt.training.answers import Answers, Order, Reader
from osler.adapt.training.loop import Plan, Trainer
from osler.adapt.training.method import Method, tune_by
from osler.adapt.training.precision import Precision

F32 = Precision(name="f32", reason="", device="cpu")


def by_hand(network, shown):
    """Each learned token's loss from transformers' own logits, of one example alone."""
    ids = torch.from_numpy(shown.ids.astype(np.int64))[None]
    options = {}
    if shown.squares:
        pixels = torch.from_numpy(np.stack(shown.squares)).permute(0, 3, 1, 2).float() / 255
        options["pixel_values"] = (pixels - 0.5) / 0.5
    types = (ids == small_examples.SOFT).long()
    logits = network.base(input_ids=ids, token_type_ids=types, **options).logits[0].double()
    losses = []
    for place in np.flatnonzero(shown.learned):
        row = logits[place - 1]
        losses.append(torch.logsumexp(row, 0) - row[int(shown.ids[place])])
    return torch.stack(losses)


@pytest.mark.parametrize("images", [0, 1, 3])
def test_it_equals_a_hand_computation(frozen, images):
    shown = example(images)
    reader = Reader(frozen, F32)
    with torch.no_grad():
        ours, theirs = reader.losses(reader.batch([shown])), by_hand(frozen, shown)
    assert torch.allclose(ours.double(), theirs, atol=1e-5)


def test_a_batch_of_unequal_lengths_and_images_equals_its_examples_alone(frozen):
    shown = [example(3, answer=2), example(0, answer=9), example(1, answer=4, between=7)]
    reader = Reader(frozen, F32)
    with torch.no_grad():
        together = reader.losses(reader.batch(shown))
        alone = torch.cat([by_hand(frozen, one) for one in shown])
    assert torch.allclose(together.double(), alone, atol=1e-5)


def test_only_learned_tokens_count_each_by_itself(frozen):
    shown = example(1, answer=6)
    reader = Reader(frozen, F32)
    with torch.no_grad():
        whole = reader.losses(reader.batch([shown]))
        for number, place in enumerate(np.flatnonzero(shown.learned)):
            mask = np.zeros_like(shown.learned)
            mask[place] = True
            alone = reader.losses(reader.batch([SmallExample(shown.ids, mask, shown.squares)]))
            assert torch.allclose(alone, whole[number : number + 1], atol=1e-6)


def test_the_next_token_of_a_later_place_changes_no_earlier_gradient(network):
    shown = example(1, answer=6)
    tuned = tune_by(Method(dropout=0.0), network, seed=0)
    earlier = shown.learned.copy()
    earlier[-1] = False
    changed = shown.ids.copy()
    changed[-1] += 1
    first, second = (gradients(tuned, SmallExample(ids, earlier, shown.squares)) for ids in (shown.ids, changed))
    assert first.abs().max() > 0
    assert torch.equal(first, second)
    assert not torch.equal(first, gradients(tuned, SmallExample(changed, shown.learned, shown.squares)))


def gradients(network, shown):
    network.model.zero_grad()
    reader = Reader(network, F32)
    reader.losses(reader.batch([shown])).sum().backward()
    return torch.cat([weight.grad.flatten() for weight in network.trained().values()])


def test_logits_in_parts_give_the_same_losses_and_gradients(network, monkeypatch):
    shown = example(1, answer=7)
    tuned = tune_by(Method(dropout=0.0), network, seed=0)
    reader = Reader(tuned, F32)
    whole = reader.losses(reader.batch([shown])).detach(), gradients(tuned, shown)
    monkeypatch.setattr(answer_loss, "LOGITS", 2 * tuned.base.config.text_config.vocab_size)
    parts = reader.losses(reader.batch([shown])).detach(), gradients(tuned, shown)
    assert torch.allclose(whole[0], parts[0], atol=1e-6)
    assert torch.allclose(whole[1], parts[1], atol=1e-6)


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_a_steps_loss_and_gradient_do_not_depend_on_its_parts(network, tmp_path, parts):
    examples = [example(number % 2, answer=2 + number, seed=number) for number in range(4)]
    tuned = tune_by(Method(dropout=0.0), network, seed=0)
    order = Order(num_examples=4, batch=4 // parts, parts=parts, seed=1)
    one = Trainer(
        Answers(Reader(tuned, F32), examples, order),
        Plan(steps=1, parts=parts, clip=0.0),
        tmp_path,
        learning_rate=lambda step: 0.0,
    )
    one.run()
    line = next(one.journal.lines())
    with torch.no_grad():
        losses = torch.cat([by_hand(tuned, shown) for shown in examples])
    assert line["weight"] == len(losses) == 2 + 3 + 4 + 5
    assert line["loss"] == pytest.approx(losses.mean().item(), abs=1e-5)
    assert line["gradient_norm"] == pytest.approx(NORM.setdefault("norm", line["gradient_norm"]), rel=1e-4)


NORM: dict[str, float] = {}
"""The gradient's length in the first of the runs above."""


def test_every_example_is_seen_once_before_any_is_seen_twice():
    order = Order(num_examples=7, batch=2, parts=3, seed=5)
    seen = [one for step in range(7) for part in range(3) for one in order.examples(step, part)]
    epochs = [seen[start : start + 7] for start in range(0, 42, 7)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == len(epochs)
    assert order.steps(1.0) == math.ceil(7 / 6)
