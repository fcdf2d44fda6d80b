"""What is chosen for a tuning where the user leaves it open, from the model, the data and the machine."""

from collections.abc import Iterator, Sequence
from math import prod

import torch

from osler.adapt.training.answers import Order
from osler.adapt.training.memory import Load, choose_room
from osler.adapt.training.method import default_rate
from osler.adapt.training.precision import choose_precision
from osler.adapt.training.prepared import PreparedExamples
from osler.adapt.training.processes import number_of_processes
from osler.adapt.training.settings import Choices, Settings
from osler.engine.memory import available_bytes
from osler.tasks.progress import Progress
from osler.weights.checkpoint import Checkpoint
from osler.weights.names import expected_shapes

__all__ = ["choose", "sentences"]

PREPARING = "Preparing rows"
EVALUATIONS = 10
"""How many there are in a training, unless the user says otherwise."""


def choose(
    checkpoint: Checkpoint, settings: Settings, parts: Sequence[PreparedExamples], *, device: str, tell: Progress
) -> Choices:
    """Choose numbers, what fits the memory, rate, steps and evaluations.

    Args:
        parts: the examples to learn from first, then those that are only looked at.
        device: where it is computed.
        tell: told of the rows that are looked at.

    Raises:
        InputError: it does not fit.
    """
    config, method = checkpoint.config, settings.method
    precision = choose_precision(settings.precision, device, sum(map(prod, expected_shapes(config).values())))
    load = measure(parts, tell)
    room, memory = choose_room(
        config,
        method,
        precision,
        load,
        batch=settings.batch,
        free_bytes=free_bytes(device),
        part=settings.part,
        recomputes=settings.recomputes,
        processes=number_of_processes(),
    )
    order = Order(num_examples=len(parts[0]), batch=settings.batch, parts=1, seed=settings.seed)
    steps = settings.steps or order.steps(settings.epochs)
    every = settings.evaluate_every
    return Choices(
        precision=precision,
        load=load,
        room=room,
        memory=memory.text,
        rate=settings.rate or default_rate(method, config.text.width),
        steps=steps,
        evaluate_every=max(1, round(steps / EVALUATIONS)) if every is None else every,
    )


def measure(parts: Sequence[PreparedExamples], tell: Progress) -> Load:
    """Look at every example once."""
    tokens = learned = images = done = 0
    total = sum(map(len, parts))
    for examples in parts:
        for number in range(len(examples)):
            one = examples[number]
            tokens, learned = max(tokens, len(one.ids)), max(learned, int(one.learned.sum()))
            images = max(images, len(one.squares))
            done += 1
            tell(PREPARING, done, total)
    return Load(tokens=tokens, learned=learned, images=images)


def free_bytes(device: str) -> int | None:
    """What this process may take; None where the system does not tell."""
    if device.startswith("cuda"):
        return torch.cuda.mem_get_info(device)[0]
    free = available_bytes()
    return None if free is None else free // number_of_processes()


def sentences(settings: Settings, choices: Choices, *, has_vision: bool) -> Iterator[str]:
    """What a person should know before it begins."""
    room, precision = choices.room, choices.precision
    at_once = f", {room.batch} at once" if room.batch < settings.batch else ""
    again = ", layers computed twice to save memory" if room.recomputes else ""
    yield f"Tuned: {settings.method.words(has_vision=has_vision)}."
    yield f"Computed in {precision.name} on {precision.device}: {precision.reason}."
    yield f"{choices.steps:,} steps of {settings.batch} examples{at_once}{again}, learning rate {choices.rate:g}."
    yield f"It should take about {choices.memory}."
