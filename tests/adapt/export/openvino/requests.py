"""Exported IR run by OpenVINO's runtime, as a user's program would run it."""

from pathlib import Path

import numpy as np
import openvino as ov
from adapt.export.written_decoder import PromptReader
from parity.twins import Prompt

from osler.testing.compiled import compiled

__all__ = ["EXACT", "IrModel", "network"]

EXACT = {
    "INFERENCE_PRECISION_HINT": "f32",
    "KV_CACHE_PRECISION": "f32",
    "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,
    "INFERENCE_NUM_THREADS": 2,
}
"""Everything in float32."""


def network(path: Path) -> ov.CompiledModel:
    """A network of a folder, ready to run."""
    return compiled(path, EXACT)


class IrModel(PromptReader):
    """The networks of a folder; the decoder remembers what it was given until `reset`."""

    def __init__(self, folder: Path) -> None:
        names = ("vision_embeddings", "text_embeddings", "language")
        self._vision, self._embed, language = (network(folder / f"openvino_{name}_model.xml") for name in names)
        self._decoder = language.create_infer_request()

    def vectors(self, pixels: np.ndarray) -> np.ndarray:
        """[I, M, D]."""
        return self._vision([pixels])[0].copy()

    def embedded(self, ids: np.ndarray) -> np.ndarray:
        """[B, T, D]."""
        return self._embed([ids])[0].copy()

    def reset(self) -> None:
        """Begin a new sequence."""
        self._decoder.reset_state()

    def step(self, embeds: np.ndarray, types: np.ndarray, mask: np.ndarray, *, first: int = 0) -> np.ndarray:
        """[B, T, V] logits; `first` is what the positions begin with."""
        positions = (np.maximum(np.cumsum(mask, axis=1) - 1, 0) + first)[:, -types.shape[1] :]
        self._decoder.infer(
            {
                "inputs_embeds": embeds,
                "attention_mask": mask,
                "token_type_ids": types,
                "position_ids": positions,
                "beam_idx": np.arange(len(types), dtype=np.int32),
            }
        )
        return self._decoder.get_tensor("logits").data.copy()

    def of_batch(self, embeds: np.ndarray, types: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """[B, T, V] logits of prompts from their beginnings."""
        self.reset()
        return self.step(embeds, types, mask)

    def logits(self, prompt: Prompt, cuts: tuple[int, ...] = (), *, first: int = 0) -> np.ndarray:
        """[T, V] of a prompt, computed in pieces that begin at `cuts`."""
        embeds, types = self.prepared(prompt)
        self.reset()
        edges = zip((0, *cuts), (*cuts, len(prompt.ids)), strict=True)
        rows = [self.step(embeds[:, a:b], types[:, a:b], np.ones((1, b), np.int64), first=first)[0] for a, b in edges]
        return np.concatenate(rows)
