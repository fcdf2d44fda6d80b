"""The network that is tuned: what sees what, and where its weights come from."""

import numpy as np
import pytest
import torch
from adapt.training.small_examples import SHAPE, SOFT, example

from osler.adapt.training.answers import Reader
from osler.adapt.training.batch import Batch, collate
from osler.adapt.training.network import open_network
from osler.adapt.training.precision import Precision
from osler.errors import WeightsError
from osler.testing.tiny import TinyShape, write_gguf, write_safetensors
from osler.weights.checkpoint import open_checkpoint

F32 = Precision(name="f32", reason="", device="cpu")


def states_of(network, ids, vectors):
    nothing = torch.zeros_like(ids, dtype=torch.bool)
    mask = torch.ones_like(ids)
    return network.states(
        Batch(ids=ids, mask=mask, before=nothing, targets=ids, images=ids == SOFT, squares=()), vectors
    )


@pytest.fixture(scope="module")
def one_image(frozen):
    """Ids [1, T] of a prompt with an image, its vectors, where it begins, and the states."""
    ids = collate([example(1)]).ids
    start = int((ids[0] == SOFT).nonzero()[0])
    vectors = torch.randn(1, SHAPE.image_tokens, SHAPE.width, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return ids, vectors, start, states_of(frozen, ids, vectors)


def test_a_later_part_of_an_image_changes_what_an_earlier_one_becomes(frozen, one_image):
    ids, vectors, start, before = one_image
    changed = vectors.clone()
    changed[0, -1] += 1
    with torch.no_grad():
        after = states_of(frozen, ids, changed)
    assert torch.equal(after[0, :start], before[0, :start])
    assert (after[0, start] - before[0, start]).abs().max() > 1e-3


def test_a_later_word_changes_nothing_before_it(frozen, one_image):
    ids, vectors, start, before = one_image
    changed = ids.clone()
    changed[0, start + SHAPE.image_tokens + 1] += 1
    with torch.no_grad():
        after = states_of(frozen, changed, vectors)
    end = start + SHAPE.image_tokens + 1
    assert torch.equal(after[0, :end], before[0, :end])
    assert (after[0, end] - before[0, end]).abs().max() > 1e-3


def test_an_image_does_not_see_the_next_one(frozen):
    ids = collate([example(2)]).ids
    vectors = torch.randn(2, SHAPE.image_tokens, SHAPE.width, generator=torch.Generator().manual_seed(0))
    changed = vectors.clone()
    changed[1] += 1
    second = int((ids[0] == SOFT).nonzero()[SHAPE.image_tokens])
    with torch.no_grad():
        before, after = (states_of(frozen, ids, each) for each in (vectors, changed))
    assert torch.equal(after[0, :second], before[0, :second])


def test_image_vectors_are_those_of_transformers(frozen):
    squares = example(2).squares
    pixels = torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        theirs = frozen.base.model.get_image_features((pixels - 0.5) / 0.5).pooler_output
        ours = frozen.vectors(frozen.pooled(squares))
    assert torch.allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("prefixes", ["old", "text"])
def test_every_generation_of_published_folders_loads_with_all_its_weights(tmp_path, prefixes, frozen):
    other = open_network(
        open_checkpoint(write_safetensors(tmp_path, kind="f32", prefixes=prefixes)), dtype=torch.float32
    )
    assert other.has_vision == (prefixes == "old")
    ours, theirs = (dict(each.decoder.named_parameters()) for each in (frozen, other))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize(("vision", "soft_token"), [(True, True), (True, False), (False, False)])
def test_gguf_gives_the_network_that_its_safetensors_would(tmp_path, vision, soft_token, frozen):
    path = tmp_path / "tiny.gguf"
    write_gguf(path, "F32", shape=TinyShape(), soft_token=soft_token, projector="F32" if vision else None)
    other = open_network(open_checkpoint(path), dtype=torch.float32)
    shown = example(int(vision))
    with torch.no_grad():
        found = [each.logits(states_before(each, shown))[:, :SOFT] for each in (frozen, other)]
    assert other.has_vision == vision
    assert torch.allclose(*found, atol=1e-4)


def states_before(network, shown):
    reader = Reader(network, F32)
    return reader.states(reader.batch([shown]))


def test_gguf_is_refused_for_four_bits(tmp_path):
    write_gguf(tmp_path / "tiny.gguf")
    with pytest.raises(WeightsError, match="safetensors folder"):
        open_network(open_checkpoint(tmp_path / "tiny.gguf"), dtype=torch.float32, four_bit=True)
