"""What the demonstration model learns from: the heads' losses, and the text's with yes and no smoothed."""

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from nano import batches
from nano.data import FINDINGS
from nano.network import TOKENS_A_SIDE, Heads

OPPOSITES = (("Yes", "No"), ("▁yes", "▁no"))
SMOOTHING = 0.05


def heads_loss(heads: Heads, vectors: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return one loss a head for the image vectors [I, M, D]."""
    mean, images = vectors.mean(dim=1), len(vectors)
    films = targets["view"] != batches.IGNORED
    with_box = ~targets["box"][..., 0].isnan()  # [I, M]
    place = torch.arange(TOKENS_A_SIDE**2).repeat(images)
    importance = torch.ones(len(FINDINGS))
    importance[0] = len(FINDINGS)
    cell = functional.cross_entropy(
        heads.cell(vectors).float().flatten(0, 1),
        targets["cell"].flatten(),
        weight=torch.tensor([0.5, 0.5, 2.0, 2.0]),
        ignore_index=batches.IGNORED,
    )
    losses = {
        "kind": 0.3 * functional.cross_entropy(heads.kind(mean).float(), targets["kind"]),
        "view": 0.3 * functional.cross_entropy(heads.view(mean[films]).float(), targets["view"][films]),
        "findings": 0.5 * functional.binary_cross_entropy_with_logits(
            heads.findings(mean[films]).float(), targets["findings"][films], weight=importance
        ),
        "cell": cell,
        "place": 0.1 * functional.cross_entropy(heads.row(vectors).float().flatten(0, 1), place // TOKENS_A_SIDE)
        + 0.1 * functional.cross_entropy(heads.column(vectors).float().flatten(0, 1), place % TOKENS_A_SIDE),
    }  # fmt: skip
    if with_box.any():
        boxes = heads.box(vectors)[with_box].float()
        losses["box"] = 5 * functional.l1_loss(boxes, targets["box"][with_box])
    return losses


def smoothed_loss(logits: Tensor, targets: Tensor, opposites: Tensor) -> Tensor:
    """Return the cross entropy of each target [N]; a yes gives 5 % of its weight to no, and the reverse."""
    logs = functional.log_softmax(logits, dim=-1)
    loss = -logs.gather(1, targets[:, None]).squeeze(1)
    other = opposites[targets]
    against = -logs.gather(1, other.clamp(min=0)[:, None]).squeeze(1)
    return torch.where(other >= 0, (1 - SMOOTHING) * loss + SMOOTHING * against, loss)


def opposite_ids(tokenizer: Tokenizer) -> Tensor:
    """Return [V]: the id of the opposite word of yes and no, -1 elsewhere."""
    table = torch.full((tokenizer.get_vocab_size(),), -1)
    for pair in OPPOSITES:
        yes, no = (tokenizer.token_to_id(piece) for piece in pair)
        table[yes], table[no] = no, yes
    return table
