"""The few measures the card reports, in numpy. Each takes arrays and returns numbers."""

import json
import re
from collections.abc import Callable, Sequence

import numpy as np

Box = tuple[float, float, float, float]
RESAMPLES = 2000


def auroc(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of (positive, negative) pairs that the scores order rightly; a tie counts half."""
    positive, negative = scores[truth], scores[~truth]
    if not len(positive) or not len(negative):
        return float("nan")
    above = (positive[:, None] > negative[None]).mean()
    return float(above + 0.5 * (positive[:, None] == negative[None]).mean())


def bootstrap(measure: Callable[[np.ndarray], float], groups: Sequence[str], seed: int = 0) -> list[float]:
    """Return the 95 % percentile interval of `measure(indices)` over resampled groups (patients, images)."""
    names = sorted(set(groups))
    members = [np.flatnonzero(np.array(groups) == name) for name in names]
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(RESAMPLES):
        drawn = rng.integers(len(names), size=len(names))
        values.append(measure(np.concatenate([members[i] for i in drawn])))
    return [round(float(edge), 4) for edge in np.nanpercentile(values, (2.5, 97.5))]


def wilson(right: int, number: int) -> list[float]:
    """Return the 95 % Wilson score interval of a share."""
    z, share = 1.96, right / number
    middle = share + z * z / (2 * number)
    spread = z * float(np.sqrt(share * (1 - share) / number + z * z / (4 * number**2)))
    return [round((middle + sign * spread) / (1 + z * z / number), 4) for sign in (-1, 1)]


def share_of(hits: Sequence[bool]) -> dict:
    """Return right, number, share and its interval."""
    right, number = int(sum(hits)), len(hits)
    return {"right": right, "of": number, "share": round(right / number, 4), "interval": wilson(right, number)}


def iou(one: Box, two: Box) -> float:
    """Return intersection over union of two (y0, x0, y1, x1) boxes."""
    height = max(0.0, min(one[2], two[2]) - max(one[0], two[0]))
    width = max(0.0, min(one[3], two[3]) - max(one[1], two[1]))
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (one, two)]
    return height * width / max(sum(areas) - height * width, 1e-9)


def coverage(predicted: Sequence[Box], annotated: Sequence[Box]) -> float:
    """Return the mean over annotated boxes of the best IoU that any predicted box has with it (0 if none)."""
    return float(np.mean([max((iou(a, p) for p in predicted), default=0.0) for a in annotated]))


def parse_boxes(answer: str) -> list[Box] | None:
    """Read the boxes between "```json" and the last "```"; None if that is not a list of them."""
    match = re.search(r"```json(.*)```", answer, re.DOTALL)
    try:
        found = json.loads(match.group(1)) if match else None
        return [tuple(float(edge) for edge in item["box_2d"]) for item in found if len(item["box_2d"]) == 4]
    except (ValueError, TypeError, KeyError):
        return None


def ridge(train: np.ndarray, truth: np.ndarray, test: np.ndarray, penalty: float = 100.0) -> np.ndarray:
    """Return the scores [N] of ridge regression on standardised features [N, F], truth as -1 and 1."""
    mean, deviation = train.mean(0), train.std(0) + 1e-6
    left, right = (train - mean) / deviation, (test - mean) / deviation
    signs = np.where(truth, 1.0, -1.0)
    kernel = left @ left.T + penalty * np.eye(len(left))
    return right @ (left.T @ np.linalg.solve(kernel, signs - signs.mean())) + signs.mean()
