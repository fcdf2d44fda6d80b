"""Attention over all patches; that over paged blocks is in tests/contracts/test_paged_attention.py."""

import numpy as np
import pytest
from model.compute import compute

from osler.model.attention import full_attention

HEADS = 2


@pytest.mark.parametrize("width", [8, 72])
def test_every_patch_sees_every_other_of_its_own_image(width):
    rng = np.random.default_rng(0)
    query, key, value = (rng.standard_normal((2, 10, HEADS * width), np.float32) for _ in range(3))
    (found,) = compute(
        lambda graph, *nodes: full_attention(graph, *nodes, num_heads=HEADS, head_width=width),
        {"query": query, "key": key, "value": value},
    )
    split = (2, 10, HEADS, width)
    scores = np.einsum("iphe,iqhe->ihpq", query.reshape(split), key.reshape(split)).astype(np.float64) * width**-0.5
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    wanted = np.einsum("ihpq,iqhe->iphe", weights, value.reshape(split)).reshape(found.shape)
    assert np.abs(found - wanted).max() < 1e-5
