import csv
import io

import numpy as np

from osler.tasks.labs.table import COLUMNS, csv_of

ANSWER = '[{"name": "%s", "result": "%s", "unit": "g/dL", "range": "13-17", "panel": null, "method": null, '
ANSWER += '"specimen": null, "sample_collection_time": null}]'


PICTURE = np.full((20, 20, 3), 255, np.uint8)


def rows_of(reads, source=PICTURE, name="Haemoglobin", result="10.2"):
    found = reads(ANSWER % (name, result), "[]").labs(source)
    return list(csv.DictReader(io.StringIO(csv_of(found), newline="")))


def test_each_row_is_a_line_with_what_was_printed_and_what_it_means(reads, report):
    (row,) = rows_of(reads, report)
    assert tuple(row) == COLUMNS
    assert (row["file"], row["page"], row["result"], row["value"], row["ucum"]) == (
        "report.pdf",
        "1",
        "10.2",
        "10.2",
        "g/dL",
    )
    assert (row["standing"], row["report_flag"], row["result_in_text"], row["loinc"]) == ("L", "L", "found", "718-7")


def test_a_text_that_a_spreadsheet_would_compute_stays_a_text(reads):
    assert rows_of(reads, result="=1+1")[0]["result"] == "'=1+1"
    assert rows_of(reads, result="@x")[0]["result"] == "'@x"
    assert rows_of(reads, result="+cmd|x!A1")[0]["result"] == "'+cmd|x!A1"


def test_signs_that_results_have_are_left_as_they_are(reads):
    for result in ("+++", "-2.5", "+1.2", "-"):
        assert rows_of(reads, result=result)[0]["result"] == result


def test_commas_and_quotes_come_back(reads):
    assert rows_of(reads, name="Protein, total (S)")[0]["name"] == "Protein, total (S)"
