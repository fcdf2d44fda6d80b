"""Exporting to IR as `osler export` does it."""

from pathlib import Path

import numpy as np
import pytest
from adapt.export.openvino.requests import IrModel

import osler
from osler.adapt.export.openvino.target import size_bytes
from osler.adapt.export.targets import ExportOptions, target
from osler.errors import InputError, OptionError
from osler.imaging.normalise import normalise
from osler.tasks.ask import images_of, question_messages
from osler.tasks.load import DEMONSTRATION
from osler.values import ImagePart
from osler.weights.checkpoint import open_checkpoint

GENAI_NAMES = {
    "openvino_language_model.xml",
    "openvino_language_model.bin",
    "openvino_text_embeddings_model.xml",
    "openvino_text_embeddings_model.bin",
    "openvino_vision_embeddings_model.xml",
    "openvino_vision_embeddings_model.bin",
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
}


@pytest.fixture(scope="module")
def nano(written):
    """The demonstration model as IR."""
    return written(open_checkpoint(DEMONSTRATION))


def test_the_folder_has_the_files_that_openvino_genai_asks_for(nano):
    assert {path.name for path in nano.iterdir()} >= GENAI_NAMES


def test_the_exported_demonstration_model_says_what_osler_ask_says(nano):
    question = "What does this picture show?"
    with osler.load(DEMONSTRATION, precision="f32") as model:
        shown = [ImagePart(image=image) for image in images_of(DEMONSTRATION / "chest.jpg")]
        prepared = model.prepare(question_messages(shown, question), {})
        wanted = model.ask(DEMONSTRATION / "chest.jpg", question).token_ids
    found = greedy(IrModel(nano), prepared.prompt, normalise(np.stack(prepared.squares)), len(wanted))
    assert len(wanted) > 10
    assert found == list(wanted)


def greedy(model: IrModel, prompt, pixels: np.ndarray, count: int) -> list[int]:
    """The most probable tokens after a prompt."""
    ids = np.asarray(prompt.ids, np.int64)[None]
    types = np.zeros_like(ids)
    embeds, vectors = model.embedded(ids), model.vectors(pixels)
    for span, image in zip(prompt.images, vectors, strict=True):
        types[0, span.offset : span.offset + span.length] = 1
        embeds[0, span.offset : span.offset + span.length] = image
    found: list[int] = []
    model.reset()
    while len(found) < count:
        logits = model.step(embeds, types, np.ones((1, ids.shape[1] + len(found)), np.int64))
        found.append(int(logits[0, -1].argmax()))
        embeds, types = model.embedded(np.array([[found[-1]]])), np.zeros((1, 1), np.int64)
    return found


@pytest.mark.parametrize("kind", [None, "F32", "F16", "Q8_0"])
def test_the_room_that_is_asked_for_holds_what_is_written(ours, written, kind):
    numbers = sum(path.stat().st_size for path in written(ours.checkpoint, kind).glob("*.bin"))
    assert numbers <= size_bytes(ours.checkpoint, kind) <= 4 * numbers


def test_the_room_for_a_quantised_file_is_that_of_its_codes_and_scales(quantised, written):
    numbers = sum(path.stat().st_size for path in written(quantised.checkpoint).glob("*.bin"))
    assert numbers <= size_bytes(quantised.checkpoint, None) <= 3 * numbers


def test_the_model_that_is_read_is_not_written_over(ours):
    with pytest.raises(InputError, match="cannot write over"):
        target("openvino")(ours.checkpoint, Path(ours.checkpoint.path), ExportOptions(force=True))


def test_bf16_is_no_type_of_this_export(ours, tmp_path):
    with pytest.raises(OptionError, match="BF16"):
        target("openvino")(ours.checkpoint, tmp_path / "out", ExportOptions(type="BF16"))
