"""The same tiny weights in transformers and in Osler, and the same questions put to both."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from osler.engine.blocks import SequenceBlocks, blocks_for
from osler.engine.compilation import Compilation
from osler.engine.runner import OpenVinoRunner
from osler.engine.step import Chunk
from osler.engine.vision import VisionEncoder
from osler.testing.vocabulary import TINY_VOCABULARY
from osler.weights.checkpoint import Checkpoint, open_checkpoint

NUM_BLOCKS = 64
SOFT_TOKEN = TINY_VOCABULARY.tokens.index("<image_soft_token>")
FIRST_WORD = TINY_VOCABULARY.tokens.index("<0x00>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Token ids [T] with soft tokens where images stand, and the images' pixel values [I, 3, N, N]."""

    ids: np.ndarray
    starts: tuple[int, ...]
    pixels: np.ndarray


def random_prompt(checkpoint: Checkpoint, tokens: int, starts: tuple[int, ...] = (), *, seed: int = 0) -> Prompt:
    """Random ordinary tokens, and an image from each of `starts` on."""
    rng, vision = np.random.default_rng(seed), checkpoint.config.vision
    ids = rng.integers(FIRST_WORD, SOFT_TOKEN, tokens)
    side = vision.image_px if vision else 0
    for start in starts:
        ids[start : start + vision.image_tokens] = SOFT_TOKEN
    return Prompt(ids=ids, starts=starts, pixels=rng.uniform(-1, 1, (len(starts), 3, side, side)).astype(np.float32))


class Theirs:
    """transformers' Gemma 3 with plain attention.

    Args:
        folder: a safetensors folder with vision.
        precision: "f32" or "bf16".
    """

    def __init__(self, folder: Path, precision: str) -> None:
        import torch
        from transformers import Gemma3ForConditionalGeneration

        self.torch = torch
        torch.set_num_threads(1)  # on products this small, threads wait for each other longer than they compute
        dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[precision]
        self.model = Gemma3ForConditionalGeneration.from_pretrained(folder, dtype=dtype, attn_implementation="eager")
        self.model.eval()

    def vectors(self, pixels: np.ndarray) -> np.ndarray:
        """[I, M, D] float32."""
        with self.torch.inference_mode():
            found = self.model.model.get_image_features(self.torch.tensor(pixels).to(self.model.dtype))
        return found.pooler_output.float().numpy()

    def logits(self, prompt: Prompt) -> np.ndarray:
        """[T, V] float32 of a prompt in one pass."""
        return self._run(prompt.ids[None], pixels=prompt.pixels).logits[0].float().numpy()

    def batch(self, prompts: list[Prompt]) -> list[np.ndarray]:
        """[T, V] of each of several prompts, computed together with padding on the left."""
        longest = max(len(prompt.ids) for prompt in prompts)
        ids, mask = np.zeros((2, len(prompts), longest), np.int64)
        for row, prompt in enumerate(prompts):
            ids[row, longest - len(prompt.ids) :] = prompt.ids
            mask[row, longest - len(prompt.ids) :] = 1
        pixels = np.concatenate([prompt.pixels for prompt in prompts])
        found = self._run(ids, pixels=pixels, attention_mask=self.torch.tensor(mask)).logits.float().numpy()
        return [logits[longest - len(prompt.ids) :] for prompt, logits in zip(prompts, found, strict=True)]

    def decoded(self, prompt: Prompt, num_prompt: int) -> np.ndarray:
        """[T - num_prompt + 1, V]: the first tokens in one pass, the others one by one through its cache."""
        output = self._run(prompt.ids[None, :num_prompt], pixels=prompt.pixels, use_cache=True)
        rows = [output.logits[0, -1]]
        for token in prompt.ids[num_prompt:]:
            output = self._run(np.array([[token]]), use_cache=True, past_key_values=output.past_key_values)
            rows.append(output.logits[0, -1])
        return self.torch.stack(rows).float().numpy()

    def continued(self, prompt: Prompt, num_new: int, stop_ids: tuple[int, ...]) -> list[int]:
        """Up to `num_new` greedy ids after a prompt."""
        inputs = self._inputs(prompt.ids[None], prompt.pixels)
        options: dict[str, Any] = {"do_sample": False, "eos_token_id": list(stop_ids), "pad_token_id": 0}
        with self.torch.inference_mode():
            ids = self.model.generate(**inputs, **options, max_new_tokens=num_new)
        return ids[0, len(prompt.ids) :].tolist()

    def _run(self, ids: np.ndarray, pixels: np.ndarray | None = None, **options: Any) -> Any:
        with self.torch.inference_mode():
            return self.model(**self._inputs(ids, pixels), **options)

    def _inputs(self, ids: np.ndarray, pixels: np.ndarray | None) -> dict[str, Any]:
        inputs = {
            "input_ids": self.torch.tensor(ids),
            "token_type_ids": self.torch.tensor((ids == self.model.config.image_token_id) * 1),
        }
        if pixels is not None and len(pixels):
            inputs["pixel_values"] = self.torch.tensor(pixels).to(self.model.dtype)
        return inputs


class Ours:
    """Osler's runner and vision encoder over a checkpoint."""

    def __init__(self, path: Path, precision: str, *, checkpoint: Checkpoint | None = None) -> None:
        self.checkpoint = checkpoint or open_checkpoint(path)
        config, compilation = self.checkpoint.config, Compilation(precision=precision, threads=2)
        self.runner = OpenVinoRunner(
            config.text, self.checkpoint, compilation=compilation, global_blocks=NUM_BLOCKS, local_blocks=NUM_BLOCKS
        )
        self.encoder = VisionEncoder(config.vision, self.checkpoint, compilation=compilation) if config.vision else None

    def vectors(self, pixels: np.ndarray) -> np.ndarray:
        """[I, M, D] float32."""
        return self.encoder.encode(pixels) if len(pixels) else np.empty((0, 0, 0), np.float32)

    def logits(self, prompt: Prompt, cuts: tuple[int, ...] = ()) -> np.ndarray:
        """[T, V] of a prompt, computed in chunks that are cut before `cuts`, in as little cache as will do."""
        sequence = self.sequence(prompt)
        ends = [*cuts, len(prompt.ids)]
        return np.concatenate(
            [self.runner.step([sequence.chunk(a, b)]).copy() for a, b in zip([0, *cuts], ends, strict=True)]
        )

    def batch(self, prompts: list[Prompt], cuts: list[tuple[int, ...]]) -> list[np.ndarray]:
        """[T, V] of each of several prompts, the n-th chunks of all of them in one step."""
        sequences = [self.sequence(prompt, place) for place, prompt in enumerate(prompts)]
        rows: list[list[np.ndarray]] = [[] for _ in prompts]
        edges = [[0, *own, len(prompt.ids)] for prompt, own in zip(prompts, cuts, strict=True)]
        for number in range(max(map(len, edges)) - 1):
            busy = [place for place, own in enumerate(edges) if number + 1 < len(own)]
            chunks = [sequences[place].chunk(*edges[place][number : number + 2]) for place in busy]
            logits = self.runner.step(chunks).copy()
            parts = np.split(logits, np.cumsum([len(chunk.ids) for chunk in chunks])[:-1])
            for place, part in zip(busy, parts, strict=True):
                rows[place].append(part)
        return [np.concatenate(parts) for parts in rows]

    def sequence(self, prompt: Prompt, place: int = 0) -> "Cached":
        return Cached(prompt, self.vectors(prompt.pixels), self.runner.config.window, place)


class Cached:
    """One sequence in the cache: it holds global blocks from 16 · place on, and a ring of local ones."""

    def __init__(self, prompt: Prompt, vectors: np.ndarray, window: int, place: int) -> None:
        own = np.arange(16 * place, 16 * place + 16, dtype=np.int32)
        self._prompt, self._vectors, self._window = prompt, vectors, window
        self._blocks = SequenceBlocks(own, np.random.default_rng(place).permutation(own)[: blocks_for(len(prompt.ids))])

    def chunk(self, start: int, stop: int) -> Chunk:
        """Tokens start .. stop - 1, with logits for all of them. Soft tokens are given as <pad>."""
        self._blocks.slide(start, self._window)
        global_blocks, local_blocks = self._blocks.tables(start, stop - start)
        ids = self._prompt.ids[start:stop]
        return Chunk(
            ids=np.where(ids == SOFT_TOKEN, 0, ids).astype(np.int32),
            images=tuple(
                (at - start, vectors)
                for at, vectors in zip(self._prompt.starts, self._vectors, strict=True)
                if start <= at < stop
            ),
            past=start,
            global_blocks=global_blocks,
            local_blocks=local_blocks,
            local_start=self._blocks.local_start,
            num_logits=stop - start,
        )


class Loaded(dict):
    """Values made when they are first asked for."""

    def __init__(self, make: Callable[[str], Any]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: str) -> Any:
        self[key] = self._make(key)
        return self[key]
