"""MedSigLIP's towers on OpenVINO: pixels or token ids in, vectors of length 1 out."""

from collections.abc import Callable

import numpy as np
import openvino as ov

from osler.engine.compilation import Compilation
from osler.engine.inference import infer
from osler.engine.large_pages import use_large_pages
from osler.engine.stacked_weights import Source, StackedWeights
from osler.engine.weight_store import WeightStore
from osler.model.config import VisionConfig
from osler.model.graph import Graph
from osler.model.medsiglip import WordsConfig, picture_graph, words_graph
from osler.model.stack import Weights

__all__ = ["PictureEncoder", "WordsEncoder"]

Tick = Callable[[], None]


class PictureEncoder:
    """Pictures to vectors.

    Args:
        config: the tower's shape.
        source: its numbers.
        compilation: precision and threads.
        store: where narrowed weights are kept from one run to the next.
    """

    def __init__(
        self, config: VisionConfig, source: Source, *, compilation: Compilation, store: WeightStore | None = None
    ) -> None:
        self._tower = _Tower(lambda weights: picture_graph(config, weights), source, compilation, store)

    def encode(self, pixels: np.ndarray, *, tick: Tick | None = None) -> np.ndarray:
        """[I, 3, N, N] float32 in -1..1 to [I, D] float32 of length 1."""
        return self._tower.run("pixels", pixels, tick)


class WordsEncoder:
    """Texts to vectors; arguments as `PictureEncoder`'s."""

    def __init__(
        self, config: WordsConfig, source: Source, *, compilation: Compilation, store: WeightStore | None = None
    ) -> None:
        self._source = source
        self._tower = _Tower(lambda weights: words_graph(config, weights), source, compilation, store)

    def encode(self, ids: np.ndarray, *, tick: Tick | None = None) -> np.ndarray:
        """[B, T] token ids to [B, D] float32 of length 1."""
        return self._tower.run("rows", self._source.embedding_rows(ids), tick)


class _Tower:
    """One compiled graph from one input to `embedding`."""

    def __init__(
        self,
        write: Callable[[Weights], tuple[ov.Model, Graph]],
        source: Source,
        compilation: Compilation,
        store: WeightStore | None,
    ) -> None:
        weights = StackedWeights(source, is_narrow=compilation.is_narrow, store=store)
        try:
            model, self._graph = write(weights)  # the graph owns what the compiled model reads
            self._request = compilation.compile(model).create_infer_request()
            weights.finish()
        except BaseException:
            weights.abandon()
            raise
        weights.release()
        use_large_pages()

    def run(self, name: str, batch: np.ndarray, tick: Tick | None) -> np.ndarray:
        """[B, D] of a batch [B, …], one after the other, each divided by its length."""
        found = []
        for one in batch:
            infer(self._request, {name: np.ascontiguousarray(one[None])}, tick)
            vector = self._request.get_tensor("embedding").data[0].astype(np.float32)  # [D]
            found.append(vector / np.linalg.norm(vector))
        return np.stack(found)
