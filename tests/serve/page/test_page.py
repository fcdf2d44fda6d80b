"""The page, as a person uses it."""

from pathlib import Path

import numpy as np
from PIL import Image

import osler
from osler.testing.dicom import make_dicom
from osler.testing.dicom_series import make_series
from osler.testing.fhir import make_bundle, small_record
from osler.testing.pdf import make_pdf
from osler.testing.slide import make_slide, tissue_slide

(CHEST,) = (Path(osler.__file__).parent / "nano").rglob("chest.jpg")
LABS = """LABORATORY REPORT

Test            Result    Unit     Range
Haemoglobin     10.2 L    g/dL     13.0 - 17.0
Sodium          139       mmol/L   135 - 145"""


def chest_dicom(folder: Path) -> Path:
    """The demonstration's chest film as 12-bit DICOM."""
    grey = np.asarray(Image.open(CHEST).convert("L")).astype(np.uint16) * 16
    return make_dicom(folder / "chest.dcm", grey, bits=12)


def head_series(folder: Path) -> list[Path]:
    """A ball with a bone around it, in 24 slices of four millimetres."""
    z, y, x = np.mgrid[-1:1:24j, -1:1:96j, -1:1:96j]
    far = np.sqrt(x**2 + y**2 + z**2)
    values = np.select([far < 0.3, far < 0.75, far < 0.85], [70, 35, 900], -1000) + 1024
    return make_series(folder, values.astype(np.int16), step_mm=(0, 0, 4))


def test_a_film_is_uploaded_asked_about_and_answered_while_one_watches(visitor, tmp_path):
    page = visitor.page
    visitor.picture("welcome")
    visitor.upload(chest_dicom(tmp_path))
    page.locator(".stage img[src^='blob:']").wait_for()
    visitor.picture("film")
    page.get_by_label("Question").fill("Describe this X-ray.")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator(".turn.model[aria-busy=false]").wait_for()
    assert len(page.locator(".turn.model .answer").inner_text()) > 20
    assert "token" in page.locator(".turn.model .ending").inner_text()
    assert page.locator(".notice-bar").inner_text().startswith("Demonstration model")
    visitor.picture("asked")


def test_what_the_model_sees_is_one_click_away(visitor, tmp_path):
    page = visitor.page
    visitor.upload(*head_series(tmp_path))
    page.get_by_role("button", name="What the model sees (24 images)").click()
    page.locator(".grid .view").nth(23).wait_for()
    page.locator(".grid img[src^='blob:']").first.wait_for()
    visitor.picture("seen")
    page.locator(".grid .view").nth(10).click()
    page.get_by_role("dialog").get_by_text("What was done").wait_for()
    page.locator("dialog img[src^='blob:']").wait_for()
    visitor.picture("seen-one")
    page.get_by_role("button", name="Close").click()
    page.get_by_text("Read it differently").click()
    page.get_by_label("Slices", exact=True).fill("5-9")
    page.get_by_label("Window", exact=True).fill("300, 1500")
    visitor.picture("reading")
    page.get_by_role("button", name="Read again").click()
    page.get_by_role("button", name="What the model sees (5 images)").click()
    page.locator(".grid .name", has_text="axial slice 5 of 24").wait_for()


def test_a_series_is_shown_in_planes_and_windows(visitor, tmp_path):
    page = visitor.page
    visitor.upload(*head_series(tmp_path))
    page.locator(".place:not(:empty)").wait_for()
    visitor.picture("volume")
    page.get_by_label("Window").select_option("Bone (-760 to 1740 HU)")
    page.get_by_role("button", name="Axial", exact=True).click()
    visitor.picture("volume-axial", settled_ms=300)


def test_a_large_file_goes_up_in_parts(visitor, tmp_path):
    page = visitor.page
    Image.new("L", (4200, 4100), 90).save(tmp_path / "large.tif")
    parts = []
    page.on("requestfinished", lambda request: parts.append(request) if request.url.endswith("/parts") else None)
    visitor.upload(tmp_path / "large.tif")
    page.locator(".stage .boxes[viewBox='0 0 4200 4100']").wait_for(state="attached")
    assert len(parts) == 2


def test_files_that_are_dropped_become_a_study(visitor):
    page = visitor.page
    dropped = """async (content) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([Uint8Array.from(content)], "dropped.jpg"));
        const about = { dataTransfer: transfer, bubbles: true, cancelable: true };
        for (const kind of ["dragenter", "dragover", "drop"])
            document.body.dispatchEvent(new DragEvent(kind, about));
    }"""
    page.evaluate(dropped, list(CHEST.read_bytes()))
    page.locator(".study-head h1", has_text="dropped.jpg").wait_for()
    assert not page.locator(".drop-here").is_visible()


def test_a_slide_is_zoomed_into_and_its_patches_are_marked(visitor, tmp_path):
    page = visitor.page
    pixels = tissue_slide(3000, 4200, [(200, 200, 2000, 2300), (2500, 500, 1400, 1900)])
    visitor.upload(make_slide(tmp_path / "slide.svs", pixels, mpp_um=0.5, objective=20))
    page.locator(".openseadragon-canvas").first.wait_for()
    with page.expect_response(lambda reply: reply.url.endswith(".jpeg") and reply.ok):
        page.get_by_role("button", name="Larger").click()
    page.get_by_label("Patches that the model sees").check()
    page.get_by_role("button", name="Show all").click()
    page.locator(".patch").first.wait_for()
    visitor.picture("slide", settled_ms=1500)


def test_rows_of_a_report_stand_beside_its_page(visitor, tmp_path):
    page = visitor.page
    visitor.upload(make_pdf(tmp_path / "report.pdf", [LABS]))
    page.locator(".sheet img[src^='blob:']").wait_for()
    visitor.task("Lab rows")
    page.get_by_role("button", name="Start").click()
    visitor.ended()
    visitor.picture("labs")


def test_a_study_of_several_things_has_a_viewer_for_each(visitor, tmp_path):
    page = visitor.page
    visitor.upload(CHEST, make_pdf(tmp_path / "report.pdf", [LABS]))
    tabs = page.get_by_role("tablist", name="Parts of the study").get_by_role("tab")
    tabs.nth(1).click()
    assert tabs.all_inner_texts() == ["chest.jpg", "report.pdf"]
    page.locator(".sheet img[src^='blob:']").wait_for()
    visitor.task("Lab rows")
    visitor.picture("several")


def test_a_record_is_listed_and_asked(visitor, tmp_path):
    page = visitor.page
    visitor.upload(make_bundle(tmp_path / "record.json", small_record()))
    page.locator(".entries li").first.wait_for()
    page.get_by_label("Question").fill("When was the last HbA1c?")
    page.get_by_role("button", name="Start").click()
    visitor.ended()
    visitor.picture("record")


def test_things_are_located_and_drawn_on_the_picture_in_its_own_pixels(visitor):
    page = visitor.page
    visitor.upload(CHEST.with_name("smear.jpg"))
    visitor.task("Locate")
    page.get_by_label("What to find").fill("white blood cell")
    page.get_by_role("button", name="Start").click()
    visitor.ended()
    page.locator(".stage .boxes[viewBox]").wait_for(state="attached")
    box = page.get_by_label("box: white blood cell")
    box.wait_for()
    width = page.locator(".stage .boxes").get_attribute("viewBox").split()[2]
    assert int(width) == Image.open(CHEST.with_name("smear.jpg")).width
    assert 0 < float(box.locator("rect").get_attribute("width")) < int(width)
    visitor.picture("located")
