"""Choosing types against going through all choices."""

from itertools import product

import numpy as np
import pytest

from osler.adapt.quantise.choice import Option, cheapest, cost_of, size_of, smallest


def options(seed: int, matrices: int = 5) -> dict[str, list[Option]]:
    generator = np.random.default_rng(seed)
    found = {}
    for number in range(matrices):
        weight, scale = int(generator.integers(10, 100)), float(generator.uniform(0.1, 10))
        found[f"m{number}"] = [
            Option(kind=str(bits), size_bytes=weight * bits, cost=scale * 4.0**-bits) for bits in (2, 3, 4, 6, 8)
        ]
    return found


def best_of_all(every: dict[str, list[Option]], budget: int) -> float:
    choices = (dict(zip(every, chosen, strict=True)) for chosen in product(*every.values()))
    return min(cost_of(choice) for choice in choices if size_of(choice) <= budget)


@pytest.mark.parametrize("seed", range(6))
def test_the_cheapest_choice_fits_and_is_near_the_best_there_is(seed):
    every = options(seed)
    least, most = (sum(pick(o.size_bytes for o in one) for one in every.values()) for pick in (min, max))
    for share in (0.2, 0.5, 0.8):
        budget = int(least + share * (most - least))
        choice = cheapest(every, budget)
        assert size_of(choice) <= budget
        assert cost_of(choice) <= 1.35 * best_of_all(every, budget)


def test_a_budget_below_the_smallest_has_no_choice():
    every = options(0)
    assert cheapest(every, sum(min(o.size_bytes for o in one) for one in every.values()) - 1) is None


def test_the_smallest_choice_costs_no_more_than_it_may():
    every = options(1)
    loose, tight = smallest(every, 0.5), smallest(every, 0.01)
    assert cost_of(loose) <= 0.5
    assert cost_of(tight) <= 0.01
    assert size_of(loose) < size_of(tight)


def test_what_no_choice_can_keep_has_none():
    assert smallest(options(1), 1e-12) is None


def test_an_option_that_costs_more_and_is_larger_is_never_taken():
    every = {"m": [Option(kind="a", size_bytes=1, cost=1.0), Option(kind="b", size_bytes=5, cost=2.0)]}
    assert cheapest(every, 10)["m"].kind == "a"
