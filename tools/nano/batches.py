"""Batches of a training step: pixels, the heads' targets, and sequences with weighted answers.

Everything about step n follows from the seed and n alone, so a training that was
interrupted goes on exactly as if it had not been.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from nano import augment, questions, wording
from nano.data import CELLS, FINDINGS, Film, Other, Smear
from nano.network import IDS, IMAGE_TOKENS, TOKENS_A_SIDE
from nano.pictures import make_other

KINDS = ("film", "smear", "other")
FILMS_A_STEP, SMEARS_A_STEP, OTHERS_A_STEP = 4, 5, 1
IMAGE_TEXT = "\n\n<start_of_image>" + "<image_soft_token>" * IMAGE_TOKENS + "<end_of_image>\n\n"
IGNORED = -100
DECISIVE = re.compile(r"^(?:Yes|No|Normal|Abnormal)|(?<=Final Answer: )(?:yes|no)|signs of pneumonia|lungs are clear")
NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as the network sees it: pixels [3, 256, 256], and the facts questions are made of."""

    kind: str
    pixels: np.ndarray
    facts: object


@dataclass(frozen=True, slots=True)
class Sequences:
    """ids, mask, targets [B, T] (targets shifted: the next token or -100), weights [B, T], images [I] by index."""

    ids: Tensor
    mask: Tensor
    targets: Tensor
    weights: Tensor
    images: Tensor


def take(pool: Sequence, start: int, number: int, seed: int) -> list:
    """Take `number` items from the endless row of shuffles of a pool, beginning at `start`."""
    chosen = []
    for place in range(start, start + number):
        lap, index = divmod(place, len(pool))
        order = list(range(len(pool)))
        random.Random(f"{seed}-{lap}").shuffle(order)
        chosen.append(pool[order[index]])
    return chosen


def show(item: Film | Smear | Other, rng: random.Random) -> Shown:
    """Vary a picture by chance and keep its facts true."""
    if isinstance(item, Film):
        return Shown("film", augment.vary_film(item.image, rng), item)
    if isinstance(item, Smear):
        pixels, cells = augment.vary_smear(item.image, item.cells, rng)
        return Shown("smear", pixels, questions.View(cells))
    return Shown("other", augment.vary_other(item.image, rng), None)


def pictures_of_step(films: Sequence, smears: Sequence, others: Sequence, step: int, seed: int) -> list[Shown]:
    """Return the step's ten pictures: films, then smears, then others (a third of these drawn)."""
    rng = random.Random(f"{seed}-pictures-{step}")
    chosen = take(films, step * FILMS_A_STEP, FILMS_A_STEP, seed)
    chosen += take(smears, step * SMEARS_A_STEP, SMEARS_A_STEP, seed + 1)
    for _ in range(OTHERS_A_STEP):
        chosen.append(make_other(rng) if rng.random() < 0.3 else rng.choice(others))
    return [show(item, rng) for item in chosen]


def pixels_of(pictures: Sequence[Shown]) -> Tensor:
    """Stack the pictures: [I, 3, 256, 256] f32."""
    return torch.from_numpy(np.stack([picture.pixels for picture in pictures]).astype(np.float32))


def head_targets(pictures: Sequence[Shown]) -> dict[str, Tensor]:
    """Return the heads' targets; -100 or NaN where a head has nothing to learn."""
    kinds = torch.tensor([KINDS.index(p.kind) for p in pictures])
    films = [p.facts if p.kind == "film" else None for p in pictures]
    views = torch.tensor([IGNORED if f is None else int(f.view == "PA") for f in films])
    findings = torch.tensor([[float("nan") if f is None else float(x in f.findings) for x in FINDINGS] for f in films])
    maps = [cell_map(p.facts.cells if p.kind == "smear" else None) for p in pictures]
    cells, boxes = (torch.from_numpy(np.stack(part)) for part in zip(*maps, strict=True))
    return {"kind": kinds, "view": views, "findings": findings, "cell": cells, "box": boxes}


def cell_map(cells: Sequence | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the cell under each token [64] i64 and the white cell's box [64, 4] f32 in 0..1 (NaN: none)."""
    labels = np.full((TOKENS_A_SIDE, TOKENS_A_SIDE), IGNORED if cells is None else 0, dtype=np.int64)
    boxes = np.full((TOKENS_A_SIDE, TOKENS_A_SIDE, 4), np.nan, dtype=np.float32)
    middles = (np.arange(TOKENS_A_SIDE) + 0.5) * 1000 / TOKENS_A_SIDE
    for cell in sorted(cells or (), key=lambda c: ("RBC", "Platelets", "WBC").index(c.label)):
        y0, x0, y1, x1 = cell.box
        inside = ((middles >= y0) & (middles <= y1))[:, None] & ((middles >= x0) & (middles <= x1))[None]
        row, column = (min(TOKENS_A_SIDE - 1, int(m * TOKENS_A_SIDE / 2000)) for m in (y0 + y1, x0 + x1))
        inside[row, column] = True
        labels[inside] = 1 + CELLS.index(cell.label)
        if cell.label == "WBC":
            boxes[inside] = np.array(cell.box, dtype=np.float32) / 1000
    return labels.reshape(-1), boxes.reshape(-1, 4)


def prompt_of(question: str, *, image: bool, system: str = "", image_last: bool = False) -> str:
    """Render the chat template of one user turn with the image expanded, up to the model's answer."""
    parts = [IMAGE_TEXT if image else "", question]
    body = "".join(reversed(parts) if image_last else parts)
    lead = f"{system}\n\n" if system else ""
    return f"<bos><start_of_turn>user\n{lead}{body}<end_of_turn>\n<start_of_turn>model\n"


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One or two turns about one picture or none; each piece is (text, whether it is learned)."""

    pieces: tuple[tuple[str, bool], ...]
    image: int | None


def dialogue(kind: str, facts: object, image: int | None, rng: random.Random) -> Dialogue:
    """Deal a question, sometimes a second one, sometimes a system text."""
    first = questions.deal(kind, facts, rng)
    system = rng.choice(wording.SYSTEMS) if rng.random() < 0.12 else ""
    last = image is not None and rng.random() < 0.08
    prompt = prompt_of(first.question, image=image is not None, system=system, image_last=last)
    pieces = [(prompt, False), (f"{first.answer}<end_of_turn>", True)]
    if rng.random() < 0.12:
        second = questions.deal(kind, facts, rng)
        pieces.append((f"\n<start_of_turn>user\n{second.question}<end_of_turn>\n<start_of_turn>model\n", False))
        pieces.append((f"{second.answer}<end_of_turn>", True))
    return Dialogue(tuple(pieces), image)


def dialogues_of_step(pictures: Sequence[Shown], step: int, seed: int) -> list[Dialogue]:
    """Deal two dialogues about each picture and two without one."""
    rng = random.Random(f"{seed}-questions-{step}")
    dealt = [dialogue(p.kind, p.facts, index, rng) for index, p in enumerate(pictures) for _ in range(2)]
    return dealt + [dialogue("text", None, None, rng) for _ in range(2)]


def encode(item: Dialogue, tokenizer: Tokenizer) -> tuple[list[int], list[float]]:
    """Return ids and the weight of learning each id (0 in the prompt). Text is tokenised as one string."""
    text = "".join(piece for piece, _ in item.pieces)
    by_character = np.concatenate([character_weights(piece) if learned else np.zeros(len(piece))
                                   for piece, learned in item.pieces])  # fmt: skip
    encoding = tokenizer.encode(text, add_special_tokens=False)
    return encoding.ids, [float(by_character[a:b].max(initial=0.0)) for a, b in encoding.offsets]


def character_weights(answer: str) -> np.ndarray:
    """Weigh an answer's characters: 4 where it decides, 2 for the first digit of three, 0.3 in JSON's frame."""
    weights = np.full(len(answer), 0.3 if '"box_2d"' in answer else 1.0)
    for match in DECISIVE.finditer(answer):
        weights[slice(*match.span())] = 4.0
    if '"box_2d"' in answer:
        for match in NUMBER.finditer(answer):
            weights[slice(*match.span())] = 1.0
            weights[match.start()] = 2.0 if len(match.group()) >= 3 else 1.0
        weights[[m.start() + 2 for m in re.finditer("box_2d", answer)]] = 0.3
    return weights


def collate(items: Sequence[Dialogue], tokenizer: Tokenizer) -> Sequences:
    """Pad on the right with <pad> and shift targets by one."""
    encoded = [encode(item, tokenizer) for item in items]
    length = max(len(ids) for ids, _ in encoded)
    ids = torch.tensor([row + [IDS["pad"]] * (length - len(row)) for row, _ in encoded])
    weights = torch.tensor([row + [0.0] * (length - len(row)) for _, row in encoded])
    mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row, _ in encoded])
    nothing = torch.zeros(len(items), 1)
    weights = torch.cat([weights[:, 1:], nothing], dim=1)
    targets = torch.cat([ids[:, 1:], nothing.long()], dim=1).masked_fill(weights == 0, IGNORED)
    images = torch.tensor([item.image for item in items if item.image is not None], dtype=torch.long)
    return Sequences(ids, mask, targets, weights, images)


def group_by_length(items: Sequence[Dialogue]) -> list[list[Dialogue]]:
    """Keep one turn, two turns and the long prompt apart, so that little is padded."""
    groups: list[list[Dialogue]] = [[], [], []]
    for item in items:
        length = sum(len(text) for text, _ in item.pieces)
        groups[2 if length > len(IMAGE_TEXT) + 600 else len(item.pieces) // 2 - 1].append(item)
    return [group for group in groups if group]
