"""The memory of cached keys and values."""

import mmap

import numpy as np
import openvino as ov

__all__ = ["LayerCaches"]


class LayerCaches:
    """One layer's key and value cache [blocks, K, 32, E], in the type that the compiler chose.

    The memory is reserved whole and taken page by page as blocks are first written.
    """

    def __init__(self, compiled: ov.CompiledModel, request: ov.InferRequest, layer: int, blocks: int) -> None:
        self._arrays: list[np.ndarray] = []  # [blocks, bytes] uint8 each
        for name in (f"key_cache.{layer}", f"value_cache.{layer}"):
            port = compiled.input(name)
            shape = [blocks, *(dimension.get_length() for dimension in list(port.get_partial_shape())[1:])]
            size_bytes = int(np.prod(shape)) * port.get_element_type().bitwidth // 8
            array = np.frombuffer(mmap.mmap(-1, max(size_bytes, mmap.PAGESIZE)), np.uint8)
            self._arrays.append(array[:size_bytes].reshape(blocks, -1))
            request.set_tensor(name, ov.Tensor(array[:size_bytes], shape, port.get_element_type()))

    def copy(self, sources: np.ndarray, targets: np.ndarray) -> None:
        """Copy blocks, keys and values."""
        for array in self._arrays:
            array[targets] = array[sources]
