import os
import signal
import threading

import numpy as np
import pytest

from osler.errors import InputError
from osler.formats.pdf import PdfLimits, open_pdf
from osler.testing.pdf import A4_PT, make_pdf, make_pdf_of_forms


@pytest.fixture
def report(tmp_path):
    return make_pdf(tmp_path / "report.pdf", ["Haemoglobin 13.5 g/dL\nLeukocytes 6.2 /nL", "second page"])


def test_pages_are_counted_and_have_their_size_in_points(report):
    document = open_pdf(report)
    assert (document.path, document.num_pages) == (report, 2)
    assert document.size_pt(1) == A4_PT


def test_a_page_is_black_text_on_white(report):
    pixels = open_pdf(report).draw(0, 72)
    assert (pixels.shape, pixels.dtype, pixels.flags.writeable) == ((842, 595, 3), np.uint8, False)
    assert pixels[0, 0].tolist() == [255, 255, 255]
    dark = np.argwhere(pixels.max(axis=2) < 128)
    (top, left), (bottom, right) = dark.min(axis=0), dark.max(axis=0)
    assert top > 30 and bottom < 75  # two lines from 50 points below the top on
    assert left > 45 and right < 200


def test_colours_come_out_as_red_green_and_blue(tmp_path):
    pixels = open_pdf(make_pdf(tmp_path / "red.pdf", ["MMMM"], ink=(1, 0, 0))).draw(0, 150)
    assert (pixels == (255, 0, 0)).all(axis=2).any()
    assert pixels[:, :, 0].min() == 255


def test_the_resolution_sets_the_number_of_pixels(report):
    document = open_pdf(report)
    assert document.draw(0, 36).shape == (421, 298, 3)
    assert document.check_drawing(0, 150) == (1240, 1755)
    assert document.draw(0, 150).shape == (1755, 1240, 3)


def test_a_turned_page_is_drawn_as_it_is_shown(tmp_path):
    document = open_pdf(make_pdf(tmp_path / "turned.pdf", ["text"], rotation=90))
    assert document.size_pt(0) == (A4_PT[1], A4_PT[0])
    pixels = document.draw(0, 72)
    assert pixels.shape == (595, 842, 3)
    assert np.argwhere(pixels.max(axis=2) < 128)[:, 1].min() > 700  # what was its head is at the right


def test_the_text_layer_is_read_page_by_page(report):
    document = open_pdf(report)
    assert document.text(0) == "Haemoglobin 13.5 g/dL\nLeukocytes 6.2 /nL"
    assert document.text(1) == "second page"


def test_a_page_without_text_has_an_empty_text_layer(tmp_path):
    assert open_pdf(make_pdf(tmp_path / "blank.pdf", [""])).text(0) == ""


def test_a_locked_file_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(InputError, match="locked with a password") as raised:
        open_pdf(make_pdf(tmp_path / "locked.pdf", ["secret"], is_locked=True))
    assert "without a password" in raised.value.hint


def test_a_file_without_pages_is_refused(tmp_path):
    with pytest.raises(InputError, match="damaged"):
        open_pdf(make_pdf(tmp_path / "empty.pdf", []))


@pytest.mark.parametrize("page", [-1, 2])
def test_a_page_that_is_not_there_is_refused_with_their_number(report, page):
    with pytest.raises(InputError, match=f"page {page + 1} of .* it has 2"):
        open_pdf(report).draw(page, 72)


@pytest.mark.parametrize("dpi", [9, 1201, float("nan")])
def test_a_resolution_out_of_range_is_refused(report, dpi):
    with pytest.raises(InputError, match="10 to 1200 dpi"):
        open_pdf(report).draw(0, dpi)


def test_a_page_too_large_is_refused_before_it_is_drawn_with_a_resolution_that_fits(tmp_path):
    document = open_pdf(make_pdf(tmp_path / "poster.pdf", ["x"], size_pt=(14400, 14400)))
    with pytest.raises(InputError, match=r"page 1 .* 30,000 × 30,000 pixels at 150 dpi") as raised:
        document.draw(0, 150)
    assert raised.value.hint == "--dpi 35 fits"
    assert document.draw(0, 20).shape == (4000, 4000, 3)


def test_a_file_whose_end_is_missing_is_refused_though_pdfium_would_repair_it(report):
    report.write_bytes(report.read_bytes()[:-20])
    with pytest.raises(InputError, match="cut off"):
        open_pdf(report)


def test_a_file_that_goes_on_after_its_end_is_refused(report):
    report.write_bytes(report.read_bytes() + b"9 0 obj\n<< /Type /Page")
    with pytest.raises(InputError, match="cut off"):
        open_pdf(report)


def test_bytes_before_and_after_the_file_do_no_harm(report):
    report.write_bytes(b"\n\n" + report.read_bytes() + b"\n<!-- sent by a portal -->\n")
    assert open_pdf(report).num_pages == 2


def test_a_page_that_takes_for_ever_ends_its_process_and_no_more(tmp_path):
    document = open_pdf(make_pdf_of_forms(tmp_path / "bomb.pdf", depth=12, width=12), limits=PdfLimits(seconds=1.5))
    with pytest.raises(InputError, match=r"page 1 of .* (did not finish within 1\.5 seconds|or needed more than)"):
        document.draw(0, 72)
    assert document.size_pt(0) == (200, 200)


def test_a_page_that_takes_all_memory_ends_its_process_and_no_more(tmp_path):
    limits = PdfLimits(seconds=60, most_bytes=150 << 20)
    document = open_pdf(make_pdf_of_forms(tmp_path / "bomb.pdf", depth=12, width=40), limits=limits)
    with pytest.raises(InputError, match=r"needed more than 0\.15 GiB"):
        document.draw(0, 72)


def test_a_few_forms_within_forms_are_drawn(tmp_path):
    pixels = open_pdf(make_pdf_of_forms(tmp_path / "forms.pdf", depth=3, width=2)).draw(0, 72)
    assert pixels[-5, 5].tolist() == [0, 0, 0]


def test_a_process_that_was_killed_is_told_of_and_started_again(report):
    document = open_pdf(report)
    os.kill(document._worker._process.pid, signal.SIGKILL)
    with pytest.raises(InputError, match="broke down"):
        document.text(0)
    assert document.text(1) == "second page"


def test_a_closed_document_can_be_read_again_and_leaves_no_process(report):
    document = open_pdf(report)
    process = document._worker._process
    document.close()
    assert process.poll() is not None
    assert document.text(1) == "second page"


def test_a_document_that_is_forgotten_leaves_no_process(report):
    process = open_pdf(report)._worker._process
    assert process.poll() is not None


def test_several_threads_may_read_one_document(report):
    document = open_pdf(report)
    found = []
    threads = [threading.Thread(target=lambda page=n % 2: found.append((page, document.text(page)))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(set(found)) == [(0, "Haemoglobin 13.5 g/dL\nLeukocytes 6.2 /nL"), (1, "second page")]
    assert len(found) == 8
