"""The vision tower on OpenVINO: pixel values in, image vectors out."""

from collections.abc import Callable

import numpy as np

from osler.engine.compilation import Compilation
from osler.engine.inference import infer
from osler.engine.large_pages import use_large_pages
from osler.engine.stacked_weights import Source, StackedWeights
from osler.engine.weight_store import WeightStore
from osler.model.config import VisionConfig
from osler.model.vision import vision_graph

__all__ = ["VisionEncoder"]


class VisionEncoder:
    """Encodes images into vectors in the decoder's space.

    Args:
        config: the tower's shape.
        source: its numbers, by canonical name.
        compilation: precision and threads.
        store: where decoded weights are kept from one run to the next.
    """

    def __init__(
        self, config: VisionConfig, source: Source, *, compilation: Compilation, store: WeightStore | None = None
    ) -> None:
        self.config = config
        weights = StackedWeights(source, is_narrow=compilation.is_narrow, store=store)
        try:
            model, self._graph = vision_graph(config, weights)  # the graph owns what the compiled model reads
            self._request = compilation.compile(model).create_infer_request()
            weights.finish()
        except BaseException:
            weights.abandon()
            raise
        weights.release()
        use_large_pages()

    def encode(
        self,
        pixels: np.ndarray,
        progress: Callable[[int, int], None] | None = None,
        tick: Callable[[], None] | None = None,
    ) -> np.ndarray:
        """Image vectors [I, M, D] float32 of pixel values [I, 3, N, N] float32 in -1..1, image by image.

        `progress` hears of each image that is done, `tick` is called a few times a second meanwhile.
        """
        vectors = []
        for index, image in enumerate(pixels):
            infer(self._request, {"pixels": image[None]}, tick)
            vectors.append(self._request.get_tensor("image_vectors").data[0].copy())  # [M, D]
            if progress:
                progress(index + 1, len(pixels))
        return np.stack(vectors)
