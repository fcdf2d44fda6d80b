import base64

import pytest

from osler.tasks.fhir_words import said


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("two\n words ", "two words"),
        (True, "yes"),
        (False, "no"),
        (5, "5"),
        (7.25, "7.25"),
        (None, ""),
        ({}, ""),
        ([], ""),
        ([["nested"]], ""),
        ({"text": "Asthma", "coding": [{"display": "other"}]}, "Asthma"),
        ({"coding": [{"display": "Asthma", "code": "195967001"}]}, "Asthma"),
        ({"coding": [{"code": "active"}]}, "active"),
        ({"coding": "damaged", "text": 5}, ""),
        ({"system": "urn:x", "code": "AMB"}, "AMB"),
        ({"value": 7.2, "unit": "%", "code": "%"}, "7.2 %"),
        ({"value": 5, "comparator": "<", "code": "mg/L"}, "<5 mg/L"),
        ({"value": 0, "unit": "/nL"}, "0 /nL"),
        ({"value": {"a": 1}}, ""),
        ({"low": {"value": 4, "unit": "/nL"}, "high": {"value": 11, "unit": "/nL"}}, "4 /nL to 11 /nL"),
        ({"low": {"value": 4}}, ">= 4"),
        ({"high": {"value": 6, "unit": "%"}}, "<= 6 %"),
        ({"high": {"value": 6}, "text": "below six"}, "below six"),
        ({"numerator": {"value": 1}, "denominator": {"value": 128}}, "1 / 128"),
        ({"reference": "Organization/1", "display": "Laboratory"}, "Laboratory"),
        ({"reference": "Patient/quixote"}, ""),
        ({"time": "2020", "authorString": "Dr. Pedro Recio", "text": "improved"}, "improved"),
        ({"manifestation": [{"text": "Hives"}, {"text": "Wheeze"}], "severity": "mild"}, "Hives; Wheeze mild"),
        ({"code": {"text": "Systolic"}, "valueQuantity": {"value": 120, "unit": "mmHg"}}, "Systolic 120 mmHg"),
        (
            {"code": {"text": "Na"}, "valueQuantity": {"value": 150}, "interpretation": [{"coding": [{"code": "H"}]}]},
            "Na 150 [H]",
        ),
        ({"detail": {"code": {"text": "Walking"}, "status": "in-progress"}}, "Walking"),
        ({"text": "one a day", "timing": {"repeat": {}}}, "one a day"),
        (
            {
                "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
                "timing": {"repeat": {"frequency": 2, "period": 1.0, "periodUnit": "d"}},
                "asNeededBoolean": True,
            },
            "1 tablet 2 × every 1.0 d as needed",
        ),
        (
            {"timing": {"code": {"text": "BID"}, "repeat": {"frequency": 9}}, "route": {"text": "oral"}},
            "BID oral",
        ),
        ({"contentType": "application/pdf", "data": "AAAA"}, "[application/pdf, not told]"),
        ({"contentType": "Quixote", "url": "http://x"}, "[not told]"),
        ({"contentType": "text/plain", "data": "abcde"}, "[damaged text]"),
        ({"div": "<div>Quixote</div>", "extension": [{"valueString": "Quixote"}]}, ""),
    ],
)
def test_a_data_type_is_told_in_words(value, words):
    assert said(value) == words


def test_a_text_within_a_record_is_told():
    data = base64.b64encode("Lungs clear.\nHeart größer.".encode()).decode()
    assert (
        said([{"attachment": {"contentType": "text/plain; charset=utf-8", "data": data}}])
        == "Lungs clear. Heart größer."
    )


def test_several_values_are_told_in_order():
    assert said([{"text": "mild"}, {}, {"text": "worse"}]) == "mild; worse"
