"""Rows of a laboratory report as CSV."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from osler.tasks.labs.rows import LabReport

__all__ = ["COLUMNS", "csv_of"]

COLUMNS = (
    *(
        "file",
        "page",
        "name",
        "result",
        "unit",
        "range",
        "panel",
        "method",
        "specimen",
        "sample_collection_time",
        "flag",
    ),
    *("value", "comparator", "ucum", "low", "high", "standing", "report_flag", "collected"),
    *("result_in_text", "name_in_text", "in_one_line", "loinc", "warnings"),
)
FORMULA = frozenset("=@\t\r")
SIGNS = "+-"


def csv_of(report: LabReport) -> str:
    """The rows, with a line of names first; printed texts as they were read, lists joined by "; ".

    A spreadsheet computes what begins like a formula, and these texts come from a stranger's file: an apostrophe before
    such a text makes it stay one. Signs before digits, and signs alone ("+++"), are left as they are.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for page in report.pages:
        for row in page.rows:
            name = page.file.name if page.file else ""
            writer.writerow({key: _cell(value) for key, value in {"file": name, **_flat(row.to_dict())}.items()})
    return stream.getvalue()


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose lists are texts."""
    codes = "; ".join(candidate["code"] for candidate in row["loinc"])
    return {**row, "loinc": codes, "warnings": "; ".join(row["warnings"])}


def _cell(value: Any) -> Any:
    if not isinstance(value, str) or not value:
        return value
    is_formula = value[0] in FORMULA or (value[0] in SIGNS and value.lstrip("+- ")[:1].isalpha())
    is_formula = is_formula or (value[0] in SIGNS and any(sign in value for sign in "|!("))
    return f"'{value}" if is_formula else value
