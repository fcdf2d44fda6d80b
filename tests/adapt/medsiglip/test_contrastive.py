"""The contrastive loss beside transformers', and what of a batch belongs together."""

import numpy as np
import pytest
import torch

from osler.adapt.medsiglip.contrastive import ContrastiveObjective, belong, contrastive_loss
from osler.adapt.medsiglip.kept_rows import KeptRows
from osler.adapt.medsiglip.network import Scope, open_network
from osler.adapt.medsiglip.order import Order
from osler.adapt.medsiglip.pair import Caption, Pair
from osler.adapt.medsiglip.prepared import Prepared
from osler.adapt.medsiglip.texts import Texts
from osler.imaging.normalise import normalise
from osler.weights.medsiglip import MedSiglipCheckpoint

OWN = ["clear lungs", "right pleural effusion", "a nodule", "pneumonia of the left lobe"]


@pytest.fixture
def texts(weights):
    return Texts(MedSiglipCheckpoint(weights).tokenizer(), 16, seed=7)


@pytest.fixture
def network(weights):
    return open_network(weights, Scope(), device="cpu")


def prepared_with(tmp_path, captions) -> Prepared:
    """Pictures of noise, one for each caption."""
    rng = np.random.default_rng(1)
    kept = KeptRows(tmp_path, "squares", (56, 56, 3), "|u1", way="")
    rows = rng.integers(0, 256, (len(captions), 56, 56, 3), dtype=np.uint8)
    kept.add("all", [str(number) for number in range(len(captions))], rows)
    pairs = tuple(
        Pair(
            number=number + 1,
            where=f"line {number + 1}",
            file=tmp_path,
            captions=(caption,),
            labels=(caption.label,) if caption.label else (),
        )
        for number, caption in enumerate(captions)
    )
    return Prepared(pairs=pairs, names=kept.names("all"), places=np.arange(len(pairs)), kept=kept)


def objective_with(network, prepared, texts, *, parts=1, whole_step=False) -> ContrastiveObjective:
    order = Order(len(prepared), len(prepared) // parts, parts, 7)
    return ContrastiveObjective(network, prepared, texts, order, whole_step=whole_step)


def gradients(network) -> dict[str, torch.Tensor]:
    return {name: weight.grad.clone() for name, weight in network.trained.items() if weight.grad is not None}


def test_the_loss_is_transformers_where_no_caption_repeats(tmp_path, network, texts):
    prepared = prepared_with(tmp_path, [Caption(text=text) for text in OWN])
    losses = objective_with(network, prepared, texts).losses(0, 0)
    places = Order(4, 4, 1, 7).of(0, 0)
    ids = texts.ids([OWN[place] for place in places])
    with torch.no_grad():
        theirs = network.model(
            input_ids=torch.tensor(ids, dtype=torch.long),
            pixel_values=torch.tensor(normalise(prepared.look(places))),
            return_loss=True,
        )
    assert float(losses.total.detach()) / losses.weight == pytest.approx(float(theirs.loss), abs=1e-5)


def test_the_gradient_is_the_slope_of_the_loss(tmp_path, network, texts):
    objective = objective_with(network, prepared_with(tmp_path, [Caption(text=text) for text in OWN]), texts)
    network.model.double()
    network.see = lambda squares: _double(network.model.vision_model(torch.tensor(normalise(squares)).double()))
    network.read = lambda ids: _double(network.model.text_model(torch.tensor(ids, dtype=torch.long)))
    objective.losses(0, 0).total.backward()
    for name in ("vision_model.encoder.layers.0.mlp.fc1.weight", "text_model.head.weight", "logit_scale"):
        weight = network.trained[name]
        place = (0,) * weight.ndim
        slope, step = float(weight.grad[place]), 1e-5
        with torch.no_grad():
            weight[place] += step
            above = float(objective.losses(0, 0).total)
            weight[place] -= 2 * step
            below = float(objective.losses(0, 0).total)
            weight[place] += step
        assert slope == pytest.approx((above - below) / (2 * step), rel=1e-5, abs=1e-8)


def _double(output) -> torch.Tensor:
    return output.pooler_output / output.pooler_output.norm(dim=-1, keepdim=True)


def test_texts_of_one_label_are_right_for_all_its_pictures(texts):
    captions = [Caption(text=text, label=label) for text, label in (("mass", "a"), ("clear", "b"), ("a mass", "a"))]
    pairs = [
        Pair(number=number, where="", file=None, captions=(caption,), labels=(caption.label,))
        for number, caption in enumerate(captions)
    ]
    right = belong(pairs, captions, texts.ids([caption.text for caption in captions]))
    assert right.tolist() == [[True, False, True], [False, True, False], [True, False, True]]


def test_captions_that_read_the_same_are_no_negatives_of_each_other(texts):
    captions = [Caption(text=text) for text in ("No findings.", "no findings", "effusion")]
    pairs = [Pair(number=number, where="", file=None, captions=(one,)) for number, one in enumerate(captions)]
    right = belong(pairs, captions, texts.ids([caption.text for caption in captions]))
    assert right.tolist() == [[True, True, False], [True, True, False], [False, False, True]]


def test_two_slices_of_one_row_share_its_text(texts):
    captions = [Caption(text="a nodule"), Caption(text="clear")]
    pair = Pair(number=4, where="", file=None, captions=tuple(captions))
    assert belong([pair, pair], captions, texts.ids(["a nodule", "clear"])).all()


def test_a_repeated_caption_lowers_the_loss_only_by_no_longer_being_wrong():
    logits = torch.tensor([[2.0, 2.0], [1.0, 1.0]])
    own, both = torch.eye(2, dtype=torch.bool), torch.ones((2, 2), dtype=torch.bool)
    assert float(contrastive_loss(logits, own)) > float(contrastive_loss(logits, both))
    assert float(contrastive_loss(logits, own)) == pytest.approx(
        sum(np.log1p(np.exp(one)) for one in (-2.0, 2.0, 1.0, -1.0)), abs=1e-5
    )


def test_a_whole_step_contrasted_in_parts_has_the_gradient_of_one_batch(tmp_path, weights, texts):
    captions = [Caption(text=text, label=text[:1]) for text in OWN]
    prepared = prepared_with(tmp_path, captions)
    found = {}
    for parts, whole in ((1, False), (2, True), (2, False)):
        network = open_network(weights, Scope(), device="cpu")
        objective = objective_with(network, prepared, texts, parts=parts, whole_step=whole)
        objective.texts.drawn = lambda pairs, step, part: texts.first(pairs)
        total = 0.0
        for part in range(parts):
            losses = objective.losses(0, part)
            losses.total.backward()
            total += float(losses.total.detach())
        found[parts, whole] = (total, gradients(network))
    one, cut, smaller = found[1, False], found[2, True], found[2, False]
    assert cut[0] == pytest.approx(one[0], rel=1e-5)
    for name, gradient in one[1].items():
        assert torch.allclose(cut[1][name], gradient, rtol=1e-3, atol=1e-4), name
    assert smaller[0] < one[0]  # parts by themselves contrast with fewer texts
