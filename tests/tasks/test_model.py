"""Asking a loaded model, on tiny random weights: nothing here is about what it says."""

import json
from hashlib import sha256

import numpy as np
import pytest

import osler
from osler.imaging.digest import pixels_sha256
from osler.imaging.normalise import fit
from osler.tasks.progress import READING_IMAGES
from osler.values import NOTICE


@pytest.fixture
def picture() -> np.ndarray:
    """[40, 60, 3] uint8."""
    return np.random.default_rng(7).integers(0, 256, (40, 60, 3), np.uint8)


def turn(*parts) -> list[dict]:
    """A user's turn of images and text."""
    content = [
        {"type": "text", "text": part} if isinstance(part, str) else {"type": "image", "image": part} for part in parts
    ]
    return [{"role": "user", "content": content}]


def test_asking_twice_gives_the_same_answer(model, picture):
    first, second = (model.ask(picture, "Is there an effusion?", max_new_tokens=12) for _ in range(2))
    assert first.token_ids == second.token_ids
    assert first.text == second.text


def test_the_answer_depends_on_the_image(model, picture):
    seen = model.ask(picture, "Where?", max_new_tokens=12)
    other = model.ask(255 - picture, "Where?", max_new_tokens=12)
    assert seen.token_ids != other.token_ids


def test_images_come_before_the_question(model, picture):
    asked = model.ask([picture, picture], "Compare.", max_new_tokens=4)
    written = model.chat(turn(picture, picture, "Compare."), max_new_tokens=4)
    assert asked.provenance.prompt == written.provenance.prompt
    assert asked.token_ids == written.token_ids
    assert asked.provenance.prompt.endswith(
        "<start_of_image><start_of_image>Compare.<end_of_turn>\n<start_of_turn>model\n"
    )


def test_a_question_without_files_is_about_text(model):
    reply = model.ask(None, "What is an effusion?", max_new_tokens=3)
    assert reply.usage.image_tokens == 0
    assert reply.timings.image_s == pytest.approx(0, abs=0.01)
    assert reply.provenance.images == ()


def test_the_usage_counts_prompt_images_and_answer(model, picture):
    reply = model.ask([picture, picture], "Compare.", max_new_tokens=5)
    ids = model.tokenize(reply.provenance.prompt.replace("<start_of_image>", "\n\n<start_of_image><end_of_image>\n\n"))
    assert reply.usage.image_tokens == 2 * 4
    assert reply.usage.prompt_tokens == len(ids) + 2 * 4
    assert reply.usage.completion_tokens == len(reply.token_ids)


def test_a_reply_says_what_it_rests_on(model, picture, folder):
    made = model.ask(picture, "Where?", max_new_tokens=3, temperature=0.5, seed=1).provenance
    assert made.precision == "f32"
    assert made.weights_id == model.identity.weights_id
    assert folder.name in made.model
    assert made.prompt_sha256 == sha256(made.prompt.encode()).hexdigest()
    assert (made.sampling["temperature"], made.sampling["seed"], made.sampling["max_new_tokens"]) == (0.5, 1, 3)
    assert made.versions["openvino"].startswith("2026.4")
    (image,) = made.images
    assert (image.width_px, image.height_px) == (60, 40)
    assert image.steps == ("padded with black to 60 × 60 px", "resized to 56 × 56 px, bilinear")
    assert image.pixels_sha256 == pixels_sha256(fit(picture, 56))


def test_without_padding_the_image_is_stretched_and_the_reply_says_so(model, picture):
    (image,) = model.ask(picture, "Where?", pad=False, max_new_tokens=1).provenance.images
    assert image.steps == ("resized to 56 × 56 px, bilinear",)
    assert image.pixels_sha256 == pixels_sha256(fit(picture, 56, pad=False))


def test_the_seconds_of_a_reply_add_up(model, picture):
    timings = model.ask(255 - picture // 2, "Where?", max_new_tokens=8).timings
    assert timings.image_s > 0
    assert timings.first_token_s >= timings.image_s + timings.prefill_s
    assert timings.total_s >= timings.first_token_s + timings.decode_s


def test_a_reply_becomes_json(model, picture):
    reply = model.ask(picture, "Where?", max_new_tokens=3, logprobs=True)
    read = json.loads(json.dumps(reply.to_dict(), allow_nan=False))
    assert read["token_ids"] == list(reply.token_ids)
    assert len(read["logprobs"]) == 3
    assert all(logprob < 0 for logprob in read["logprobs"])
    assert read["notice"] == NOTICE


def test_a_stream_gives_the_reply_s_text_in_pieces(model, picture):
    stream = model.stream(picture, "Where?", max_new_tokens=12)
    assert stream.reply is None
    pieces = list(stream)
    assert "".join(piece.text for piece in pieces) == stream.reply.text
    assert {piece.kind for piece in pieces} == {"answer"}
    assert stream.reply.token_ids == model.ask(picture, "Where?", max_new_tokens=12).token_ids


def test_a_stream_that_is_left_keeps_what_was_written(model):
    stream = model.stream(None, "Write much.", max_new_tokens=200)
    text = next(stream).text
    stream.cancel()
    assert stream.reply.finish_reason == "cancelled"
    assert stream.reply.text.startswith(text)
    assert 0 < stream.reply.usage.completion_tokens < 200
    assert list(stream) == []


def test_a_stream_that_was_never_begun_has_no_reply(model):
    stream = model.stream(None, "Write much.", max_new_tokens=200)
    stream.cancel()
    assert stream.reply is None


def test_thinking_is_asked_for_in_the_prompt(model):
    reply = model.ask(None, "Why?", thinking=True, system="You are brief.", max_new_tokens=1)
    assert "SYSTEM INSTRUCTION: think silently if needed. You are brief.\n\nWhy?" in reply.provenance.prompt


def test_an_answer_ends_before_a_stop_text(model):
    free = model.ask(None, "Say it.", max_new_tokens=12)
    stop = free.text[3:6]
    cut = model.ask(None, "Say it.", max_new_tokens=12, stop=[stop])
    assert cut.finish_reason == "stop"
    assert cut.text == free.text[: free.text.index(stop)]


def test_a_conversation_goes_on_over_several_turns(model, picture):
    first = model.chat(turn(picture, "Where?"), max_new_tokens=4)
    history = [*turn(picture, "Where?"), {"role": "assistant", "content": first.text or "."}, *turn("And now?")]
    second = model.chat(history, max_new_tokens=4)
    assert second.usage.image_tokens == 4
    assert second.provenance.prompt.startswith(first.provenance.prompt)


def test_the_second_question_about_an_image_encodes_nothing(folder, picture):
    told = []
    with osler.load(folder, context=512, progress=lambda *event: told.append(event)) as model:
        model.ask(picture, "Where?", max_new_tokens=1)
        encoded = sum(event[0] == READING_IMAGES for event in told)
        model.chat([*turn(picture, "Where?")], max_new_tokens=1)
    assert encoded >= 2  # begun and done, and more in between where the machine is busy
    assert sum(event[0] == READING_IMAGES for event in told) == encoded


def test_scores_are_the_log_probabilities_that_generation_saw(model, picture):
    reply = model.ask(picture, "Where?", max_new_tokens=1, logprobs=True)
    text = model.detokenize(reply.token_ids)
    score = model.score(turn(picture, "Where?"), text)
    assert score.token_ids == reply.token_ids
    assert score.total == pytest.approx(reply.logprobs[0], abs=1e-4)


def test_an_empty_continuation_cannot_be_scored(model):
    with pytest.raises(osler.PromptError, match="continuation is empty"):
        model.score(turn("Where?"), "")


def test_encoded_images_are_the_projector_s_vectors(model, picture):
    vectors = model.encode_images([picture, 255 - picture, picture])
    assert vectors.shape == (3, 4, 128)
    assert vectors.dtype == np.float32
    assert (vectors[0] == vectors[2]).all()
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-3
    assert model.encode_images([]).shape == (0, 4, 128)


def test_text_survives_tokenizing(model):
    text = "Effusion, 3 cm\n\non the left."
    assert model.detokenize(model.tokenize(text)) == text


def test_a_misspelt_option_is_named_with_the_nearest_known_one(model):
    with pytest.raises(osler.InputError, match="unknown option 'temprature'") as caught:
        model.ask(None, "Where?", temprature=1.0)
    assert caught.value.hint == "did you mean temperature?"


def test_an_answer_longer_than_the_context_is_refused_with_the_numbers(model):
    with pytest.raises(osler.ContextError, match=r"\+ 1010 to answer with = \d+, the context holds 512"):
        model.stream(None, "Where?", max_new_tokens=1010)


def test_without_a_length_the_answer_may_fill_the_context(model):
    stream = model.stream(None, "Where?")
    assert next(stream)
    stream.cancel()
    asked = stream.reply.provenance.sampling["max_new_tokens"]
    assert asked == 512 - stream.reply.usage.prompt_tokens


@pytest.mark.parametrize(
    ("files", "question", "words"),
    [
        (None, "", "question is empty"),
        (None, "  \n", "question is empty"),
        ("Where?", ["a.png"], "expected the question as a string, got list"),
        (None, None, "expected the question as a string, got NoneType"),
    ],
)
def test_a_question_that_is_none_is_refused(model, files, question, words):
    with pytest.raises((osler.PromptError, osler.InputError), match=words if files is None else None):
        model.ask(files, question)


def test_a_file_that_is_not_there_is_refused_by_its_path(model):
    with pytest.raises(osler.InputError, match="nowhere"):
        model.ask("nowhere.png", "Where?")


def test_an_image_without_vision_weights_is_refused_before_any_work(blind, picture):
    told = []
    with osler.load(blind, context=512) as model:
        model.progress = lambda *event: told.append(event)
        for refused in (
            lambda: model.ask(picture, "Where?"),
            lambda: model.chat(turn(picture, "Where?")),
            lambda: model.encode_images(picture),
        ):
            with pytest.raises(osler.VisionError, match="no projector") as caught:
                refused()
            assert "mmproj" in str(caught.value)
    assert told == []


def test_a_closed_model_says_so(folder):
    with osler.load(folder, context=512) as model:
        pass
    model.close()
    with pytest.raises(osler.OslerError, match="it was closed"):
        model.ask(None, "Where?")
