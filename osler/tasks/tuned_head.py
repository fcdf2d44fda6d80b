"""A head that `osler tune-medsiglip classifier` trained: labels on MedSigLIP's vectors, kept beside its weights.

`classifier.json`::

    {"layout": 1, "kind": "one", "labels": ["melanoma", "naevus"], "weights": [[… D + 1 numbers], …], "score": {…}}

A label's logit is weights[:D] · v + weights[D], of the vector v of length 1 that `osler embed` gives. Of kind "one"
exactly one label holds (softmax), of kind "several" each by itself (sigmoid).
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from osler.errors import WeightsError

__all__ = ["HEAD_FILE", "Kind", "TunedHead", "read_head"]

HEAD_FILE = "classifier.json"
LAYOUT = 1

Kind = Literal["one", "several"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TunedHead:
    """A trained head.

    Attributes:
        labels: C of them.
        kind: whether exactly one label holds, or any number.
        weights: [C, D + 1] float32; the last column is the intercept.
        score: how well it did, and on what, as it was written down.
    """

    labels: tuple[str, ...]
    kind: Kind
    weights: np.ndarray
    score: dict[str, Any] = field(default_factory=dict)

    def probabilities(self, vectors: np.ndarray) -> np.ndarray:
        """[I, C] of vectors [I, D]: shares that add up to 1, or each label by itself."""
        logits = vectors.astype(np.float64) @ self.weights[:, :-1].T + self.weights[:, -1]
        if self.kind == "several":
            return 1 / (1 + np.exp(-np.clip(logits, -700, 700)))
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    def to_bytes(self) -> bytes:
        """The file; numbers keep every digit."""
        told = {
            "layout": LAYOUT,
            "kind": self.kind,
            "labels": list(self.labels),
            "weights": self.weights.astype(np.float32).tolist(),
            "score": self.score,
        }
        return json.dumps(told, ensure_ascii=False).encode()


def read_head(folder: Path, width: int) -> TunedHead | None:
    """The head of a model's folder; None where there is none.

    Args:
        width: D of the model's vectors.

    Raises:
        WeightsError: it is damaged, or of another model.
    """
    path = folder / HEAD_FILE
    if not path.is_file():
        return None
    try:
        told = json.loads(path.read_bytes())
        weights = np.array(told["weights"], np.float32)
        labels, kind, score = tuple(map(str, told["labels"])), told["kind"], dict(told["score"])
        is_known = told["layout"] == LAYOUT and kind in ("one", "several")
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise WeightsError(f"cannot read `{path}`: it is no head of Osler's", hint="tune again") from None
    if not is_known or weights.shape != (len(labels), width + 1) or not np.isfinite(weights).all():
        raise WeightsError(
            f"cannot use `{path}`: expected {len(labels)} rows of {width + 1} numbers, got {list(weights.shape)}",
            hint="keep the head beside the weights that it was trained with",
        )
    return TunedHead(labels=labels, kind=kind, weights=weights, score=score)
