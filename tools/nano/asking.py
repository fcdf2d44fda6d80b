"""Ask the exported folder one question about many pictures, greedily, with transformers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer
from torch import Tensor
from transformers import Gemma3ForConditionalGeneration

from nano.augment import prepare
from nano.batches import prompt_of
from nano.network import IDS

BATCH = 32


class Asker:
    """The model in f32 (its bf16 weights widened) with its tokenizer."""

    def __init__(self, folder: Path) -> None:
        self.network = Gemma3ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def answers(self, images: Sequence[Image.Image], question: str, max_new_tokens: int = 72) -> list[str]:
        """Return one greedy answer a picture, without the closing mark."""
        found: list[str] = []
        for start in range(0, len(images), BATCH):
            batch = self._inputs(images[start : start + BATCH], question)
            length = batch["input_ids"].shape[1]
            with torch.inference_mode():
                ids = self.network.generate(**batch, do_sample=False, max_new_tokens=max_new_tokens)[:, length:]
            found += [self._text(row) for row in ids.tolist()]
        return found

    def answer_text(self, question: str) -> str:
        """Return the greedy answer to a question without a picture."""
        ids = torch.tensor([self.tokenizer.encode(prompt_of(question, image=False), add_special_tokens=False).ids])
        with torch.inference_mode():
            output = self.network.generate(input_ids=ids, do_sample=False, max_new_tokens=72)
        return self._text(output[0, ids.shape[1] :].tolist())

    def margins(self, images: Sequence[Image.Image], question: str) -> np.ndarray:
        """Return [N]: the first token's logit of "Yes" less that of "No"."""
        yes, no = (self.tokenizer.token_to_id(word) for word in ("Yes", "No"))
        found = []
        for start in range(0, len(images), BATCH):
            batch = self._inputs(images[start : start + BATCH], question)
            with torch.inference_mode():
                last = self.network(**batch, logits_to_keep=1).logits[:, -1]
            found.append((last[:, yes] - last[:, no]).numpy())
        return np.concatenate(found)

    def _inputs(self, images: Sequence[Image.Image], question: str) -> dict[str, Tensor]:
        ids = self.tokenizer.encode(prompt_of(question, image=True), add_special_tokens=False).ids
        rows = torch.tensor([ids] * len(images))
        pixels = torch.from_numpy(np.stack([prepare(image) for image in images]))
        types = (rows == IDS["image"]).long()
        return {
            "input_ids": rows,
            "attention_mask": torch.ones_like(rows),
            "token_type_ids": types,
            "pixel_values": pixels,
        }

    def _text(self, ids: list[int]) -> str:
        ends = [place for place, index in enumerate(ids) if index in (IDS["eos"], IDS["end_of_turn"])]
        return self.tokenizer.decode(ids[: ends[0]] if ends else ids, skip_special_tokens=False)
