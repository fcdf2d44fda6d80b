"""Low-rank terms of any number of adapters beside one matrix product.

With all adapters' A one below the other and all their B side by side::

    y = x Wᵀ + ((x Aᵀ) ⊙ gate) Bᵀ        A [ΣR, K]   B [N, ΣR], scales multiplied in   gate [T, ΣR]

    gate of a token of adapter 2, ranks 2, 3, 1      0 0 1 1 1 0
    gate of a token of none                          0 0 0 0 0 0

so tokens of several adapters, and of none, share one step. W itself is not touched: it may be of any kind.
Source: LoRA (arXiv 2106.09685), with the batching over adapters of Punica (arXiv 2310.18547) in its plainest form.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from openvino import Type
from openvino import opset13 as op

from osler.model.graph import Graph, Node, integers
from osler.model.matrix import DenseMatrix

__all__ = ["GATE", "GatedTerms", "LowRank", "StackedTerm", "Terms"]

GATE = "adapter_gate"
"""The input that says whose each token is: [T, adapters], 1 in its adapter's column, 0 elsewhere."""


class LowRank(Protocol):
    """One adapter's term of one matrix: W' = W + scale · B A, with a [R, K] and b [N, R] float32."""

    @property
    def a(self) -> np.ndarray: ...

    @property
    def b(self) -> np.ndarray: ...

    @property
    def scale(self) -> float: ...


class StackedTerm(NamedTuple):
    """All adapters' terms of one matrix [N, K].

    Attributes:
        a: [ΣR, K] float32.
        b: [N, ΣR] float32, scales multiplied in.
        owners: of each of the ΣR, the place of its adapter.
    """

    a: np.ndarray
    b: np.ndarray
    owners: tuple[int, ...]


class Terms:
    """The terms of several adapters, each a table by canonical name; what is not of the decoder is left alone."""

    def __init__(self, adapters: Sequence[Mapping[str, LowRank]]) -> None:
        self._adapters = tuple(adapters)

    @property
    def num_adapters(self) -> int:
        return len(self._adapters)

    def has(self, name: str) -> bool:
        """Whether any adapter changes a matrix."""
        return any(name in adapter for adapter in self._adapters)

    def of(self, name: str) -> StackedTerm:
        """All terms of a matrix that some adapter changes."""
        found = [(place, adapter[name]) for place, adapter in enumerate(self._adapters) if name in adapter]
        return StackedTerm(
            a=np.concatenate([term.a for _, term in found]),
            b=np.concatenate([np.float32(term.scale) * term.b for _, term in found], axis=1),
            owners=tuple(place for place, term in found for _ in range(len(term.a))),
        )

    def gate(self, owners: Sequence[int]) -> np.ndarray:
        """[T, adapters] float32 for tokens of adapter `owners[t]`, counted from 1; 0 for none."""
        return np.eye(1 + self.num_adapters, dtype=np.float32)[np.asarray(owners, np.int64)][:, 1:].copy()


class GatedTerms:
    """Adds terms to the products of one graph, whose gate becomes an input where a product has any.

    Args:
        graph: the graph that is being written.
        terms: of all adapters.
        is_narrow: whether to compute them in bfloat16, as the other products are.
    """

    def __init__(self, graph: Graph, terms: Terms, *, is_narrow: bool) -> None:
        self._graph = graph
        self._terms = terms
        self._is_narrow = is_narrow
        self._gate: Node | None = None
        self._gates: dict[tuple[int, ...], Node] = {}

    def added(self, x: Node, products: Sequence[Node], names: Sequence[str]) -> list[Node]:
        """Products [T, N_i] of x [T, K] with the matrices `names`, and the adapters' terms in them."""
        stacked = {name: self._terms.of(name) for name in names if self._terms.has(name)}
        if not stacked:
            return list(products)
        owners = tuple(owner for term in stacked.values() for owner in term.owners)
        inner = self._product(x, np.concatenate([term.a for term in stacked.values()]))  # [T, all ΣR]
        inner = op.multiply(inner, self._gate_of(owners))
        ranks = [len(term.owners) for term in stacked.values()]
        pieces = [inner]
        if len(ranks) > 1:
            pieces = list(op.variadic_split(inner, integers(1), integers(*ranks)).outputs())
        outer = {
            name: self._product(piece, term.b) for (name, term), piece in zip(stacked.items(), pieces, strict=True)
        }
        return [
            op.add(product, outer[name]) if name in outer else product
            for name, product in zip(names, products, strict=True)
        ]

    def _product(self, x: Node, values: np.ndarray) -> Node:
        """x Wᵀ for W [N, K] float32."""
        if not self._is_narrow:
            return op.matmul(x, self._graph.constant(values), False, True)
        narrow = DenseMatrix(values=values, kind="f32").narrowed()
        constant = self._graph.constant(narrow.values, Type.bf16, narrow.shape)
        return op.convert(op.matmul(op.convert(x, Type.bf16), constant, False, True), Type.f32)

    def _gate_of(self, owners: tuple[int, ...]) -> Node:
        """[T, ΣR]: the gate's column of each row's adapter."""
        if self._gate is None:
            self._gate = self._graph.parameter(GATE, [-1, self._terms.num_adapters], Type.f32)
        if owners not in self._gates:
            self._gates[owners] = op.gather(self._gate, integers(*owners), op.constant(np.int64(1)))  # [T, ΣR]
        return self._gates[owners]
