"""The report of a job for people: all that is not ours is escaped, and nothing is fetched."""

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from PIL import Image
from serve.jobs_client import jobs_client

import osler
from osler.serve.job_page import page_file
from osler.serve.job_tasks import JobRequest, Outcome
from osler.serve.seen import MOST_EXACT, Seen
from osler.tasks.identity import Identity
from osler.testing.scripted import scripted_model
from osler.values import NOTICE, ImageRecord

(CHEST,) = (Path(osler.__file__).parent / "nano").rglob("chest.jpg")
HOSTILE = "<script>alert(1)</script><img src=https://example.org/a.png onerror=x> \"'>&\x1b[2J\u202e"
MODEL = Identity(path=Path("m"), description="a model", weights_id="77", precision="f32")


class Parsed(HTMLParser):
    """Names of elements, addresses, and text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.addresses, self.text = [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "style") or name.startswith("on")]

    def handle_data(self, data):
        self.text += data


def page_of(task="ask", result=None, asked=None, seen=None, model=MODEL):
    reply = scripted_model(f"{HOSTILE}<end_of_turn>").ask(None, HOSTILE)
    outcome = Outcome(result=result or reply.to_dict(), notes=(HOSTILE,))
    sent = JobRequest(task=task, study_id="study-1", **(asked or {"question": HOSTILE}))
    made = page_file({"id": "job-1"}, sent, outcome, digests=["abc"], model=model, seen=seen or Seen())
    return made.content.decode()


def seen_of(count):
    seen = Seen()
    for number in range(count):
        square = np.full((20, 20, 3), number, np.uint8)
        record = ImageRecord(file=None, width_px=20, height_px=20, steps=(HOSTILE,), pixels_sha256=str(number))
        seen.add([record, record], [square, square])
    return seen


def test_a_hostile_text_stays_text_wherever_it_stands():
    page = page_of(seen=seen_of(2))
    parsed = Parsed(page)
    assert "script" not in parsed.tags and parsed.tags.count("img") == 2
    assert all(address.startswith("data:image/png;base64,") for address in parsed.addresses)
    assert parsed.text.count("<script>alert(1)</script>") >= 4  # question, answer, steps, notes, prompt
    assert "\x1b" not in page and "\u202e" not in page


def test_a_browser_is_forbidden_to_fetch_and_to_run():
    page = page_of()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert policy.startswith("default-src &#x27;none&#x27;") and "script" not in policy and "unsafe" not in policy


def test_notice_model_and_digests_are_on_it():
    text = Parsed(page_of()).text
    assert text.count(NOTICE) == 2
    assert all(words in text for words in ("a model", "77", "abc", "job-1"))
    assert "Demonstration model" in page_of(model=replace(MODEL, is_demonstration=True))


def test_each_image_is_shown_once_and_exactly_unless_there_are_many():
    assert [picture.is_exact for picture in seen_of(MOST_EXACT).pictures()] == [True] * MOST_EXACT
    many = seen_of(MOST_EXACT + 1)
    assert [picture.record.pixels_sha256 for picture in many.pictures()] == [str(n) for n in range(MOST_EXACT + 1)]
    assert not any(picture.is_exact for picture in many.pictures())
    assert "JPEG stands for their exact pixels" in Parsed(page_of(seen=many)).text


def test_an_exact_image_has_the_models_very_pixels():
    square = np.random.default_rng(1).integers(0, 256, (30, 30, 3), dtype=np.uint8)
    seen = Seen()
    seen.add([ImageRecord(file=None, width_px=1, height_px=1, steps=(), pixels_sha256="a")], [square])
    data = seen.pictures()[0].url.partition(",")[2]
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))), square)


def test_an_answer_that_was_cut_off_says_so():
    reply = scripted_model("a long answer").ask(None, "x", max_new_tokens=3)
    assert "cut off" in Parsed(page_of(result=reply.to_dict())).text


def test_the_server_shows_it_in_a_box_of_its_own(nano, tmp_path):
    with jobs_client(nano, tmp_path / "data") as client:
        job = client.done(task="ask", study_id=client.study(CHEST), question=HOSTILE[:60], max_new_tokens=3)
        reply = client.file(job, "report.html")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["content-disposition"].startswith("inline")
    assert reply.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "data:image/png" in reply.text and "<script" not in reply.text
