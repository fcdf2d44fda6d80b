"""The decoder on OpenVINO: one step of chunks in, logits out."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import openvino as ov

from osler.engine.caches import LayerCaches
from osler.engine.compilation import Compilation
from osler.engine.head import OutputHead
from osler.engine.inference import infer
from osler.engine.inputs import step_inputs
from osler.engine.large_pages import use_large_pages
from osler.engine.stacked_weights import Source, StackedWeights
from osler.engine.step import Chunk
from osler.engine.weight_store import WeightStore
from osler.model.config import TextConfig
from osler.model.graph import Graph
from osler.model.low_rank import LowRank, Terms
from osler.model.text import layers_graph

__all__ = ["OpenVinoRunner"]

LAYERS_PER_STAGE = 6
"""Layers compiled as one graph. Fewer mean less memory while loading, more mean fewer calls a step."""

Progress = Callable[[int, int], None]


class OpenVinoRunner:
    """Computes Gemma 3's decoder over paged keys and values (see `osler.engine.step.Runner`).

    Args:
        config: the decoder's shape.
        source: its numbers, by canonical name. The embedding's rows are read at every step.
        compilation: precision and threads.
        global_blocks, local_blocks: how many blocks of cached tokens to hold in global and in local layers.
            Memory is taken as blocks are first written.
        store: where decoded weights are kept from one run to the next.
        adapters: low-rank terms of each adapter, by canonical name; chunks name theirs by its place, from 1.
        progress: called with (graphs compiled, graphs in all).
    """

    def __init__(
        self,
        config: TextConfig,
        source: Source,
        *,
        compilation: Compilation,
        global_blocks: int,
        local_blocks: int,
        store: WeightStore | None = None,
        adapters: Sequence[Mapping[str, LowRank]] = (),
        progress: Progress | None = None,
    ) -> None:
        self.config = config
        self._source = source
        self._weights = StackedWeights(source, is_narrow=compilation.is_narrow, store=store)
        self._compilation = compilation
        self.num_adapters = len(adapters)
        self._terms = Terms(adapters) if adapters else None
        self._num_blocks = {True: global_blocks, False: local_blocks}
        self._embedding_scale = embedding_scale(config.width, compilation.precision)
        self._stages: list[ov.InferRequest] = []
        self._caches: list[LayerCaches] = []
        self._graphs: list[Graph] = []  # they own what the compiled models read
        try:
            self._build(progress or (lambda done, total: None))
        except BaseException:
            self._weights.abandon()
            raise

    def _build(self, progress: Progress) -> None:
        """Compile stage after stage, giving back each one's mapped pages before the next one is read."""
        layers = range(self.config.num_layers)
        stages = [layers[start : start + LAYERS_PER_STAGE] for start in layers[::LAYERS_PER_STAGE]]
        for done, stage in enumerate(stages):
            progress(done, len(stages) + 1)
            self._add_stage(stage)
            self._weights.release()
        progress(len(stages), len(stages) + 1)
        self._head = OutputHead(self.config, self._source, self._weights, self._compilation, self._terms)
        self._weights.finish()
        self._weights.release()
        use_large_pages()
        progress(len(stages) + 1, len(stages) + 1)

    def _add_stage(self, layers: range) -> None:
        model, graph = layers_graph(self.config, self._weights, layers, self._terms)
        compiled = self._compilation.compile(model)
        self._graphs.append(graph)
        request = compiled.create_infer_request()
        for layer in layers:
            blocks = self._num_blocks[self.config.global_layers[layer]]
            self._caches.append(LayerCaches(compiled, request, layer, blocks))
        self._stages.append(request)
        self._run_layers([request], [_ONE_TOKEN], np.zeros((1, self.config.width), np.float32))

    def step(self, chunks: Sequence[Chunk]) -> np.ndarray:
        """Compute the chunks; [R, V] float32 logits of their last `num_logits` positions."""
        hidden = self._run_layers(self._stages, chunks, self._embed(chunks))  # [T, D]
        ends = np.cumsum([len(chunk.ids) for chunk in chunks])
        wanted = [np.arange(end - chunk.num_logits, end) for chunk, end in zip(chunks, ends, strict=True)]
        rows = hidden[np.concatenate(wanted)]
        owners = [chunk.adapter for chunk in chunks for _ in range(chunk.num_logits)]
        if not all(chunk.only_best for chunk in chunks):
            return self._head.logits(rows, owners)
        return self._head.best(rows, [chunk.allowed for chunk in chunks for _ in range(chunk.num_logits)], owners)

    def copy(self, sources: np.ndarray, targets: np.ndarray, *, is_global: bool) -> None:
        """Copy cached blocks in all layers of a kind."""
        for cache, of_global in zip(self._caches, self.config.global_layers, strict=True):
            if of_global == is_global:
                cache.copy(sources, targets)

    def _run_layers(self, stages: Sequence[ov.InferRequest], chunks: Sequence[Chunk], hidden: np.ndarray) -> np.ndarray:
        """Hidden states [T, D] through some stages. The first run of a stage packs its weights."""
        # tensors borrow the arrays' memory, so they must live on
        arrays = step_inputs(self.config, chunks, self._terms)
        tensors = {name: ov.Tensor(array, shared_memory=True) for name, array in arrays.items()}
        state = ov.Tensor(hidden, shared_memory=True)
        for request in stages:
            names = {name for port in request.model_inputs for name in port.names}
            for name in names & tensors.keys():
                request.set_tensor(name, tensors[name])
            request.set_tensor("hidden", state)
            infer(request)
            state = request.get_tensor("hidden_out")
        return state.data

    def _embed(self, chunks: Sequence[Chunk]) -> np.ndarray:
        """[T, D] float32: scaled embeddings of the ids, image vectors (unscaled) where images stand."""
        rows = self._source.embedding_rows(np.concatenate([chunk.ids for chunk in chunks]))
        embedded = rows * self._embedding_scale
        begin = 0
        for chunk in chunks:
            for offset, vectors in chunk.images:
                embedded[begin + offset : begin + offset + len(vectors)] = vectors
            begin += len(chunk.ids)
        return embedded


_ONE_TOKEN = Chunk(
    ids=np.zeros(1, np.int32),
    images=(),
    past=0,
    global_blocks=np.zeros(1, np.int32),
    local_blocks=np.zeros(1, np.int32),
    local_start=0,
    num_logits=0,
)
"""A step that writes block 0 before any sequence owns it."""


def embedding_scale(width: int, precision: str) -> np.float32:
    """√D, rounded to the precision of the computation as transformers' Gemma3TextScaledWordEmbedding does.

    >>> float(embedding_scale(2560, "bf16"))
    50.5
    """
    scale = np.float32(width**0.5)
    if precision == "f32":
        return scale
    bits = scale.view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return np.uint32(rounded).view(np.float32)
