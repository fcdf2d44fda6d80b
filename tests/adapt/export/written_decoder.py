"""What a written decoder must do, whatever its format: the engine in float32 is the measure.

A class that inherits it gives `ours` (the engine) and `exported` (with `logits(prompt, cuts=…)`, `prepared(prompt)` and
`of_batch(embeds, types, mask)`) as fixtures.
"""

import numpy as np
import pytest
from parity.twins import SOFT_TOKEN, Prompt, random_prompt

IMAGES = [(), (12,), (12, 40), (12, 17)]
FAR = 1e-4


def padded(exported, prompts, width):
    """Embeddings [B, T, D], image marks and mask [B, T] of prompts that end together."""
    longest = max(len(prompt.ids) for prompt in prompts)
    embeds, types = np.zeros((len(prompts), longest, width), np.float32), np.zeros((len(prompts), longest), np.int64)
    mask = np.zeros((len(prompts), longest), np.int64)
    for row, prompt in enumerate(prompts):
        size = len(prompt.ids)
        (embeds[row, -size:],), (types[row, -size:],) = exported.prepared(prompt)
        mask[row, -size:] = 1
    return embeds, types, mask


class PromptReader:
    """Makes prompts ready by the exported networks: `embedded(ids)` [B, T, D] and `vectors(pixels)` [I, M, D]."""

    def prepared(self, prompt: Prompt) -> tuple[np.ndarray, np.ndarray]:
        """[1, T, D] and [1, T]: a prompt with its images' vectors, and where they stand."""
        types = (prompt.ids == SOFT_TOKEN).astype(np.int64)[None]
        embeds = self.embedded(prompt.ids[None].astype(np.int64))
        if len(prompt.pixels):
            vectors = self.vectors(prompt.pixels)
            embeds[types == 1] = vectors.reshape(-1, vectors.shape[-1])
        return embeds, types


class WrittenDecoder:
    """The contract."""

    @pytest.mark.parametrize("starts", IMAGES, ids=str)
    def test_every_position_of_a_prompt_longer_than_the_window_has_the_engines_logits(self, ours, exported, starts):
        prompt = random_prompt(ours.checkpoint, 130, starts)
        assert np.abs(exported.logits(prompt) - ours.logits(prompt)).max() < FAR

    @pytest.mark.parametrize("starts", IMAGES, ids=str)
    def test_every_decoded_token_has_the_engines_logits(self, ours, exported, starts):
        prompt = random_prompt(ours.checkpoint, 120, starts, seed=1)
        found = exported.logits(prompt, cuts=tuple(range(60, 120)))
        assert np.abs(found - ours.logits(prompt)).max() < FAR

    def test_a_batch_padded_on_the_left_has_the_logits_of_each_sequence(self, ours, exported):
        shapes = [(80, (12,), 4), (55, (3, 30), 5)]
        prompts = [random_prompt(ours.checkpoint, size, starts, seed=seed) for size, starts, seed in shapes]
        found = exported.of_batch(*padded(exported, prompts, ours.runner.config.width))
        for row, prompt in enumerate(prompts):
            assert np.abs(found[row, -len(prompt.ids) :] - ours.logits(prompt)).max() < FAR
