"""Figures and their intervals."""

import numpy as np

from osler.adapt.quantise.divergence import Places
from osler.adapt.quantise.quality import difference, quality_of


def places(divergence: np.ndarray) -> Places:
    generator = np.random.default_rng(5)
    return Places(
        divergence=divergence, same_top=generator.random(len(divergence)) < 0.9, surprise=np.full(len(divergence), 2.0)
    )


def drawn(documents: int, each: int, level: float = 0.02, seed: int = 0) -> tuple[Places, list[str]]:
    generator = np.random.default_rng(seed)
    of_document = generator.gamma(4, level / 4, documents).repeat(each)
    return places(of_document * generator.gamma(2, 0.5, documents * each)), [
        str(n // each) for n in range(documents * each)
    ]


def test_figures_are_means_over_places():
    found, documents = drawn(20, 30)
    quality = quality_of(found, documents)
    assert quality.divergence.value == found.divergence.mean()
    assert quality.high.value == np.quantile(found.divergence, 0.99)
    assert quality.same_top.value == found.same_top.mean()
    np.testing.assert_allclose(quality.perplexity.value, np.exp(2.0))
    assert (quality.num_places, quality.num_documents) == (600, 20)


def test_intervals_draw_whole_documents():
    found, documents = drawn(20, 30)
    whole = quality_of(found, documents).divergence
    alone = quality_of(found, [str(n) for n in range(600)]).divergence
    assert whole.low < whole.value < whole.high
    assert whole.high - whole.low > 1.5 * (alone.high - alone.low)


def test_an_interval_of_the_mean_holds_the_truth_about_as_often_as_it_says():
    truth, held = 0.02, 0
    for seed in range(60):
        found, documents = drawn(30, 5, level=truth, seed=seed)
        interval = quality_of(found, documents).divergence
        held += interval.low <= truth <= interval.high
    assert held >= 50


def test_one_document_has_no_interval():
    found, _ = drawn(1, 50)
    assert quality_of(found, ["a"] * 50).divergence.low is None


def test_a_difference_is_drawn_in_pairs():
    found, documents = drawn(20, 30)
    worse = places(found.divergence * 1.05)
    apart = difference(worse, found, documents)
    assert apart.low > 0  # though the intervals of the two themselves overlap
    one, other = quality_of(found, documents).divergence, quality_of(worse, documents).divergence
    assert one.high > other.low
