"""Questions put to `osler.load` are answered as transformers' `generate` answers the same prompt."""

import numpy as np
import pytest
from parity.twins import SOFT_TOKEN, Prompt

import osler
from osler.imaging.normalise import network_pixels
from osler.prompt import build_prompt, stop_ids
from osler.values import Image, ImagePart, Message, TextPart

pytestmark = pytest.mark.parity

NEW_TOKENS = 40
QUESTION = "Describe the chest film. Is there an effusion?"


@pytest.fixture(scope="module")
def model(folders):
    with osler.load(folders["f32"], precision="f32", context=1024, threads=2) as model:
        yield model


def pictures(count: int) -> list[np.ndarray]:
    """Noise, [Y, X, 3] uint8 each, none of them square."""
    rng = np.random.default_rng(count)
    return [rng.integers(0, 256, (50 + 9 * number, 80, 3), np.uint8) for number in range(count)]


def their_prompt(model, images: list[np.ndarray], question: str = QUESTION) -> Prompt:
    """What the model is given: ids from Osler's template and tokenizer (tests of their own), pixels as arrays."""
    parts = [*(ImagePart(image=Image(pixels=image)) for image in images), TextPart(text=question)]
    vision = model.config.vision
    prompt = build_prompt([Message(role="user", parts=tuple(parts))], model.tokenizer, image_tokens=vision.image_tokens)
    pixels = network_pixels(images, vision.image_px) if images else np.empty((0, 3, 0, 0), np.float32)
    return Prompt(ids=np.array(prompt.ids), starts=tuple(span.offset for span in prompt.images), pixels=pixels)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_greedy_answers_are_theirs_token_by_token(model, theirs, count):
    images = pictures(count)
    prompt = their_prompt(model, images)
    assert (prompt.ids == SOFT_TOKEN).sum() == count * model.config.vision.image_tokens
    wanted = theirs["f32"].continued(prompt, NEW_TOKENS, stop_ids(model.tokenizer))
    reply = model.ask(images, QUESTION, max_new_tokens=NEW_TOKENS)
    assert list(reply.token_ids) == wanted
    assert reply.usage.prompt_tokens == len(prompt.ids)
    assert len(set(wanted)) > 1  # not one token for ever, which any model could give


def test_the_text_is_that_of_their_ids(model, theirs):
    prompt = their_prompt(model, pictures(2))
    wanted = theirs["f32"].continued(prompt, NEW_TOKENS, stop_ids(model.tokenizer))
    assert model.ask(pictures(2), QUESTION, max_new_tokens=NEW_TOKENS).text == model.detokenize(wanted)


def test_image_vectors_are_theirs(model, theirs):
    pixels = network_pixels(pictures(3), model.config.vision.image_px)
    assert np.abs(model.encode_images(pictures(3)) - theirs["f32"].vectors(pixels)).max() <= 1e-4


@pytest.mark.parametrize("count", [0, 2])
def test_scores_are_the_logarithms_of_their_probabilities(model, theirs, count):
    images = pictures(count)
    prompt = their_prompt(model, images)
    answer = " The heart is enlarged.\n\nThere is no pneumonia in the left lower lobe."
    content = [*({"type": "image", "image": image} for image in images), {"type": "text", "text": QUESTION}]
    score = model.score([{"role": "user", "content": content}], answer)
    whole = Prompt(ids=np.concatenate([prompt.ids, score.token_ids]), starts=prompt.starts, pixels=prompt.pixels)
    logits = theirs["f32"].logits(whole)[len(prompt.ids) - 1 : -1].astype(np.float64)
    logprobs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    wanted = logprobs[np.arange(len(score.token_ids)), score.token_ids]
    print(f"{len(wanted)} tokens, worst {np.abs(np.array(score.logprobs) - wanted).max():.1e}")
    assert np.abs(np.array(score.logprobs) - wanted).max() <= 1e-4
