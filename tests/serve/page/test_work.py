"""Jobs and conversations on the page: compared, stopped, found again."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

import osler
from osler.testing.dicom import make_dicom
from osler.testing.dicom_series import make_series

(CHEST,) = (Path(osler.__file__).parent / "nano").rglob("chest.jpg")


PLACES = "boards => boards.map((one) => one.style.transform)"


def film(folder: Path, name: str, *, turned: bool = False) -> Path:
    """The demonstration's chest film as DICOM, or mirrored."""
    grey = np.asarray(Image.open(CHEST).convert("L"))
    return make_dicom(folder / name, np.ascontiguousarray(grey[:, ::-1] if turned else grey))


def test_an_earlier_film_stands_beside_the_one_it_is_compared_with(visitor, tmp_path):
    page = visitor.page
    visitor.upload(film(tmp_path, "prior.dcm", turned=True))
    visitor.upload(film(tmp_path, "current.dcm"))
    visitor.task("Compare")
    page.get_by_label("Earlier study").select_option("prior.dcm")
    page.get_by_role("button", name="pleural effusion").click()
    page.get_by_role("button", name="Start").click()
    visitor.ended()
    assert page.locator(".sides .stage img[src^='blob:']").count() == 2
    assert page.locator(".compared th", has_text="pleural effusion").count() == 1
    before = page.locator(".sides .board").evaluate_all(PLACES)
    page.get_by_role("button", name="Larger").first.click()
    page.locator(".sides .stage").last.focus()
    page.keyboard.press("ArrowRight")
    moved = page.locator(".sides .board").evaluate_all(PLACES)
    assert moved[0] == moved[1] != before[1]
    visitor.picture("compared")
    page.get_by_label("Move both").uncheck()
    page.get_by_role("button", name="Larger").first.click()
    apart = page.locator(".sides .board").evaluate_all(PLACES)
    assert apart[0] != apart[1] == moved[1]
    visitor.task("Ask")
    assert page.locator(".sides").count() == 0


def test_a_report_can_be_saved_in_every_form_that_there_is(visitor, tmp_path):
    page = visitor.page
    visitor.upload(film(tmp_path, "film.dcm"))
    visitor.task("Report")
    page.get_by_label("Indication").fill("Cough")
    page.get_by_role("button", name="Start").click()
    visitor.ended()
    visitor.picture("report")
    saved = {}
    for name in ("FHIR", "Report (HTML)", "JSON"):
        with page.expect_download() as download:
            page.get_by_role("group", name="Save").get_by_role("button", name=name, exact=True).click()
        saved[name] = Path(download.value.path()).read_text()
    assert json.loads(saved["FHIR"])["resourceType"] == "DiagnosticReport"
    assert json.loads(saved["JSON"])["result"]["indication"] == "Cough"
    assert "Not for medical use" in saved["Report (HTML)"]
    page.emulate_media(media="print")
    assert not page.locator(".view-pane").is_visible() and page.locator("article.job .notice").is_visible()
    visitor.picture("printed")


def test_a_job_is_cancelled_and_is_found_again_after_the_page_was_left(visitor, tmp_path):
    page = visitor.page
    visitor.upload(film(tmp_path, "film.dcm"))
    visitor.task("Locate")
    page.get_by_label("What to find").fill(", ".join(f"thing {number}" for number in range(60)))
    page.get_by_role("button", name="Start").click()
    page.locator("article.job progress").wait_for()
    visitor.picture("running")
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.locator("article.job .status.cancelled").wait_for()
    visitor.open()
    page.locator(".jobs .status.cancelled").first.wait_for()
    page.locator(".jobs .item").first.click()
    assert page.locator("article.job .asked").inner_text().startswith("thing 0, thing 1")
    assert page.locator(".study-head h1").inner_text() == "film.dcm"


def test_an_answer_is_stopped_and_the_conversation_stays_with_its_study(visitor, tmp_path):
    page = visitor.page
    slices = np.random.default_rng(0).integers(0, 2000, (60, 64, 64)).astype(np.int16)  # take a while to be looked at
    visitor.upload(*make_series(tmp_path, slices))
    page.get_by_label("Question").fill("Describe the findings.")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped.").wait_for()
    visitor.upload(CHEST)
    assert page.locator(".turn").count() == 0
    page.get_by_role("button", name="CT volume, 60 files").first.click()
    assert page.locator(".turn.user").inner_text() == "Describe the findings."


def test_a_conversation_is_found_again_in_another_tab_and_can_be_begun_anew(visitor):
    page = visitor.page
    visitor.upload(CHEST.with_name("smear.jpg"))
    page.get_by_label("Question").fill("Is there a white blood cell?")
    with page.expect_response(lambda reply: reply.url.endswith("/conversation") and reply.request.method == "POST"):
        page.keyboard.press("Enter")
    answer = page.locator(".turn.model .answer").inner_text()
    page.evaluate("sessionStorage.clear()")
    visitor.open()
    page.locator(".studies .item", has_text="smear.jpg").first.click()
    page.locator(".turn.model[aria-busy=false]").wait_for()
    assert page.locator(".turn.model .answer").inner_text() == answer
    page.locator(".told[hidden]").wait_for(state="attached")
    visitor.picture("history")
    with page.expect_response(lambda reply: reply.url.endswith("/conversation") and reply.request.method == "DELETE"):
        page.get_by_role("button", name="New conversation").click()
    assert page.locator(".turn").count() == 0


def test_a_study_is_read_differently_long_after_it_was_uploaded(visitor):
    page = visitor.page
    visitor.upload(CHEST)
    page.evaluate("sessionStorage.clear()")
    visitor.open()
    page.locator(".studies .item", has_text="chest.jpg").first.click()
    page.keyboard.press("m")
    page.get_by_text("Read it differently").click()
    page.get_by_label("Parts", exact=True).fill("2, 1")
    page.get_by_role("button", name="Read again").click()
    page.get_by_role("button", name="What the model sees (3 images)").wait_for()


def test_what_the_server_refuses_is_told_in_its_words(visitor, tmp_path):
    page = visitor.page
    (tmp_path / "notes.txt").write_text("nothing of medicine")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files([str(tmp_path / "notes.txt")])
    told = page.locator(".card .bad")
    told.wait_for()
    assert "cannot read `notes.txt`" in told.inner_text()
    visitor.picture("refused")
    visitor.complaints.clear()  # the browser complains of the refusal itself
