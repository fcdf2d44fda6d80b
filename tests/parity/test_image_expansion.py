"""Osler's prompt ids beside those of transformers' Gemma3Processor, both over one small tokenizer."""

import string

import numpy as np
import pytest
from tokenizers import AddedToken, models
from tokenizers import Tokenizer as Backend

from osler.prompt.expand import build_prompt
from osler.testing.tokens import GEMMA_SPECIAL
from osler.values import Image, ImagePart, Message, TextPart

pytestmark = pytest.mark.parity

IMAGE_TOKENS = 4
PICTURE = np.zeros((32, 32, 3), np.uint8)


def small_backend() -> Backend:
    """Special tokens, letters, and newlines that merge in pairs, as Gemma's do up to 31."""
    newlines = ["\n" * length for length in range(1, 9)]
    names = [*GEMMA_SPECIAL, *newlines, *string.ascii_letters, *string.digits, *" .,:;?!-()"]
    merges = [("\n" * (length - 1), "\n") for length in range(2, 9)] + [("\n\n", "\n\n"), ("\n\n\n", "\n")]
    backend = Backend(models.BPE({name: token for token, name in enumerate(names)}, merges, unk_token="<unk>"))
    backend.add_special_tokens([AddedToken(name, normalized=False, special=True) for name in GEMMA_SPECIAL])
    return backend


class Adapter:
    """A `tokenizers` backend as Osler's Tokenizer."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.size = backend.get_vocab_size()

    def encode(self, text):
        return self._backend.encode(text, add_special_tokens=False).ids

    def decode(self, ids):
        return self._backend.decode(list(ids))

    def piece(self, token):
        return b"" if token < len(GEMMA_SPECIAL) else self._backend.id_to_token(token).encode()

    def id_of(self, token):
        return self._backend.token_to_id(token)


@pytest.fixture(scope="module")
def processor():
    pytest.importorskip("transformers")
    from transformers import PreTrainedTokenizerFast
    from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil
    from transformers.models.gemma3.processing_gemma3 import Gemma3Processor

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=small_backend(),
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        unk_token="<unk>",
        extra_special_tokens={
            "boi_token": "<start_of_image>",
            "eoi_token": "<end_of_image>",
            "image_token": "<image_soft_token>",
        },
    )
    images = Gemma3ImageProcessorPil(size={"height": 32, "width": 32})
    return Gemma3Processor(image_processor=images, tokenizer=tokenizer, image_seq_length=IMAGE_TOKENS)


@pytest.mark.parametrize(
    "parts",
    [
        [None, "Describe this X-ray."],
        ["Look:", None],
        [None, None],
        ["Look.\n\nWell.", None, "SLICE 1", None, "SLICE 2", "What is it?"],
        [None],
        [None, None, None, "a\nb"],
    ],
    ids=str,
)
def test_ids_and_image_spans_are_those_of_the_processor(processor, parts):
    picture = ImagePart(image=Image(pixels=PICTURE))
    user = Message(role="user", parts=tuple(picture if part is None else TextPart(text=part) for part in parts))
    prompt = build_prompt([user], Adapter(small_backend()), image_tokens=IMAGE_TOKENS)
    theirs = processor(text=[prompt.text], images=[[PICTURE] * parts.count(None)], add_special_tokens=False)
    assert list(prompt.ids) == list(theirs["input_ids"][0])
    kinds = np.zeros(len(prompt.ids), int)
    for span in prompt.images:
        kinds[span.offset : span.offset + span.length] = 1
    assert kinds.tolist() == list(theirs["token_type_ids"][0])
