"""Contrastive tuning: each picture against each text of a batch, a question of yes or no for every pair of them.

The loss is SigLIP's (Zhai et al., "Sigmoid Loss for Language Image Pre-training", 2023, equation 1; transformers'
SiglipModel with return_loss, which MedSigLIP's notebook trains with)::

    loss = - 1/B Σ_ij log σ(z_ij (s · cos(picture_i, text_j) + b))      z = +1 where they belong together, else -1

There z is +1 on the diagonal only. With captions made of a few labels a batch of eight nearly always holds one label
twice, and the loss would push a picture from the very words that are right for it. So z_ij is +1 wherever text j is
known to be right for picture i (`belong`); where no caption repeats, the numbers are transformers'.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from osler.adapt.medsiglip.network import Network
from osler.adapt.medsiglip.order import Order
from osler.adapt.medsiglip.pair import Caption, Pair
from osler.adapt.medsiglip.prepared import Prepared
from osler.adapt.medsiglip.texts import Texts
from osler.adapt.training.objective import Losses

__all__ = ["ContrastiveObjective", "belong", "contrastive_loss"]


def belong(pairs: Sequence[Pair], captions: Sequence[Caption], ids: np.ndarray) -> np.ndarray:
    """Which text is right for which picture: [B, B] bool, pictures down, texts across.

    A text is right for a picture if it is its own, if it was made of a label that the picture has, if it reads the
    same to the tower as the picture's own, or if it is the text of another picture of the same file::

                      effusion   a film without findings   effusion
        picture 1        x                                    x
        picture 2                          x
        picture 3        x                                    x

    Args:
        pairs: rows of the pictures.
        captions: the text drawn for each.
        ids: [B, T], what the tower reads of them.
    """
    same = (ids[:, None] == ids[None]).all(axis=-1)  # [B, B]
    numbers = np.array([pair.number for pair in pairs])
    labelled = np.array([[caption.label in pair.labels for caption in captions] for pair in pairs])
    return same | (numbers[:, None] == numbers) | labelled


def contrastive_loss(logits: Tensor, right: Tensor) -> Tensor:
    """The sum over all pairs of -log σ(± logit), a scalar; transformers' loss is this divided by the pictures."""
    return -logsigmoid(torch.where(right, logits, -logits)).sum()


class Pull(NamedTuple):
    """The derivatives of a step's loss by the vectors of one part, and that part's share of the others and of it."""

    pictures: Tensor
    texts: Tensor
    scale: Tensor
    bias: Tensor
    loss: Tensor


class ContrastiveObjective:
    """Both towers, trained together.

    Args:
        network: what is trained.
        prepared: the pictures of the training part.
        texts: their captions as ids.
        order: which examples stand in which batch.
        decay: of matrices.
        whole_step: contrast all pictures of a step with all of its texts, instead of those of one part. What a part
            needs to know of the others is computed first, without keeping what is inside the network, so that it costs
            one more forward pass and no memory (Gao et al., "Scaling Deep Contrastive Learning Batch Size", 2021).
    """

    def __init__(
        self,
        network: Network,
        prepared: Prepared,
        texts: Texts,
        order: Order,
        *,
        decay: float = 0.01,
        whole_step: bool = False,
    ) -> None:
        self.network, self.prepared, self.texts, self.order = network, prepared, texts, order
        self._decay, self._whole_step = decay, whole_step
        self._pulls: tuple[int, list[Pull]] = (-1, [])

    def parameter_groups(self) -> list[dict[str, Any]]:
        return self.network.groups(self._decay)

    def losses(self, step: int, part: int) -> Losses:
        if self._whole_step:
            return self._share(step, part)
        places, captions, ids = self._batch(step, part)
        right = belong([self.prepared.pairs[place] for place in places], captions, ids)
        logits = self.network.logits(self.network.see(self.prepared.look(places)), self.network.read(ids))
        total = contrastive_loss(logits, torch.from_numpy(right).to(logits.device))
        return Losses(total=total, weight=float(len(places)))

    def state(self) -> dict[str, Any]:
        return self.network.state()

    def load_state(self, state: dict[str, Any]) -> None:
        self.network.load_state(state)

    def after_step(self, step: int) -> None:
        """Nothing is to be done."""

    def _batch(self, step: int, part: int) -> tuple[np.ndarray, list[Caption], np.ndarray]:
        places = self.order.of(step, part)
        captions, ids = self.texts.drawn([self.prepared.pairs[place] for place in places], step, part)
        return places, captions, ids

    def _share(self, step: int, part: int) -> Losses:
        """A part's share of the whole step's loss: its value, and the gradient through its own pictures and texts."""
        if self._pulls[0] != step:
            self._pulls = (step, self._all_pulls(step))
        places, _, ids = self._batch(step, part)
        pull = self._pulls[1][part]
        pictures, texts = self.network.see(self.prepared.look(places)), self.network.read(ids)
        scale, bias = self.network.model.logit_scale, self.network.model.logit_bias
        way = (
            (pictures * pull.pictures).sum()
            + (texts * pull.texts).sum()
            + (scale * pull.scale + bias * pull.bias).sum()
        )
        return Losses(total=way - way.detach() + pull.loss, weight=float(len(places)))

    def _all_pulls(self, step: int) -> list["Pull"]:
        """For each part, the loss's derivatives by its vectors."""
        batches = [self._batch(step, part) for part in range(self.order.parts)]
        with torch.no_grad():
            pictures = torch.cat([self.network.see(self.prepared.look(places)) for places, _, _ in batches])
            texts = torch.cat([self.network.read(ids) for _, _, ids in batches])
        pairs = [self.prepared.pairs[place] for places, _, _ in batches for place in places]
        captions = [caption for _, drawn, _ in batches for caption in drawn]
        right = belong(pairs, captions, np.concatenate([ids for _, _, ids in batches]))
        model = self.network.model
        leaves = [one.detach().requires_grad_() for one in (pictures, texts, model.logit_scale, model.logit_bias)]
        logits = leaves[0] @ leaves[1].T * leaves[2].exp() + leaves[3]
        loss = contrastive_loss(logits, torch.from_numpy(right).to(logits.device))
        by = torch.autograd.grad(loss, leaves)
        parts = self.order.parts
        return [
            Pull(seen, read, by[2] / parts, by[3] / parts, loss.detach() / parts)
            for seen, read in zip(by[0].split(self.order.batch), by[1].split(self.order.batch), strict=True)
        ]
