"""From hidden states to logits: the exact output matrix, and a short cut to the most probable token.

Gemma's vocabulary of 262,144 makes the output matrix a quarter of what is read for each token. Where only the most
probable token is wanted, a coarse copy of the matrix finds the few tokens that can win, and their exact rows decide.
Probabilities, samples and scores always come from the exact matrix, which is compiled when they are first asked for.
"""

from collections.abc import Sequence

import numpy as np
import openvino as ov

from osler.engine.coarse import COARSE_GROUP, could_be_greatest
from osler.engine.compilation import ACTIVATION_GROUP, Compilation
from osler.engine.stacked_weights import COARSE, Source, StackedWeights
from osler.model.config import TextConfig
from osler.model.graph import Graph
from osler.model.low_rank import GATE, Terms
from osler.model.matrix import GroupedMatrix
from osler.model.text import head_graph

__all__ = ["OutputHead"]

COARSE_FROM = 1 << 27
"""Output matrices of fewer weights are quick enough as they are."""

MOST_CANDIDATES = 4096
"""With more tokens in question the exact matrix is quicker."""


class OutputHead:
    """The last norm and the output matrix.

    Args:
        config: the decoder's shape.
        source: the checkpoint; rows of its embedding decide between candidates.
        weights: the same numbers as the graphs take them.
        compilation: precision and threads.
        terms: of adapters; where one of them changes the output matrix, there is no short cut.
    """

    def __init__(
        self,
        config: TextConfig,
        source: Source,
        weights: StackedWeights,
        compilation: Compilation,
        terms: Terms | None = None,
    ) -> None:
        self._config = config
        self._source = source
        self._weights = weights
        self._compilation = compilation
        self._terms = terms if terms is not None and terms.has("text.output") else None
        self._graphs: list[Graph] = []  # they own what the compiled models read
        self._name = "text.embedding" if config.tied_output else "text.output"
        self._exact: ov.InferRequest | None = None
        self._coarse: ov.InferRequest | None = None
        if self._is_worthwhile():
            self._build_coarse()
            weights.prepare([self._name])
        else:
            self.logits(np.zeros((1, config.width), np.float32), [0])  # packs the weights

    def logits(self, hidden: np.ndarray, owners: Sequence[int] = ()) -> np.ndarray:
        """[R, V] float32, exact, from hidden states [R, D].

        Args:
            owners: [R] each row's adapter, counted from 1, 0 for none; left out where there are no adapters.
        """
        if self._exact is None:
            self._exact = self._compile(self._name)
        inputs = {} if self._terms is None else {GATE: self._terms.gate(owners)}
        return self._run(self._exact, {"hidden": hidden, **inputs}, "logits")

    def best(self, hidden: np.ndarray, allowed: Sequence[np.ndarray | None], owners: Sequence[int] = ()) -> np.ndarray:
        """[R, V] float32 from hidden states [R, D]; only the greatest of each row is sure.

        Args:
            allowed: for each row the tokens among which the greatest is looked for, [V] bool; None for all.
            owners: of each row, as in `logits`.
        """
        if self._coarse is None or not len(hidden):
            return self.logits(hidden, owners)
        logits = self._run(self._coarse, {"hidden": hidden}, "logits").copy()
        normal = self._coarse.get_tensor("normal").data
        for row, x, may_come in zip(logits, normal, allowed, strict=True):
            if may_come is not None:
                row[~may_come] = -np.inf
            candidates = could_be_greatest(row, x, self._row_scale, ACTIVATION_GROUP)
            if len(candidates) > MOST_CANDIDATES:
                return self.logits(hidden, owners)
            row[candidates] = self._source.embedding_rows(candidates) @ x
        return logits

    def _is_worthwhile(self) -> bool:
        config = self._config
        if self._terms is not None:
            return False
        is_large = config.vocabulary_size * config.width >= COARSE_FROM
        return is_large and self._compilation.is_narrow and config.tied_output and config.width % COARSE_GROUP == 0

    def _build_coarse(self) -> None:
        (stack,) = self._weights.stacks([self._name + COARSE])
        assert isinstance(stack.matrix, GroupedMatrix)
        self._row_scale = np.sqrt(np.mean(np.square(stack.matrix.scale), axis=1))  # [V]
        self._coarse = self._compile(self._name + COARSE)
        nothing = np.zeros((1, self._config.width), np.float32)
        self._run(self._coarse, {"hidden": nothing}, "logits")  # packs the weights

    def _compile(self, name: str) -> ov.InferRequest:
        model, graph = head_graph(self._config, self._weights, name, self._terms)
        self._graphs.append(graph)
        return self._compilation.compile(model).create_infer_request()

    def _run(self, request: ov.InferRequest, inputs: dict[str, np.ndarray], output: str) -> np.ndarray:
        if not len(inputs["hidden"]):
            return np.empty((0, self._config.vocabulary_size), np.float32)
        request.infer(inputs)
        return request.get_tensor(output).data
