"""`osler labs`, run as a person runs it."""

import json

import pytest

from osler.testing.pdf import make_pdf
from osler.values import NOTICE_DEMONSTRATION

PAGE = "Complete blood count\nHaemoglobin 10.2 L g/dL 13.0 - 17.0\nSodium 140 mmol/L 135 - 145"


@pytest.fixture
def report(tmp_path):
    return make_pdf(tmp_path / "report.pdf", [PAGE])


def test_the_demonstration_model_s_rows_fit_the_form_and_are_marked_as_not_on_the_page(osler, report, tmp_path):
    fhir = tmp_path / "rows.json"
    result = osler("labs", report, "--json", "--fhir", fhir, "--max-new-tokens", "1500")
    assert result.returncode == 0, result.stderr
    (page,) = json.loads(result.stdout)["pages"]
    assert page["has_text"] and page["is_whole"]
    assert all(row["result_in_text"] == "missing" for row in page["rows"] if row["result"])
    assert json.loads(fhir.read_text(encoding="utf-8"))["resourceType"] == "Bundle"
    assert result.stderr.splitlines()[-1] == NOTICE_DEMONSTRATION


def test_half_an_answer_fails_after_its_rows_were_printed(osler, report):
    result = osler("labs", report, "--max-new-tokens", "20")
    assert result.returncode == 1
    assert "report.pdf" in result.stdout
    assert "tests are missing" in result.stderr


def test_what_is_no_report_is_refused(refused, tmp_path):
    (tmp_path / "notes.txt").write_text("Sodium 140")
    assert "notes.txt" in refused("labs", "notes.txt")
