"""What is measured on pictures that are not learnt from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from osler.adapt.medsiglip.classifier import ClassifierObjective, targets_of
from osler.adapt.medsiglip.contrastive import belong, contrastive_loss
from osler.adapt.medsiglip.logistic import shares_of
from osler.adapt.medsiglip.network import Network
from osler.adapt.medsiglip.prepared import Prepared
from osler.adapt.medsiglip.resampling import accuracies, drawn_weights, interval_of, macro_aurocs
from osler.adapt.medsiglip.texts import Texts

__all__ = ["ContrastiveValidation", "LabelValidation", "figures_of", "groups_in", "is_right", "vectors_of"]


def vectors_of(network: Network, prepared: Prepared, *, batch: int) -> np.ndarray:
    """Vectors [I, D] float32 of all pictures, as the network is now."""
    with torch.no_grad():
        found = [network.see(prepared.look(places)).cpu().numpy() for places in _batches(len(prepared), batch)]
    return np.concatenate(found) if found else np.empty((0, network.width), np.float32)


class ContrastiveValidation:
    """The loss on held-out pictures, and how well their texts or labels are found.

    Args:
        network: at its current step.
        prepared: the held-out pictures.
        texts: their captions as ids.
        labels: texts by label, where there are labels: then the figure is whether the right one is found (zero-shot,
            the texts of a label averaged); else whether a picture's own text is among the first of all held-out ones.
        batch: pictures at once; of the loss, too, which depends on it.
    """

    def __init__(
        self,
        network: Network,
        prepared: Prepared,
        texts: Texts,
        labels: Mapping[str, Sequence[str]],
        *,
        batch: int,
    ) -> None:
        self.network, self.prepared, self.texts, self.labels, self.batch = network, prepared, texts, labels, batch

    def __call__(self, step: int) -> dict[str, float]:
        pictures = vectors_of(self.network, self.prepared, batch=self.batch)
        figures = {"validation_loss": self._loss(pictures)}
        if self.labels:
            shares = self.shares(pictures)
            right = is_right(shares, targets_of(self.prepared, tuple(self.labels)))
            return {**figures, "validation_accuracy": float(right.mean())}
        return {**figures, **self._found(pictures)}

    def figures(self) -> dict[str, dict[str, Any]]:
        """Figures with intervals: of labels as `figures_of`, else how many pictures find a text of their own."""
        pictures = vectors_of(self.network, self.prepared, batch=self.batch)
        if self.labels:
            targets = targets_of(self.prepared, tuple(self.labels))
            return figures_of(self.shares(pictures), targets, groups_in(self.prepared), are_several=False)
        weights = drawn_weights(groups_in(self.prepared), 0)
        before = self._texts_before(pictures)
        firsts = {"first": before == 0, "first_five": before < 5}
        return {name: interval_of(accuracies(found, weights))._asdict() for name, found in firsts.items()}

    def shares(self, pictures: np.ndarray) -> np.ndarray:
        """Cosines of vectors [I, D] with each label, [I, C]."""
        means = [self._read(texts).mean(axis=0) for texts in self.labels.values()]
        return pictures @ np.stack([mean / np.linalg.norm(mean) for mean in means]).T

    def _loss(self, pictures: np.ndarray) -> float:
        total = 0.0
        for places in _batches(len(self.prepared), self.batch):
            pairs = [self.prepared.pairs[place] for place in places]
            captions, ids = self.texts.first(pairs)
            with torch.no_grad():
                words = self.network.read(ids)
                logits = self.network.logits(torch.from_numpy(pictures[places]).to(words.device), words)
                right = torch.from_numpy(belong(pairs, captions, ids)).to(words.device)
                total += float(contrastive_loss(logits, right))
        return total / len(self.prepared)

    def _found(self, pictures: np.ndarray) -> dict[str, float]:
        """The share of pictures with a text of their own first, and among the first five."""
        before = self._texts_before(pictures)
        return {"validation_first": float((before == 0).mean()), "validation_first_five": float((before < 5).mean())}

    def _texts_before(self, pictures: np.ndarray) -> np.ndarray:
        """How many texts that are not right for a picture stand before the first that is, [I]."""
        captions, ids = self.texts.first(self.prepared.pairs)
        cosines = pictures @ self._read([caption.text for caption in captions]).T  # [I, I]
        right = belong(self.prepared.pairs, captions, ids)
        best = np.where(right, cosines, -np.inf).max(axis=1)
        return ((cosines > best[:, None]) & ~right).sum(axis=1)

    def _read(self, texts: Sequence[str]) -> np.ndarray:
        with torch.no_grad():
            found = [self.network.read(self.texts.ids(some)).cpu().numpy() for some in _cut(texts, self.batch)]
        return np.concatenate(found)


class LabelValidation:
    """The loss and the figures of a classifier on held-out pictures.

    Args:
        objective: the classifier at its current step.
        prepared: the held-out pictures.
        labels: C of them.
        batch: pictures at once.
    """

    def __init__(
        self, objective: ClassifierObjective, prepared: Prepared, labels: tuple[str, ...], *, batch: int
    ) -> None:
        self.objective, self.prepared, self.batch = objective, prepared, batch
        self.targets = targets_of(prepared, labels)

    def __call__(self, step: int) -> dict[str, float]:
        total = weight = 0.0
        with torch.no_grad():
            for places in _batches(len(self.prepared), self.batch):
                loss, share = self.objective.loss_of(self.prepared.look(places), self.targets[places])
                total, weight = total + float(loss), weight + share
        found = self.figures(draws=0)
        figures = {f"validation_{name}": one["value"] for name, one in found.items() if one["value"] is not None}
        return {"validation_loss": total / weight, **figures}

    def scores(self) -> np.ndarray:
        """[I, C], as the head says."""
        vectors = vectors_of(self.objective.network, self.prepared, batch=self.batch)
        return shares_of(vectors, self.objective.weights(), are_several=self.objective.are_several)

    def figures(self, *, draws: int = 1000) -> dict[str, dict[str, Any]]:
        """Figures with intervals, as `figures_of`."""
        several = self.objective.are_several
        return figures_of(self.scores(), self.targets, groups_in(self.prepared), are_several=several, draws=draws)


def groups_in(prepared: Prepared) -> list[str]:
    """Whose each picture is."""
    return [pair.group or pair.where for pair in prepared.pairs]


def figures_of(
    scores: np.ndarray, targets: np.ndarray, groups: Sequence[str], *, are_several: bool, draws: int = 1000
) -> dict[str, dict[str, Any]]:
    """Figures with their intervals: the mean area under the ROC curve; of one label, its accuracy, too.

    Args:
        scores, targets: [I, C].
        groups: whose each picture is.
        draws: of patients, for the intervals; 0 for none.
    """
    weights = drawn_weights(groups, 0, resamples=draws)
    found = {"auroc": interval_of(macro_aurocs(scores, targets, weights))}
    if not are_several:
        found["accuracy"] = interval_of(accuracies(is_right(scores, targets), weights))
    return {name: one._asdict() for name, one in found.items()}


def is_right(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """[I] float64: whether the label with the highest score holds."""
    return targets[np.arange(len(scores)), scores.argmax(axis=1)].astype(np.float64)


def _batches(count: int, batch: int) -> Iterator[np.ndarray]:
    for start in range(0, count, batch):
        yield np.arange(start, min(start + batch, count))


def _cut(texts: Sequence[str], batch: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(texts), batch):
        yield texts[start : start + batch]
