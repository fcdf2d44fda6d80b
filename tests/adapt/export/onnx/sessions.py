"""Exported ONNX models run by onnxruntime, as a user's program would run them."""

from pathlib import Path

import numpy as np
from adapt.export.written_decoder import PromptReader
from parity.twins import Prompt

__all__ = ["OnnxModel", "session"]

Cache = dict[str, np.ndarray]


def session(path: Path):
    """A model, ready to run on two threads."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class OnnxModel(PromptReader):
    """The networks of a folder."""

    def __init__(self, folder: Path) -> None:
        names = ("vision_encoder", "embed_tokens", "decoder_model")
        self._vision, self._embed, self.decoder = (session(folder / f"{name}.onnx") for name in names)
        self._outputs = [output.name for output in self.decoder.get_outputs()]

    def vectors(self, pixels: np.ndarray) -> np.ndarray:
        """[I, M, D]."""
        return self._vision.run(None, {"pixel_values": pixels})[0]

    def embedded(self, ids: np.ndarray) -> np.ndarray:
        """[B, T, D]."""
        return self._embed.run(None, {"input_ids": ids})[0]

    def empty(self, batch: int = 1) -> Cache:
        """What the decoder holds before the first token."""
        inputs = [entry for entry in self.decoder.get_inputs() if entry.name.startswith("past_key_values")]
        return {entry.name: np.zeros((batch, entry.shape[1], 0, entry.shape[3]), np.float32) for entry in inputs}

    def step(
        self, embeds: np.ndarray, types: np.ndarray, past: Cache, *, mask: np.ndarray | None = None, kept: int = 0
    ) -> tuple[np.ndarray, Cache]:
        """[B, N, V] logits of some tokens, and the keys and values with theirs."""
        (batch, new), before = types.shape, next(iter(past.values())).shape[2]
        mask = np.ones((batch, before + new), np.int64) if mask is None else mask
        positions = np.maximum(np.cumsum(mask, axis=1) - 1, 0)[:, before:]
        inputs = {"inputs_embeds": embeds, "attention_mask": mask, "token_type_ids": types, "position_ids": positions}
        found = self.decoder.run(None, {**inputs, "num_logits_to_keep": np.array(kept), **past})
        results = dict(zip(self._outputs, found, strict=True))
        return results.pop("logits"), {name.replace("present", "past_key_values"): v for name, v in results.items()}

    def of_batch(self, embeds: np.ndarray, types: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """[B, T, V] logits of prompts from their beginnings."""
        return self.step(embeds, types, self.empty(len(types)), mask=mask)[0]

    def logits(self, prompt: Prompt, cuts: tuple[int, ...] = ()) -> np.ndarray:
        """[T, V] of a prompt, computed in pieces that begin at `cuts`."""
        embeds, types = self.prepared(prompt)
        past, rows = self.empty(), []
        for first, last in zip((0, *cuts), (*cuts, len(prompt.ids)), strict=True):
            logits, past = self.step(embeds[:, first:last], types[:, first:last], past)
            rows.append(logits[0])
        return np.concatenate(rows)
