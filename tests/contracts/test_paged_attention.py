"""What Osler relies on in OpenVINO's PagedAttention, which is marked experimental: each case against numpy."""

import numpy as np
import pytest
from contracts.paged import NUM_BLOCKS, Heads, PagedLayer, expected, random_sequence

from osler.engine.blocks import local_start_for
from osler.engine.step import BLOCK

TOLERANCE = 2e-5
"""On sums of values with a standard deviation of 1; float32 gives about 1e-6."""

WINDOWS = (0, 48)
IN_ORDER = np.arange(NUM_BLOCKS)
MIXED_UP = np.random.default_rng(0).permutation(NUM_BLOCKS)
TWO_IMAGES = ((10, 30), (31, 70))
HEADS = Heads()
PUBLISHED = [
    Heads(queries=4, keys=1, width=256),  # 270M
    Heads(queries=8, keys=4, width=256),  # 4B
    Heads(queries=32, keys=16, width=128),  # 27B
]


@pytest.fixture(scope="module")
def layers():
    """A function from a window to a layer with an empty cache; layers are compiled once."""
    compiled: dict[tuple, PagedLayer] = {}

    def layer(window: int, heads: Heads = HEADS, precision: str = "f32") -> PagedLayer:
        key = (window, heads, precision)
        if key not in compiled:
            compiled[key] = PagedLayer(heads, window, precision)
        compiled[key].forget()
        return compiled[key]

    return layer


def in_parts(layer: PagedLayer, sequence, cuts, table=MIXED_UP) -> np.ndarray:
    """The output of a sequence that is computed in parts, cut before each of `cuts`."""
    ends = [*cuts, len(sequence)]
    parts = zip([0, *cuts], ends, strict=True)
    return np.concatenate([layer.step([(sequence, start, end, table, 0)]) for start, end in parts])


def same(first: np.ndarray, second: np.ndarray, tolerance: float = TOLERANCE) -> None:
    assert first.shape == second.shape
    assert np.abs(first - second).max() <= tolerance


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("images", [(), TWO_IMAGES], ids=["text", "images"])
@pytest.mark.parametrize("table", [IN_ORDER, MIXED_UP], ids=["in-order", "mixed-up"])
def test_one_pass_is_masked_attention(layers, window, images, table):
    sequence = random_sequence(HEADS, 150, images=images)
    same(layers(window).step([(sequence, 0, 150, table, 0)]), expected(HEADS, sequence, window))


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("cuts", [(1,), (32, 64), (30, 31, 90), (70, 71, 72, 73)], ids=str)
def test_a_prompt_in_chunks_is_the_prompt_in_one_pass(layers, window, cuts):
    sequence = random_sequence(HEADS, 150, images=((10, 30), (31, 64))[: 2 if 32 not in cuts else 1])
    same(in_parts(layers(window), sequence, cuts), expected(HEADS, sequence, window))


@pytest.mark.parametrize("window", WINDOWS)
def test_token_by_token_is_the_prompt_in_one_pass(layers, window):
    sequence = random_sequence(HEADS, 130, images=((10, 30),))
    same(in_parts(layers(window), sequence, range(40, 130)), expected(HEADS, sequence, window))


@pytest.mark.parametrize("window", WINDOWS)
def test_sequences_of_one_step_keep_to_themselves(layers, window):
    layer = layers(window)
    tables = np.split(MIXED_UP[:15], 3)
    sequences = [
        random_sequence(HEADS, 90, images=((50, 80),), seed=1),
        random_sequence(HEADS, 41, seed=2),
        random_sequence(HEADS, 120, images=((3, 20), (21, 38)), seed=3),
    ]
    layer.step([(sequences[0], 0, 50, tables[0], 0), (sequences[1], 0, 40, tables[1], 0)])
    together = layer.step(
        [
            (sequences[0], 50, 90, tables[0], 0),
            (sequences[1], 40, 41, tables[1], 0),
            (sequences[2], 0, 120, tables[2], 0),
        ]
    )
    wanted = [expected(HEADS, sequence, window) for sequence in sequences]
    same(together, np.concatenate([wanted[0][50:], wanted[1][40:], wanted[2]]))


def test_tokens_out_of_the_window_may_be_given_back_and_left_uncounted(layers):
    sequence, window = random_sequence(HEADS, 260, images=((100, 130),)), 48
    wanted, layer = expected(HEADS, sequence, window), layers(window)
    for past, stop in [(0, 60), (60, 100), (100, 130), (130, 131), (131, 200), (200, 260)]:
        start = local_start_for(past, window)
        # a ring of six blocks: those that have left the window hold tokens of another place by now
        table = np.arange(start // BLOCK, start // BLOCK + 6) % 6
        same(layer.step([(sequence, past, stop, table, start)]), wanted[past:stop])


def test_keys_and_values_lie_where_the_table_says(layers):
    sequence, layer = random_sequence(HEADS, 70), layers(0)
    layer.step([(sequence, 0, 70, MIXED_UP, 0)])
    for position in (0, 31, 32, 69):
        block, slot = MIXED_UP[position // BLOCK], position % BLOCK
        keys, values = (cache.data[block, :, slot].reshape(-1) for cache in layer.caches)
        assert np.array_equal(keys, sequence.key[position])
        assert np.array_equal(values, sequence.value[position])


@pytest.mark.parametrize("precision", ["f32", "bf16"])
@pytest.mark.parametrize("heads", PUBLISHED, ids=str)
def test_published_head_shapes_are_computed(layers, heads, precision):
    """bf16 keeps 8 bits of queries, keys, values and weights: 0.02 on these numbers."""
    sequence = random_sequence(heads, 100, images=((10, 50),))
    mixed = in_parts(layers(48, heads, precision), sequence, (60, 99))
    same(mixed, expected(heads, sequence, 48), TOLERANCE if precision == "f32" else 0.05)


def test_an_image_longer_than_the_window_sees_itself_whole_all_the_same(layers):
    """Not so in transformers, which keeps images inside the window; no image of Gemma 3 is longer than its window."""
    sequence = random_sequence(HEADS, 100, images=((5, 75),))
    same(layers(48).step([(sequence, 0, 100, IN_ORDER, 0)]), expected(HEADS, sequence, 48))
