"""What the program says of generated patients, against the bundle itself: counts, latest values, dates."""

import json
import re
from collections import defaultdict
from datetime import UTC, datetime

import pytest

from osler.tasks.record.chart import open_chart
from osler.tasks.record.groups import groups_of
from osler.tasks.record.result import NOT_IN_RECORD
from osler.tasks.record_sections import SECTIONS

TODAY = "2026-06-30"
TOLD = {section.kind for section in SECTIONS}


@pytest.fixture(scope="module")
def resources(patient):
    return [entry["resource"] for entry in json.loads(patient.read_bytes())["entry"]]


@pytest.fixture(scope="module")
def chart(patient):
    return open_chart([patient])


def instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def measured(resources) -> dict[str, list[tuple[datetime, float, str]]]:
    """(when, value, unit) by code, read from the bundle without a line of Osler's."""
    found = defaultdict(list)
    for one in resources:
        if one["resourceType"] == "Observation" and "valueQuantity" in one:
            code, quantity = one["code"]["coding"][0], one["valueQuantity"]
            when = instant(one["effectiveDateTime"])
            found[f"{code['system']}|{code['code']}"].append((when, quantity["value"], quantity["unit"]))
    return found


def test_each_type_has_as_many_entries_as_the_bundle(chart, resources):
    expected = defaultdict(int)
    for one in resources:
        if one["resourceType"] in TOLD:
            expected[one["resourceType"]] += 1
    assert {kind: len(entries) for kind, entries in chart.entries.items()} == expected
    assert chart.num_repeated == chart.num_wrong == 0


def test_counts_latest_and_extreme_values_of_every_measurement_are_the_bundles(chart, resources):
    groups = {group.latest.code: group for group in groups_of(chart.entries["Observation"])}
    expected = measured(resources)
    assert len(expected) > 15
    for code, values in expected.items():
        group, last = groups[code], max(when for when, _, _ in values)
        latest = {(value, unit) for when, value, unit in values if when == last}
        assert group.count == len(values)
        assert (group.latest.quantity.value, group.latest.quantity.unit) in latest
        assert group.latest.moment == last
        if group.extremes:
            low, high = group.extremes
            numbers = [value for _, value, _ in values]
            assert (low.quantity.value, high.quantity.value) == (min(numbers), max(numbers))


def test_every_entry_leads_back_to_its_resource_and_its_day(chart, resources):
    by_reference = {f"{one['resourceType']}/{one['id']}": one for one in resources}
    for entry in chart:
        text = json.dumps(by_reference[entry.reference])
        assert f'"{entry.day}' in text


def test_nothing_names_the_patient(chart, resources):
    (patient,) = (one for one in resources if one["resourceType"] == "Patient")
    name = patient["name"][0]
    secrets = [patient["id"], patient["birthDate"], *(number["value"] for number in patient["identifier"])]
    told = "\n".join([chart.patient, *(entry.line for entry in chart)])
    assert not [secret for secret in secrets if secret in told]
    assert not re.search(rf"\b({name['family']}|{name['given'][0]})\b", told)


def test_a_question_for_the_latest_value_is_answered_with_the_bundles(navigator, patient, resources):
    """The model here can only choose names and copy what it reads: what it copies is what the bundle says."""
    code, values = max(measured(resources).items(), key=lambda item: len({value for _, value, _ in item[1]}))
    last, value, unit = max(values)
    name = next(
        group.name for group in groups_of(open_chart([patient]).entries["Observation"]) if group.latest.code == code
    )

    def copy(prompt: str) -> dict:
        count, latest, handle = re.search(
            rf"= {re.escape(name)}: (\d+) entries.* latest (.*?) \[(Observation/\d+)\]", prompt
        ).groups()
        return {"statements": [{"text": f"{count} values, the latest {latest}.", "sources": [handle]}]}

    request = {"names": [name], "since": "", "until": "", "which": "latest"}
    model = navigator(types={"types": ["Observation"]}, request=request, answer=copy)
    answer = model.record(patient, "What is the latest value?", mode="navigate", today=TODAY)
    (statement,) = answer.statements
    assert statement.text == f"{len(values)} values, the latest {value} {unit} on {last.date()}."
    assert statement.unfound_numbers == ()
    source = next(one for one in resources if f"Observation/{one['id']}" == statement.sources[0])
    assert (source["valueQuantity"]["value"], instant(source["effectiveDateTime"])) == (value, last)


def test_what_the_record_does_not_hold_is_not_in_the_record_and_no_model_is_asked(navigator, patient):
    model = navigator(types={"types": []})
    answer = model.record(patient, "Zebra xylophone?", mode="navigate", today=TODAY)
    assert (answer.text, answer.statements, answer.is_in_record) == (NOT_IN_RECORD, (), False)
    assert [step.name for step in answer.trace] == ["manifest", "types", "search"]
