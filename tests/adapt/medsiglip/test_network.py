"""MedSigLIP in torch: what is trained of it, and what is written of it."""

import numpy as np
import pytest
import torch

from osler.adapt.medsiglip.network import Scope, open_network
from osler.adapt.medsiglip.saving import save_model
from osler.errors import InputError
from osler.tasks.medsiglip import load_medsiglip

SQUARES = np.random.default_rng(3).integers(0, 256, (3, 56, 56, 3), dtype=np.uint8)


def trained(weights, **scope) -> set[str]:
    return set(open_network(weights, Scope(**scope), device="cpu").trained)


def test_everything_is_trained_unless_layers_are_chosen(weights):
    assert len(trained(weights)) == 104


def test_layers_are_counted_from_the_end_with_what_comes_behind_them(weights):
    names = trained(weights, layers=1, words=False, scales=False)
    assert "vision_model.encoder.layers.1.mlp.fc1.weight" in names and "vision_model.head.probe" in names
    assert not [name for name in names if "layers.0." in name or "embeddings" in name or name.startswith("text")]


def test_low_rank_terms_change_nothing_at_first_and_are_added_in_at_the_end(weights, tmp_path):
    plain = open_network(weights, Scope(), device="cpu").see(SQUARES)
    network = open_network(weights, Scope(lora=2), device="cpu")
    assert all(".lora_" in name or name.startswith("logit") for name in network.trained)
    assert torch.allclose(network.see(SQUARES), plain, atol=1e-6)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, weight in network.trained.items():
            if ".lora_B" in name:
                weight.add_(torch.randn(weight.shape, generator=generator), alpha=0.2)
    moved = network.see(SQUARES)
    assert (moved - plain).abs().max() > 0.01
    save_model(network, weights, tmp_path / "out", origin={})
    again = open_network(tmp_path / "out", Scope(), device="cpu")
    assert torch.allclose(again.see(SQUARES), moved, atol=1e-5)


def test_low_rank_terms_need_a_layer(weights):
    with pytest.raises(InputError, match="no layer was chosen"):
        open_network(weights, Scope(lora=2, layers=0), device="cpu")


def test_a_state_is_taken_up_again(weights):
    network, other = (open_network(weights, Scope(layers=1), device="cpu") for _ in range(2))
    with torch.no_grad():
        for weight in network.trained.values():
            weight.add_(0.05)
    other.load_state(network.state())
    assert torch.equal(other.see(SQUARES), network.see(SQUARES))


def test_what_is_written_gives_the_same_vectors_in_oslers_engine(weights, tmp_path):
    network = open_network(weights, Scope(), device="cpu")
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in network.trained.values():
            weight.add_(torch.randn(weight.shape, generator=generator), alpha=0.03)
    save_model(network, weights, tmp_path / "out", origin={"kind": "test"})
    medsiglip = load_medsiglip(tmp_path / "out", precision="f32", threads=1)
    assert np.abs(medsiglip.embed_pixels(list(SQUARES)) - network.see(SQUARES).detach().numpy()).max() < 1e-4
    texts = ["clear lungs", "a right pleural effusion"]
    ids = medsiglip._tokenizer.encode(texts, 16)
    assert np.abs(medsiglip.embed_texts(texts) - network.read(ids).detach().numpy()).max() < 1e-4
    assert medsiglip.logit_scale == pytest.approx(float(network.model.logit_scale.exp().detach()), rel=1e-6)


def test_matrices_decay_and_nothing_else_does(weights):
    network = open_network(weights, Scope(), device="cpu")
    decaying, still = network.groups(0.01)
    assert {weight.ndim for weight in still["params"]} == {1} and still["weight_decay"] == 0
    assert min(weight.ndim for weight in decaying["params"]) == 2 and decaying["weight_decay"] == 0.01


@pytest.mark.parametrize("saves_memory", [False, True])
def test_layers_computed_twice_give_the_same_gradient(weights, saves_memory):
    found = []
    for saves in (False, saves_memory):
        network = open_network(weights, Scope(), device="cpu")
        if saves:
            network.save_memory()
        network.see(SQUARES)[:, 0].sum().backward()
        found.append(network.trained["vision_model.encoder.layers.0.mlp.fc1.weight"].grad)
    assert torch.allclose(*found, rtol=1e-4, atol=1e-6) and found[0].abs().max() > 0
