"""Rows to token ids: prompts as at inference, answers behind them, and what of it is learned."""

import base64

import numpy as np
import pytest
from adapt.data.conftest import asked, picture, write_lines

from osler.adapt.data.example import Examples
from osler.adapt.data.read import read_rows
from osler.errors import ContextError, InputError, VisionError
from osler.tasks.chat import messages_from
from osler.tasks.question import prepare_question
from osler.testing.dicom import make_dicom
from osler.testing.dicom_series import make_series
from osler.testing.fhir import make_bundle, small_record
from osler.testing.nifti import make_nifti
from osler.testing.pdf import make_pdf
from osler.testing.slide import make_slide, tissue_slide


def example_of(tmp_path, model, row, **options):
    return Examples(read_rows(write_lines(tmp_path / "rows.jsonl", row)), model, **options)[0]


def marked(example, model):
    """An example with learned tokens in capitals' brackets, images left out."""
    tokenizer = model.tokenizer
    names = {tokenizer.id_of(name): name for name in ("<bos>", "<start_of_turn>", "<end_of_turn>", "<unused94>")}
    names[tokenizer.id_of("<unused95>")] = "<unused95>"
    pieces = [names.get(token) or tokenizer.piece(token).decode() for token in example.ids.tolist()]
    text = "".join(
        f"[{piece}]" if is_learned else piece for piece, is_learned in zip(pieces, example.learned, strict=True)
    )
    return text.replace("][", "")


TURNS = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is this?"},
    {"role": "assistant", "content": " A film. "},
    {"role": "user", "content": [{"type": "text", "text": "Is it normal?"}]},
    {"role": "assistant", "content": "No."},
]


def test_the_answer_and_its_end_are_learned_and_nothing_else(tmp_path, model):
    example = example_of(tmp_path, model, asked("Is it normal?", "No, the heart is enlarged."))
    assert marked(example, model) == (
        "<bos><start_of_turn>user\nIs it normal?<end_of_turn>\n<start_of_turn>model\n"
        "[No, the heart is enlarged.<end_of_turn>]\n"
    )


def test_all_answers_of_a_conversation_are_learned(tmp_path, model):
    example = example_of(tmp_path, model, {"messages": TURNS})
    assert marked(example, model) == (
        "<bos><start_of_turn>user\nBe brief.\n\nWhat is this?<end_of_turn>\n<start_of_turn>model\n"
        "[A film.<end_of_turn>]\n<start_of_turn>user\nIs it normal?<end_of_turn>\n<start_of_turn>model\n"
        "[No.<end_of_turn>]\n"
    )


def test_a_row_may_have_its_last_answer_learned_alone(tmp_path, model):
    example = example_of(tmp_path, model, {"messages": TURNS, "learn": "last"})
    assert marked(example, model).count("[") == 1
    assert marked(example, model).endswith("model\n[No.<end_of_turn>]\n")


def test_thinking_is_asked_for_and_learned_with_the_answer(tmp_path, model):
    row = asked("Is it normal?", "No.")
    row["messages"][-1]["thinking"] = "The heart is large."
    assert marked(example_of(tmp_path, model, row), model) == (
        "<bos><start_of_turn>user\nSYSTEM INSTRUCTION: think silently if needed.\n\nIs it normal?<end_of_turn>\n"
        "<start_of_turn>model\n[<unused94>thought\nThe heart is large.<unused95>No.<end_of_turn>]\n"
    )


@pytest.mark.parametrize("num_images", [0, 1, 3])
@pytest.mark.parametrize("kind", ["model", "gguf"])
def test_prompt_and_squares_are_those_of_the_same_question_at_inference(tmp_path, request, kind, num_images):
    model = request.getfixturevalue(kind)
    paths = [picture(tmp_path / f"{seed}.png", seed) for seed in range(num_images)]
    example = example_of(tmp_path, model, asked("Describe it.", "Normal.", *(path.name for path in paths)))
    prepared = prepare_question(model, [str(path) for path in paths], "Describe it.").prepared
    start = len(prepared.prompt.ids)
    assert tuple(example.ids[:start]) == prepared.prompt.ids
    assert example.images == prepared.prompt.images
    assert not example.learned[:start].any()
    assert len(example.squares) == num_images
    assert all(map(np.array_equal, example.squares, prepared.squares))
    end = model.tokenizer.id_of("<end_of_turn>")
    assert example.ids[start:].tolist() == [*model.tokenize("Normal."), end, *model.tokenize("\n")]
    assert example.learned[start:].tolist() == [True] * (len(example.ids) - start - 1) + [False]


def test_the_first_answer_s_tokens_are_those_of_its_own_question(tmp_path, model):
    whole = example_of(tmp_path, model, {"messages": TURNS})
    first = example_of(tmp_path, model, {"messages": TURNS[:3]})
    assert whole.ids[: len(first)].tolist() == first.ids.tolist()
    assert whole.learned[: len(first)].tolist() == first.learned.tolist()


def test_a_conversation_s_prompt_is_that_of_the_chat(tmp_path, model):
    picture(tmp_path / "a.png", 1), picture(tmp_path / "b.png", 2)
    turns = [
        {"role": "user", "content": [{"type": "text", "text": "Prior:\nfilm"}, {"type": "image", "image": "a.png"},
                                     {"type": "text", "text": "and now"}, {"type": "image", "image": "b.png"},
                                     {"type": "text", "text": "What is new?"}]},
        {"role": "assistant", "content": "Nothing."},
        {"role": "user", "content": "Sure?"},
        {"role": "assistant", "content": "Yes."},
    ]  # fmt: skip
    rows = read_rows(write_lines(tmp_path / "rows.jsonl", {"messages": turns}))
    example = Examples(rows, model)[0]
    prepared = model.prepare(messages_from(rows[0].messages[:-1]), {"max_new_tokens": 9})
    assert tuple(example.ids[: len(prepared.prompt.ids)]) == prepared.prompt.ids
    assert all(map(np.array_equal, example.squares, prepared.squares))
    assert example.num_learned == len(model.tokenize("Nothing.")) + len(model.tokenize("Yes.")) + 2


def make_volume(path):
    voxels = np.arange(4 * 20 * 20, dtype=np.int16).reshape(4, 20, 20)
    return make_nifti(path / "brain.nii.gz", voxels, np.diag([1.0, 1.0, 5.0, 1.0]))


def make_ct(path):
    return make_series(path / "ct", np.arange(5 * 24 * 24, dtype=np.int16).reshape(5, 24, 24) % 900, number=3)[0].parent


MAKERS = {
    "volume": (make_volume, 4),
    "series": (make_ct, 5),
    "document": (lambda path: make_pdf(path / "report.pdf", ["one", "two"], size_pt=(200, 150)), 2),
    "record": (lambda path: make_bundle(path / "record.json", small_record()[:3]), 0),
    "slide": (
        lambda path: make_slide(path / "slide.svs", tissue_slide(1800, 1800, [(0, 0, 1800, 1800)]), mpp_um=0.5),
        None,
    ),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_studies_are_prepared_as_a_question_about_them(tmp_path, large_model, kind):
    make, num_images = MAKERS[kind]
    if kind == "slide":
        pytest.importorskip("tifffile")
    path = make(tmp_path)
    example = example_of(tmp_path, large_model, asked("Is there a lesion?", "No.", path.name))
    prepared = prepare_question(large_model, str(path), "Is there a lesion?").prepared
    assert len(prepared.squares) == num_images or (num_images is None and prepared.squares)
    assert tuple(example.ids[: len(prepared.prompt.ids)]) == prepared.prompt.ids
    assert all(map(np.array_equal, example.squares, prepared.squares))


def test_prior_and_current_film_keep_their_order(tmp_path, model):
    for number, name in enumerate(("late.dcm", "early.dcm")):
        make_dicom(tmp_path / name, np.full((20, 30), 1000 * (number + 1), np.uint16))
    example = example_of(tmp_path, model, asked("What changed?", "Nothing.", "late.dcm", "early.dcm"))
    each = [
        prepare_question(model, str(tmp_path / name), "?").prepared.squares[0] for name in ("late.dcm", "early.dcm")
    ]
    assert len(example.squares) == 2
    assert all(map(np.array_equal, example.squares, each))


def test_files_of_one_row_make_one_study_as_in_a_question(tmp_path, model):
    for number in range(2):
        make_dicom(tmp_path / f"{number}.dcm", np.full((20, 30), 1000 * (number + 1), np.uint16))
    example = example_of(
        tmp_path, model, {"files": ["0.dcm", "1.dcm"], "question": "Describe it.", "answer": "Normal."}
    )
    paths = [str(tmp_path / "0.dcm"), str(tmp_path / "1.dcm")]
    prepared = prepare_question(model, paths, "Describe it.").prepared
    assert tuple(example.ids[: len(prepared.prompt.ids)]) == prepared.prompt.ids


def test_a_picture_may_stand_in_the_row_itself(tmp_path, model):
    path = picture(tmp_path / "a.png")
    uri = f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
    inside = example_of(tmp_path, model, asked("Describe it.", "Normal.", uri))
    beside = example_of(tmp_path, model, asked("Describe it.", "Normal.", "a.png"))
    assert inside.ids.tolist() == beside.ids.tolist()
    assert np.array_equal(inside.squares[0], beside.squares[0])


def test_pictures_may_be_stretched(tmp_path, model):
    picture(tmp_path / "a.png", size=(20, 60))
    row = asked("Describe it.", "Normal.", "a.png")
    assert not np.array_equal(
        example_of(tmp_path, model, row).squares[0], example_of(tmp_path, model, row, pad=False).squares[0]
    )


def test_examples_are_the_same_each_time(tmp_path, model):
    rows = [asked("Describe it.", f"Answer {number}.", f"{number}.png") for number in range(12)]
    for number in range(12):
        picture(tmp_path / f"{number}.png", number)
    examples = Examples(read_rows(write_lines(tmp_path / "rows.jsonl", *rows)), model)
    before = [(one.ids.tolist(), one.squares[0].tobytes()) for one in examples]
    assert before == [(one.ids.tolist(), one.squares[0].tobytes()) for one in examples]
    assert [one.row.answer for one in examples[3:5]] == ["Answer 3.", "Answer 4."]


def test_an_example_cannot_be_written_into(tmp_path, model):
    example = example_of(tmp_path, model, asked("Is it normal?", "No."))
    with pytest.raises(ValueError, match="read-only"):
        example.ids[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        example.learned[0] = True


def test_a_model_without_vision_takes_no_images(tmp_path, blind):
    picture(tmp_path / "a.png")
    with pytest.raises(VisionError, match="cannot look at an image"):
        example_of(tmp_path, blind, asked("Describe it.", "Normal.", "a.png"))


def test_the_answer_counts_for_the_context(tmp_path, model):
    question = "x" * 300
    example = example_of(tmp_path, model, asked(question, "y" * 100))
    room = model.context - len(example)
    assert len(example_of(tmp_path, model, asked(question, "y" * (100 + room)))) == model.context
    with pytest.raises(ContextError, match="the context holds 512"):
        example_of(tmp_path, model, asked(question, "y" * (101 + room)))


def test_millions_of_tokens_are_refused_without_encoding_them(tmp_path, model, monkeypatch):
    lengths = []
    encode = type(model.tokenizer).encode
    monkeypatch.setattr(
        type(model.tokenizer), "encode", lambda self, text: (lengths.append(len(text)), encode(self, text))[1]
    )
    with pytest.raises(ContextError, match=r"8,000,00\d characters are more than 512 tokens"):
        example_of(tmp_path, model, asked("the lungs " * 800_000, "No."))
    assert max(lengths, default=0) < 10_000


def test_a_text_that_names_the_patient_is_refused(tmp_path, model):
    make_dicom(tmp_path / "a.dcm", np.zeros((20, 30), np.uint16), PatientName="Doe^Jane", PatientID="4711-0815")
    with pytest.raises(InputError, match="holds the patient's name") as error:
        example_of(tmp_path, model, asked("Describe it.", "Film of Jane Doe.", "a.dcm"))
    assert "Jane" not in str(error.value)
