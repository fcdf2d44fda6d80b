"""Choosing a type for each matrix: the least cost in all for a size, or the least size for a cost.

Each matrix has options of some size and cost, and costs add up. Of its options only those matter that lie on the lower
convex edge of cost against size; from the smallest of each, the step that saves most cost for a byte is taken again and
again. The largest matrix (Gemma's embedding can be two thirds of a file) is tried in every type, because one step of it
is too coarse for that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Choice", "Option", "cheapest", "cost_of", "size_of", "smallest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A matrix in one type."""

    kind: str
    size_bytes: int
    cost: float


Options = Mapping[str, Sequence[Option]]
Choice = dict[str, Option]


def size_of(choice: Mapping[str, Option]) -> int:
    """Bytes of all matrices."""
    return sum(option.size_bytes for option in choice.values())


def cost_of(choice: Mapping[str, Option]) -> float:
    """What all matrices cost together."""
    return sum(option.cost for option in choice.values())


def cheapest(options: Options, budget_bytes: int) -> Choice | None:
    """The choice that costs least and is no larger than the budget; None where even the smallest is larger."""
    largest = max(options, key=lambda name: max(option.size_bytes for option in options[name]))
    found: Choice | None = None
    for option in options[largest]:
        edges = {name: _edge(every if name != largest else [option]) for name, every in options.items()}
        choice = _upgraded(edges, budget_bytes)
        if choice is not None and (found is None or cost_of(choice) < cost_of(found)):
            found = choice
    return found


def smallest(options: Options, most_cost: float) -> Choice | None:
    """The smallest choice that costs no more; None where even the best of every matrix costs more.

    Found by halving the range of budgets, so it is within a thousandth of the smallest that `cheapest` knows.
    """
    best = {name: min(every, key=lambda option: (option.cost, option.size_bytes)) for name, every in options.items()}
    if cost_of(best) > most_cost:
        return None
    low = sum(min(option.size_bytes for option in every) for every in options.values())
    high = size_of(best)
    found = best
    while high - low > max(1, high // 1000):
        middle = (low + high) // 2
        choice = cheapest(options, middle)
        if choice is not None and cost_of(choice) <= most_cost:
            found, high = choice, middle
        else:
            low = middle
    return found


def _edge(options: Sequence[Option]) -> list[Option]:
    """The lower convex edge of cost against size, from the smallest option on."""
    edge: list[Option] = []
    for option in sorted(options, key=lambda option: (option.size_bytes, option.cost)):
        if edge and option.cost >= edge[-1].cost:
            continue
        while len(edge) > 1 and _slope(edge[-2], option) <= _slope(edge[-2], edge[-1]):
            edge.pop()
        edge.append(option)
    return edge


def _slope(small: Option, large: Option) -> float:
    """Cost for a byte, negative."""
    if large.size_bytes == small.size_bytes:
        return float("-inf")
    return (large.cost - small.cost) / (large.size_bytes - small.size_bytes)


def _upgraded(edges: Mapping[str, list[Option]], budget_bytes: int) -> Choice | None:
    """From the smallest options up, the most worthwhile steps first, those left out that do not fit."""
    at = dict.fromkeys(edges, 0)
    left = budget_bytes - sum(edge[0].size_bytes for edge in edges.values())
    if left < 0:
        return None
    steps = [
        (_slope(small, large), name, number)
        for name, edge in edges.items()
        for number, (small, large) in enumerate(pairwise(edge))
    ]
    for _, name, number in sorted(steps):
        edge = edges[name]
        price = edge[number + 1].size_bytes - edge[at[name]].size_bytes
        if price <= left and number + 1 > at[name]:
            at[name], left = number + 1, left - price
    return {name: edges[name][number] for name, number in at.items()}
