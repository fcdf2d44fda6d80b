import numpy as np
import pytest

from osler.errors import InputError
from osler.formats.pdf import open_pdf
from osler.tasks.document import plan_document
from osler.tasks.study_options import StudyOptions
from osler.testing.pdf import make_pdf
from osler.values import ImagePart, Origin, TextPart


@pytest.fixture
def report(tmp_path):
    """Five pages, each with its number and as much ink as that."""
    return make_pdf(tmp_path / "report.pdf", [f"page {n}\n" + "M" * n for n in range(1, 6)], size_pt=(200, 150))


def told(view) -> list[str]:
    """The order of a view's parts: what is said, and which image stands where."""
    return [part.text if isinstance(part, TextPart) else spot(part.image.origin) for part in view.parts]


def spot(origin: Origin) -> str:
    return f"<{origin.kind} {origin.number}/{origin.total}>"


def test_each_page_is_followed_by_its_number(report):
    plan = plan_document(report, StudyOptions(dpi=40))
    assert (plan.kind, plan.label, plan.num_images) == ("document", "report.pdf", 5)
    assert plan.texts == ("PAGE 1", "PAGE 2", "PAGE 3", "PAGE 4", "PAGE 5")
    assert told(plan.develop(None))[:4] == ["<page 1/5>", "PAGE 1", "<page 2/5>", "PAGE 2"]


def test_a_page_is_sent_as_pdfium_draws_it_at_this_resolution(report):
    image = plan_document(report, StudyOptions(dpi=100, pages=(3, 3))).develop(None).images[0]
    assert np.array_equal(image.pixels, open_pdf(report).draw(2, 100))
    assert image.steps == (
        "page 3 of 5 drawn by PDFium at 100 dpi on white, with annotations and form fields: 278 × 209 pixels",
    )
    assert (image.file.name, image.file.kind, len(image.file.sha256)) == ("report.pdf", "pdf", 64)


def test_a_document_of_one_page_has_no_numbers(tmp_path):
    plan = plan_document(make_pdf(tmp_path / "one.pdf", ["text"], size_pt=(200, 150)), StudyOptions(dpi=40))
    assert plan.texts == ()
    assert told(plan.develop(None)) == ["<page 1/1>"]


def test_only_the_pages_that_were_asked_for_are_sent_with_their_own_numbers(report):
    view = plan_document(report, StudyOptions(dpi=40, pages=(2, 3))).develop(None)
    assert told(view) == ["<page 2/5>", "PAGE 2", "<page 3/5>", "PAGE 3"]
    assert (view.source.num_available, view.source.num_sent) == (5, 2)
    assert view.source.choices == {"pages": [2, 3], "dpi": 40}
    assert view.source.reason == "the pages that were asked for"


@pytest.mark.parametrize("pages", [(4, 6), (6, 6)])
def test_pages_that_are_not_there_are_refused_with_those_that_are(report, pages):
    with pytest.raises(InputError, match="expected pages from 1 to 5") as raised:
        plan_document(report, StudyOptions(pages=pages))
    assert "--pages 1-5" in raised.value.hint


def test_more_pages_than_any_context_holds_are_refused_before_each_is_measured(report, monkeypatch):
    monkeypatch.setattr("osler.tasks.document.MOST_PAGES", 2)
    with pytest.raises(InputError, match=r"cannot take 4 pages of .*: expected at most 2") as raised:
        plan_document(report, StudyOptions(pages=(2, 5)))
    assert "--pages 2-3" in raised.value.hint
    assert plan_document(report, StudyOptions(pages=(2, 3))).num_images == 2


def test_fewer_pages_are_taken_evenly_and_that_is_said(report):
    view = plan_document(report, StudyOptions(dpi=40)).develop(3)
    assert told(view)[::2] == ["<page 1/5>", "<page 3/5>", "<page 5/5>"]
    assert view.source.choices["pages"] == [1, 3, 5]
    assert "2 of 5 pages left out evenly, so that the prompt fits" in view.source.notes


def test_opening_words_come_first(report):
    plan = plan_document(report, StudyOptions(dpi=40, pages=(1, 1), instruction="A lab report:"))
    assert plan.texts == ("A lab report:", "PAGE 1")
    assert told(plan.develop(None)) == ["A lab report:", "<page 1/5>", "PAGE 1"]


def test_parts_of_a_page_follow_the_whole(report):
    plan = plan_document(report, StudyOptions(dpi=72, pages=(4, 5), tiles=(2, 1)))
    view = plan.develop(None)
    assert plan.num_images == len(view.images) == 6
    assert told(view)[:4] == ["<page 4/5>", "<tile 1/2>", "<tile 2/2>", "PAGE 4"]
    whole, left, right = (image.pixels for image in view.images[:3])
    assert np.array_equal(np.concatenate([left, right], axis=1), whole)
    assert view.images[2].origin.region_px == (100, 0, 100, 150)
    assert view.images[2].steps[1:] == ("part 2 of 2",)
    assert not right.flags.writeable


def test_a_page_s_parts_are_sent_with_it_or_not_at_all(report):
    plan = plan_document(report, StudyOptions(dpi=40, tiles=(2, 2)))
    assert [image.origin.kind for image in plan.develop(11).images] == (["page"] + ["tile"] * 4) * 2
    few = plan.develop(3)
    assert [image.origin.kind for image in few.images] == ["page"] * 3
    assert "parts of pages left out, so that the prompt fits" in few.source.notes


def test_a_page_too_large_is_refused_by_the_plan(tmp_path):
    path = make_pdf(tmp_path / "poster.pdf", ["a", "b"], size_pt=(14400, 14400))
    with pytest.raises(InputError, match=r"page 1 .*30,000 × 30,000 pixels"):
        plan_document(path, StudyOptions())


def test_the_record_says_that_pages_hold_what_is_printed_on_them(report):
    source = plan_document(report, StudyOptions(dpi=40)).develop(None).source
    assert any("names included" in note for note in source.notes)
    assert (source.kind, source.reason, source.files[0].name) == ("document", "all pages", "report.pdf")


def test_images_are_parts_of_their_own(report):
    view = plan_document(report, StudyOptions(dpi=40)).develop(2)
    assert sum(isinstance(part, ImagePart) for part in view.parts) == 2
