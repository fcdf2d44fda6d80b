"""The decoder on OpenVINO: one step of chunks in, logits out."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import openvino as ov

from osler.engine.caches import LayerCaches
from osler.engine.compilation import Compilation
from osler.engine.inputs import step_inputs
from osler.engine.step import Chunk
from osler.model.config import TextConfig
from osler.model.text import Weights, head_graph, layers_graph

__all__ = ["DecoderWeights", "OpenVinoRunner"]

LAYERS_PER_STAGE = 6
"""Layers compiled as one graph. Fewer mean less memory while loading, more mean fewer calls a step."""

Progress = Callable[[int, int], None]


class DecoderWeights(Weights, Protocol):
    """Weights whose embedding can be read row by row."""

    def embedding_rows(self, ids: np.ndarray) -> np.ndarray: ...

    def release(self) -> None: ...


class OpenVinoRunner:
    """Computes Gemma 3's decoder over paged keys and values (see `osler.engine.step.Runner`).

    Args:
        config: the decoder's shape.
        weights: its numbers, by canonical name. The embedding's rows are read at every step.
        compilation: precision and threads.
        global_blocks, local_blocks: how many blocks of cached tokens to hold in global and in local layers.
            Memory is taken as blocks are first written.
        progress: called with (graphs compiled, graphs in all).
    """

    def __init__(
        self,
        config: TextConfig,
        weights: DecoderWeights,
        *,
        compilation: Compilation,
        global_blocks: int,
        local_blocks: int,
        progress: Progress | None = None,
    ) -> None:
        self.config = config
        self._weights = weights
        self._embedding_scale = embedding_scale(config.width, compilation.precision)
        self._stages: list[ov.InferRequest] = []
        self._caches: list[LayerCaches] = []
        stages = [
            range(start, min(start + LAYERS_PER_STAGE, config.num_layers))
            for start in range(0, config.num_layers, LAYERS_PER_STAGE)
        ]
        for done, layers in enumerate(stages):
            if progress:
                progress(done, len(stages) + 1)
            self._add_stage(layers, compilation, global_blocks, local_blocks)
        model, graph = head_graph(config, weights)
        self._head = compilation.compile(model).create_infer_request()
        del model, graph
        weights.release()
        if progress:
            progress(len(stages) + 1, len(stages) + 1)

    def _add_stage(self, layers: range, compilation: Compilation, global_blocks: int, local_blocks: int) -> None:
        model, graph = layers_graph(self.config, self._weights, layers)
        compiled = compilation.compile(model)
        del model, graph
        self._weights.release()
        request = compiled.create_infer_request()
        for layer in layers:
            blocks = global_blocks if self.config.global_layers[layer] else local_blocks
            self._caches.append(LayerCaches(compiled, request, layer, blocks))
        self._stages.append(request)

    def step(self, chunks: Sequence[Chunk]) -> np.ndarray:
        """Compute the chunks; [R, V] float32 logits of their last `num_logits` positions."""
        inputs = step_inputs(self.config, chunks)
        embedded = self._embed(chunks)  # [T, D]; the tensors below borrow the arrays' memory: both must live on
        tensors = {name: ov.Tensor(array, shared_memory=True) for name, array in inputs.arrays.items()}
        hidden = ov.Tensor(embedded, shared_memory=True)
        for request in self._stages:
            names = {name for port in request.model_inputs for name in port.names}
            for name in names & tensors.keys():
                request.set_tensor(name, tensors[name])
            request.set_tensor("hidden", hidden)
            request.infer()
            hidden = request.get_tensor("hidden_out")
        return self._logits(hidden.data[inputs.logit_positions])

    def _embed(self, chunks: Sequence[Chunk]) -> np.ndarray:
        """[T, D] float32: scaled embeddings of the ids, image vectors (unscaled) where images stand."""
        rows = self._weights.embedding_rows(np.concatenate([chunk.ids for chunk in chunks]))
        embedded = rows * self._embedding_scale
        begin = 0
        for chunk in chunks:
            for offset, vectors in chunk.images:
                embedded[begin + offset : begin + offset + len(vectors)] = vectors
            begin += len(chunk.ids)
        return embedded

    def _logits(self, hidden: np.ndarray) -> np.ndarray:
        """[R, V] float32 from the hidden states [R, D] of the wanted positions."""
        if not len(hidden):
            return np.empty((0, self.config.vocabulary_size), np.float32)
        self._head.infer({"hidden": hidden})
        return self._head.get_tensor("logits").data


def embedding_scale(width: int, precision: str) -> np.float32:
    """√D in the precision of the computation, as the reference rounds it (transformers, Gemma3TextScaledWordEmbedding)."""
    scale = np.float32(width**0.5)
    if precision == "f32":
        return scale
    bits = scale.view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return np.uint32(rounded).view(np.float32)
