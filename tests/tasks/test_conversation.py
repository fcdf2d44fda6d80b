"""A conversation that goes on."""

import json

import numpy as np
import pytest
from PIL import Image as Pillow

from osler.errors import InputError, VisionError
from osler.tasks.conversation import Conversation
from osler.tasks.load import open_model
from osler.testing.fhir import make_bundle, make_ndjson, make_patient, small_record


@pytest.fixture
def film(tmp_path):
    Pillow.fromarray(np.random.default_rng(3).integers(0, 256, (50, 40, 3), np.uint8)).save(tmp_path / "film.png")
    return tmp_path / "film.png"


def said(talk, question):
    stream = talk.ask(question, max_new_tokens=3)
    list(stream)
    talk.keep(question, stream.reply)
    return stream.reply


def test_the_second_question_carries_the_first_and_its_answer(model):
    talk = Conversation(model, system="Be brief.")
    first = said(talk, "One?")
    second = said(talk, "Two?")
    assert second.provenance.prompt == (
        "<bos><start_of_turn>user\nBe brief.\n\nOne?<end_of_turn>\n"
        f"<start_of_turn>model\n{first.text.strip()}<end_of_turn>\n"
        "<start_of_turn>user\nTwo?<end_of_turn>\n<start_of_turn>model\n"
    )


def test_an_image_goes_with_the_next_question_and_stays_in_the_conversation(model, film):
    talk = Conversation(model)
    talk.attach(film)
    assert said(talk, "Where?").usage.image_tokens == 4
    assert talk.attached == []
    later = said(talk, "And now?")
    assert later.usage.image_tokens == 4
    assert later.provenance.prompt.startswith("<bos><start_of_turn>user\n<start_of_image>Where?")


def test_a_question_that_was_not_kept_is_not_part_of_the_conversation(model):
    talk = Conversation(model)
    talk.ask("Lost?").cancel()
    assert "Lost?" not in said(talk, "Kept?").provenance.prompt


def test_clearing_forgets_all_but_the_system_text(model, film):
    talk = Conversation(model, system="Be brief.")
    said(talk, "One?")
    talk.attach(film)
    talk.clear()
    assert said(talk, "Two?").provenance.prompt.count("<start_of_turn>user\nBe brief.\n\nTwo?") == 1
    assert len(talk.replies) == 1


def test_a_saved_conversation_can_be_read_again(model, film, tmp_path):
    talk = Conversation(model)
    talk.attach(film)
    reply = said(talk, "Wo ist das Herz — 心?")
    talk.save(tmp_path / "talk.json")
    saved = json.loads((tmp_path / "talk.json").read_text(encoding="utf-8"))
    user, assistant = saved["messages"]
    assert user["content"][0]["image"] == "film.png"
    assert user["content"][1]["text"] == "Wo ist das Herz — 心?"
    assert assistant == {"role": "assistant", "content": [{"type": "text", "text": reply.text}]}
    assert saved["replies"][0]["token_ids"] == list(reply.token_ids)
    assert saved["notice"] == model.notice


def test_a_file_that_is_there_is_not_written_over(model, tmp_path):
    (tmp_path / "mine.json").write_text("precious")
    with pytest.raises(InputError, match="there already"):
        Conversation(model).save(tmp_path / "mine.json")
    assert (tmp_path / "mine.json").read_text() == "precious"


def test_an_image_for_a_model_that_cannot_see_is_refused_at_once(blind, film):
    with open_model(blind, context=256) as model, pytest.raises(VisionError, match="no projector"):
        Conversation(model).attach(film)


@pytest.fixture
def files_of_two_kinds(tmp_path):
    """A note that names its patient, who is known only by the other file."""
    subject = {"reference": "Patient/quixote-1605"}
    note = {"resourceType": "Condition", "subject": subject, "note": [{"text": "Seen: Quixote."}]}
    return make_ndjson(tmp_path / "note.ndjson", [note]), make_ndjson(tmp_path / "patient.ndjson", [make_patient()])


def test_a_question_that_names_the_patient_of_an_attached_file_is_refused(model, files_of_two_kinds):
    talk = Conversation(model)
    talk.attach(files_of_two_kinds[1])
    with pytest.raises(InputError, match="the patient's name"):
        talk.ask("What ails Quixote?")


def test_an_attached_record_that_names_the_patient_of_another_is_refused(model, files_of_two_kinds):
    talk = Conversation(model)
    for path in files_of_two_kinds:
        talk.attach(path)
    with pytest.raises(InputError, match="the patient's name"):
        talk.ask("What is it?")


def test_an_attached_record_is_set_apart_from_the_question(model, tmp_path):
    talk = Conversation(model)
    talk.attach(make_bundle(tmp_path / "record.json", small_record()))
    assert "(reference >= 13)\n\nWhat is it?<end_of_turn>" in said(talk, "What is it?").provenance.prompt
