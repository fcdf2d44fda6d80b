"""The user's own text, rows and images as passages."""

import json

import numpy as np
import pytest
from adapt.quantise.models import tiny_path
from PIL import Image

from osler.adapt.quantise.texts import read_passages
from osler.errors import InputError
from osler.tasks.load import open_model

WORDS = "the heart is normal and the lungs are clear with no effusion in the left lower lobe "


@pytest.fixture(scope="module")
def model():
    with open_model(tiny_path(), precision="f32", threads=1) as opened:
        yield opened


def write_rows(path, rows) -> None:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")


def test_plain_text_is_cut_into_passages_that_begin_as_a_text_does(model, tmp_path):
    (tmp_path / "notes.txt").write_text(WORDS * 40, encoding="utf-8")
    found = read_passages([tmp_path / "notes.txt"], model, length=64, most_tokens=10_000)
    assert {len(passage.ids) for passage in found} >= {64}
    assert all(passage.ids[0] == model.tokenizer.id_of("<bos>") for passage in found)
    joined = sorted(found, key=lambda passage: int(passage.document.split()[-1]))
    ids = np.concatenate([passage.ids[1:] for passage in joined])
    assert ids.tolist() == model.tokenizer.encode(WORDS * 40)[: len(ids)]
    assert len({passage.document for passage in found}) == len(found)


def test_a_folder_of_texts_is_read_whole_and_no_further_than_asked(model, tmp_path):
    for number in range(6):
        (tmp_path / f"{number}.md").write_text(f"{number} {WORDS * 4}", encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"no text")
    every = read_passages([tmp_path], model, length=512, most_tokens=10_000)
    some = read_passages([tmp_path], model, length=512, most_tokens=2 * len(every[0].ids))
    assert (len(every), len(some)) == (6, 2)


def test_rows_with_a_text_are_documents_cut_off_where_they_are_longer(model, tmp_path):
    write_rows(tmp_path / "rows.jsonl", [{"text": WORDS * 9}, {"text": WORDS}, {"text": "no"}])
    found = read_passages([tmp_path / "rows.jsonl"], model, length=48, most_tokens=10_000)
    assert sorted(len(passage.ids) for passage in found) == [len(model.tokenizer.encode(WORDS)) + 1, 48]


def test_conversations_come_with_their_images_vectors_where_they_stand(model, tmp_path):
    Image.fromarray(np.full((56, 56, 3), 90, np.uint8)).save(tmp_path / "film.png")
    asked = {
        "role": "user",
        "content": [{"type": "image", "image": "film.png"}, {"type": "text", "text": "what is it"}],
    }
    write_rows(
        tmp_path / "rows.jsonl",
        [{"messages": [asked, {"role": "assistant", "content": [{"type": "text", "text": WORDS}]}]}],
    )
    (passage,) = read_passages([tmp_path / "rows.jsonl"], model, length=20, most_tokens=10_000)
    ((offset, vectors),) = passage.images
    assert vectors.shape == (4, model.config.text.width)
    assert passage.is_text[offset - 1]
    assert not passage.is_text[offset : offset + 4].any()
    np.testing.assert_array_equal(vectors, model.encode_images([tmp_path / "film.png"])[0])


def test_text_that_says_nothing_is_an_error(model, tmp_path):
    (tmp_path / "a.txt").write_text("no", encoding="utf-8")
    with pytest.raises(InputError, match="no text of at least"):
        read_passages([tmp_path / "a.txt"], model, length=64, most_tokens=100)


def test_a_path_that_is_not_there_is_an_error(model, tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_passages([tmp_path / "none.txt"], model, length=64, most_tokens=100)
