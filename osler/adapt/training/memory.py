"""How much memory a tuning takes, told before any weight is read, and what to do where it is too much.

The bytes that layers keep for the way back were counted with torch's hooks on saved tensors, for transformers' Gemma 3
with `sdpa` attention, which keeps nothing that grows with the square of the length.
"""

from dataclasses import dataclass
from math import prod

from osler.adapt.training.answer_loss import tokens_at_once
from osler.adapt.training.method import Method
from osler.adapt.training.precision import Precision
from osler.errors import InputError, OptionError
from osler.model.config import ModelConfig, TextConfig, VisionConfig
from osler.weights.names import TEXT_LAYER_MATRICES, VISION_LAYER_LINEARS, expected_shapes

__all__ = ["Load", "Memory", "Room", "choose_room", "estimate", "trained_numbers"]

F32, BF16 = 4, 2
SHARE = 0.9
"""Of the free memory that a plan may take: estimates err, and the system needs some."""

DECODER_BYTES = {
    ("f32", True): (53, 20, 20, 12),
    ("f32", False): (42, 16, 16, 16),
    ("bf16", True): (44, 13, 15, 9),
    ("bf16", False): (44, 14, 16, 16),
}
"""Bytes a layer keeps for each token, for each of: width, feed-forward width, query width, key width.
By numbers and whether there are low-rank terms."""

TOWER_BYTES = {
    ("f32", True): (61, 12),
    ("f32", False): (33, 8),
    ("bf16", True): (40, 9),
    ("bf16", False): (34, 5),
}
"""The same for a layer of the vision tower: width, feed-forward width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The heaviest part of a step that the data can give.

    Attributes:
        tokens: of the longest example.
        learned: most tokens learned of one example.
        images: most of one example.
    """

    tokens: int
    learned: int
    images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How a step is made to fit.

    Attributes:
        batch: examples at once.
        recomputes: layers are computed again on the way back (gradient checkpointing): slower by a third, and only
            one layer's intermediate results are held at a time.
    """

    batch: int
    recomputes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes by what they are for.

    Attributes:
        weights: of the whole network.
        tuned: gradients and AdamW's two averages.
        decoder: what its layers keep for the way back.
        tower: the same of the vision tower, or what one image takes on its way through a frozen one.
        logits: of the learned tokens that are looked at together.
    """

    weights: int
    tuned: int
    decoder: int
    tower: int
    logits: int

    @property
    def total(self) -> int:
        """All of it: at worst everything is there at the same time."""
        return self.weights + self.tuned + self.decoder + self.tower + self.logits

    @property
    def text(self) -> str:
        """For people.

        >>> print(Memory(weights=8_600_000_000, tuned=4 * 10**8, decoder=10**9, tower=0, logits=10**8).text)
        10.10 GB (weights 8.60, tuning 0.40, decoder 1.00, logits 0.10)
        """
        parts = {"weights": self.weights, "tuning": self.tuned, "decoder": self.decoder, "vision tower": self.tower}
        told = [f"{name} {size / 1e9:.2f}" for name, size in {**parts, "logits": self.logits}.items() if size]
        return f"{self.total / 1e9:.2f} GB ({', '.join(told)})"


def trained_numbers(config: ModelConfig, method: Method) -> int:
    """How many numbers a method tunes."""
    shapes = expected_shapes(config)
    whole = sum(prod(shape) for name, shape in shapes.items() if name.startswith("projector."))
    if not method.has_terms:
        parts = ("text.", "vision.") if method.vision else ("text.",)
        return whole + sum(prod(shape) for name, shape in shapes.items() if name.startswith(parts))
    return whole + sum(method.rank * sum(shape) for name, shape in shapes.items() if _has_term(name, method))


def _has_term(name: str, method: Method) -> bool:
    if name.startswith("text.layers."):
        return name.rpartition(".")[2] in TEXT_LAYER_MATRICES
    if method.vision and name.startswith("vision.layers."):
        return name.endswith(".weight") and name.split(".")[3] in VISION_LAYER_LINEARS
    return False


def estimate(config: ModelConfig, method: Method, precision: Precision, load: Load, room: Room) -> Memory:
    """Estimate the peak of a tuning."""
    numbers = sum(prod(shape) for shape in expected_shapes(config).values())
    tuned = trained_numbers(config, method)
    tokens = load.tokens * room.batch
    kind = (precision.name, method.has_terms)
    decoder = _passed(_decoder_bytes(config.text, kind), config.text.width, config.text.num_layers, tokens, room)
    if kind == ("bf16", False):
        decoder += BF16 * numbers  # the copies that are multiplied
    together = min(load.learned * room.batch, tokens_at_once(config.text.vocabulary_size))
    return Memory(
        weights=_weight_bytes(numbers, tuned, method, precision),
        tuned=3 * F32 * tuned,
        decoder=decoder,
        tower=_tower(config.vision, method, kind, load.images * room.batch, room) if load.images else 0,
        logits=3 * F32 * together * config.text.vocabulary_size,
    )


def choose_room(
    config: ModelConfig,
    method: Method,
    precision: Precision,
    load: Load,
    *,
    batch: int,
    free_bytes: int | None,
    part: int | None = None,
    recomputes: bool | None = None,
    processes: int = 1,
) -> tuple[Room, Memory]:
    """Find how a step of `batch` examples fits: as many at once as can be, layers computed twice only if need be.

    Args:
        batch: examples of a step.
        free_bytes: what may be taken; None where the system does not tell.
        part: examples at once, where the user says so; a divisor of the batch.
        recomputes: whether layers are computed twice, where the user says so.
        processes: that share a step; each gets as many parts as the others.

    Raises:
        OptionError: a step cannot be divided in that way.
        InputError: not even one example at once fits.
    """
    parts = _parts(batch, part, processes)
    ways = [recomputes] if recomputes is not None else [False, True]
    rooms = [Room(batch=size, recomputes=way) for size in parts for way in ways]
    for room in rooms:
        memory = estimate(config, method, precision, load, room)
        if free_bytes is None or memory.total <= SHARE * free_bytes:
            return room, memory
    raise _too_much(memory, free_bytes or 0, method, precision, load, rooms[-1])


def _parts(batch: int, part: int | None, processes: int) -> list[int]:
    """Examples at once that divide a step into equal shares, most first."""
    sizes = [size for size in range(batch, 0, -1) if batch % (size * processes) == 0]
    if part is not None and part in sizes:
        return [part]
    if part is None and sizes:
        return sizes
    if part is None:
        name, expected = "batch", f"a multiple of the {processes} processes"
    else:
        name, expected = "part", f"one of {', '.join(map(str, reversed(sizes)))}, which divide --batch {batch}"
    raise OptionError(f"cannot divide a step: {name} has to be {expected}", name=name, expected=expected)


def _too_much(
    memory: Memory, free_bytes: int, method: Method, precision: Precision, load: Load, room: Room
) -> InputError:
    ways = []
    if room.batch > 1:
        ways.append("--part 1")
    if not room.recomputes:
        ways.append("--recompute")
    if precision.name == "f32":
        ways.append("--precision bf16")
    if not method.has_terms:
        ways.append("--method lora")
    elif method.name == "lora" and precision.device.startswith("cuda"):
        ways.append("--method qlora")
    if method.has_terms and method.rank > Method().rank:
        ways.append(f"--rank {Method().rank}")
    if method.vision:
        ways.append("no --vision")
    ways.append(f"shorter rows (the longest has {load.tokens:,} tokens) or a smaller model")
    return InputError(
        f"cannot tune: it would take {memory.text}; {free_bytes / 1e9:.1f} GB are free, of which "
        f"{SHARE * free_bytes / 1e9:.1f} may be planned for",
        hint=f"try {', or '.join(ways)}",
    )


def _weight_bytes(numbers: int, tuned: int, method: Method, precision: Precision) -> int:
    if not method.has_terms:
        return F32 * numbers
    each = 0.6 if method.name == "qlora" else (BF16 if precision.name == "bf16" else F32)
    return int(each * numbers) + F32 * tuned


def _decoder_bytes(config: TextConfig, kind: tuple[str, bool]) -> int:
    """What a layer keeps for one token."""
    query, key = config.num_heads * config.head_width, config.num_kv_heads * config.head_width
    sizes = (config.width, config.feed_forward_width, query, key)
    return sum(times * size for times, size in zip(DECODER_BYTES[kind], sizes, strict=True))


def _tower(config: VisionConfig | None, method: Method, kind: tuple[str, bool], images: int, room: Room) -> int:
    if config is None:
        return 0
    sizes = (config.width, config.feed_forward_width)
    each = sum(times * size for times, size in zip(TOWER_BYTES[kind], sizes, strict=True))
    patches = config.patches_per_side**2
    if not method.vision:
        return patches * each  # one image, one layer at a time
    return _passed(each, config.width, config.num_layers, patches * images, room)


def _passed(each: int, width: int, layers: int, tokens: int, room: Room) -> int:
    """What all layers keep; where they are computed again, their inputs and one layer's inside."""
    if room.recomputes:
        return tokens * (layers * F32 * width + each)
    return tokens * layers * each
