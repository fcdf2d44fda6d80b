"""The estimate beside what torch really keeps."""

import numpy as np
import pytest
import torch

from osler.adapt.medsiglip.memory import choose_memory, estimate
from osler.adapt.medsiglip.network import Scope, open_network
from osler.errors import InputError
from osler.testing.tiny_medsiglip import TinyMedSiglip, write_medsiglip


@pytest.fixture(scope="module")
def larger(tmp_path_factory):
    """Many layers, as MedSigLIP has: in the tiniest model, what is outside them counts too much."""
    shape = TinyMedSiglip(
        image_px=112, vision_layers=16, vision_feed_forward_width=256, words_layers=8, words_feed_forward_width=256
    )
    return write_medsiglip(tmp_path_factory.mktemp("larger"), shape=shape)


def kept_bytes(network, squares, ids) -> int:
    """Bytes of all tensors that a forward pass keeps, each storage once, weights left out."""
    held = {}
    weights = {weight.untyped_storage().data_ptr() for weight in network.model.parameters()}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            held[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        kept = (network.see(squares), network.read(ids))
    del kept
    return sum(size for size, _ in held.values())


@pytest.mark.parametrize("scope", [Scope(), Scope(layers=8), Scope(lora=2)], ids=["all", "eight", "terms"])
def test_the_estimate_is_near_what_is_kept(larger, scope):
    network = open_network(larger, scope, device="cpu")
    squares = np.zeros((4, 112, 112, 3), np.uint8)
    ids = np.ones((4, 16), np.int32)
    told = estimate(network, batch=4, with_words=True, saves_memory=False).passes
    assert kept_bytes(network, squares, ids) == pytest.approx(told, rel=0.25)


def test_layers_are_computed_twice_only_where_they_would_not_fit_otherwise(larger):
    network = open_network(larger, Scope(), device="cpu")
    roomy, tight = (estimate(network, batch=64, with_words=True, saves_memory=saves) for saves in (False, True))
    assert not choose_memory(network, batch=64, with_words=True, wanted=None, free_bytes=2 * roomy.total)[1]
    assert choose_memory(network, batch=64, with_words=True, wanted=None, free_bytes=roomy.total)[1]
    with pytest.raises(InputError, match="cannot tune: it would take"):
        choose_memory(network, batch=64, with_words=True, wanted=None, free_bytes=tight.total)
    with pytest.raises(InputError):
        choose_memory(network, batch=64, with_words=True, wanted=False, free_bytes=roomy.total)
