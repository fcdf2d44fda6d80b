import numpy as np
import pytest

from osler.errors import PromptError
from osler.prompt.expand import ImageSpan, build_prompt, expand
from osler.testing.tokens import GEMMA_SPECIAL, CharacterTokenizer
from osler.values import Image, ImagePart, Message, TextPart

TOKENIZER = CharacterTokenizer()
PICTURE = ImagePart(image=Image(pixels=np.zeros((2, 2, 3), np.uint8)))


def question(*parts: str | ImagePart) -> list[Message]:
    texts = tuple(TextPart(text=part) if isinstance(part, str) else part for part in parts)
    return [Message(role="user", parts=texts)]


def names(ids) -> list[str]:
    """The special tokens of a prompt, its newline runs and its text, readable."""
    out = []
    for token in ids:
        name = TOKENIZER._names[token] if token < len(TOKENIZER._names) else TOKENIZER.piece(token).decode()
        out.append(name)
    return out


def test_text_alone_is_encoded_as_it_is_rendered():
    prompt = build_prompt(question("Hi"), TOKENIZER, image_tokens=4)
    assert list(prompt.ids) == TOKENIZER.encode(prompt.text)
    assert (prompt.images, prompt.num_images, prompt.num_image_tokens) == ((), 0, 0)


def test_an_image_is_framed_and_its_newlines_merge_with_their_neighbours():
    prompt = build_prompt(question(PICTURE, "Hi"), TOKENIZER, image_tokens=3)
    soft = ["<image_soft_token>"] * 3
    assert names(prompt.ids) == [
        *["<bos>", "<start_of_turn>", *"user", "\n\n\n", "<start_of_image>", *soft, "<end_of_image>", "\n\n", *"Hi"],
        *["<end_of_turn>", "\n", "<start_of_turn>", *"model", "\n"],
    ]


def test_the_newlines_between_two_images_merge_into_one_token_of_four():
    prompt = build_prompt(question(PICTURE, PICTURE), TOKENIZER, image_tokens=1)
    assert names(prompt.ids).count("\n" * 4) == 1


def test_spans_hold_the_soft_tokens_in_order():
    prompt = build_prompt(question(PICTURE, "a", PICTURE, "b"), TOKENIZER, image_tokens=5)
    soft = TOKENIZER.id_of("<image_soft_token>")
    assert prompt.num_images == 2
    assert prompt.num_image_tokens == 10
    for span in prompt.images:
        assert set(prompt.ids[span.offset : span.offset + span.length]) == {soft}
        assert prompt.ids[span.offset - 1] == TOKENIZER.id_of("<start_of_image>")
        assert prompt.ids[span.offset + span.length] == TOKENIZER.id_of("<end_of_image>")
    assert prompt.images[0].offset < prompt.images[1].offset
    assert prompt.ids.count(soft) == 10


def test_the_text_for_people_keeps_one_mark_an_image():
    prompt = build_prompt(question(PICTURE, "Hi"), TOKENIZER, image_tokens=3)
    assert prompt.text.count("<start_of_image>") == 1
    assert "<image_soft_token>" not in prompt.text


def test_a_vocabulary_that_ends_before_the_soft_token_gets_padding_in_its_place():
    short = CharacterTokenizer(special=[name for name in GEMMA_SPECIAL if name != "<image_soft_token>"])
    prompt = build_prompt(question(PICTURE, "Hi"), short, image_tokens=3)
    assert prompt.images == (ImageSpan(offset=prompt.ids.index(short.id_of("<start_of_image>")) + 1, length=3),)
    assert prompt.ids.count(short.id_of("<pad>")) == 3


def test_there_is_exactly_one_bos():
    prompt = build_prompt(question("Hi"), TOKENIZER, image_tokens=3)
    assert prompt.ids[0] == TOKENIZER.id_of("<bos>")
    assert prompt.ids.count(TOKENIZER.id_of("<bos>")) == 1


@pytest.mark.parametrize("text", ["Hi", "<bos><bos>Hi", "Hi<bos>"])
def test_a_text_without_exactly_one_leading_bos_is_refused(text):
    with pytest.raises(PromptError, match="expected one <bos>"):
        expand(text, TOKENIZER, image_tokens=3)


def test_a_tokenizer_that_adds_a_bos_of_its_own_is_refused():
    class Adding(CharacterTokenizer):
        def encode(self, text: str) -> list[int]:
            return [2, *super().encode(text)]

    with pytest.raises(PromptError, match="1 <bos>, the tokenizer made 2"):
        build_prompt(question("Hi"), Adding(), image_tokens=3)


def test_a_vocabulary_without_turns_is_refused():
    with pytest.raises(PromptError, match="no <start_of_turn>"):
        build_prompt(question("Hi"), CharacterTokenizer(special=("<pad>", "<eos>", "<bos>")), image_tokens=3)


def test_asking_to_think_puts_the_trigger_first():
    prompt = build_prompt(question("Hi"), TOKENIZER, image_tokens=3, think=True)
    assert prompt.text.startswith(
        "<bos><start_of_turn>user\nSYSTEM INSTRUCTION: think silently if needed.\n\nHi<end_of_turn>"
    )


def test_images_for_a_model_without_vectors_are_refused():
    with pytest.raises(PromptError, match="no vectors of images"):
        build_prompt(question(PICTURE, "Hi"), TOKENIZER, image_tokens=0)
    assert build_prompt(question("Hi"), TOKENIZER, image_tokens=0).images == ()
