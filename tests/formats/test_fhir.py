import json

import pytest
from contracts.reader import PeakMemory

from osler.errors import InputError
from osler.formats.fhir import open_fhir, open_fhir_files
from osler.testing.fhir import make_bundle, make_ndjson, make_patient, observation, small_record


def written(path, content) -> str:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


def test_the_resources_of_a_bundle_come_in_its_order(tmp_path):
    record = open_fhir(make_bundle(tmp_path / "record.json", small_record()))
    assert list(record.resources()) == small_record()
    assert record.counts == {"Patient": 1, "Condition": 1, "MedicationRequest": 1, "Observation": 2, "Claim": 1}


def test_ndjson_gives_the_same_as_a_bundle(tmp_path):
    assert list(open_fhir(make_ndjson(tmp_path / "record.ndjson", small_record())).resources()) == small_record()


def test_several_files_are_read_one_after_another(tmp_path):
    first = make_ndjson(tmp_path / "a.ndjson", small_record()[3:])
    second = make_bundle(tmp_path / "b.json", small_record()[:4])
    record = open_fhir_files([first, second])
    assert list(record.resources()) == [*small_record()[3:], *small_record()[:4]]
    assert (record.path, record.files, record.counts["Observation"]) == (first, (first, second), 3)


def test_a_single_resource_is_a_record_of_one(tmp_path):
    record = open_fhir(written(tmp_path / "patient.json", make_patient()))
    assert list(record.resources()) == [make_patient()]


def test_a_record_can_be_read_more_than_once(tmp_path):
    record = open_fhir(make_bundle(tmp_path / "record.json", small_record()))
    assert list(record.resources()) == list(record.resources())


def test_a_bundle_that_says_at_its_end_what_it_is_is_read(tmp_path):
    path = written(tmp_path / "b.json", {"entry": [{"resource": make_patient()}], "resourceType": "Bundle"})
    assert open_fhir(path).counts == {"Patient": 1}


def test_bundles_in_bundles_are_unpacked(tmp_path):
    inner = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": make_patient()}]}
    assert open_fhir(make_bundle(tmp_path / "b.json", [inner, inner])).counts == {"Patient": 2}


def test_a_list_keeps_its_entries_which_are_no_resources(tmp_path):
    listed = {"resourceType": "List", "status": "current", "entry": [{"item": {"reference": "Condition/1"}}]}
    assert list(open_fhir(written(tmp_path / "list.json", listed)).resources()) == [listed]


def test_entries_without_a_resource_are_stepped_over(tmp_path):
    bundle = {"resourceType": "Bundle", "entry": [{"request": {"method": "DELETE"}}, {"resource": make_patient()}]}
    assert open_fhir(written(tmp_path / "b.json", bundle)).counts == {"Patient": 1}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"name": "Quixote"}, "resourceType"),
        ({"resourceType": "quixote 1605"}, "resourceType"),
        ({"resourceType": ["Patient"]}, "resourceType"),
        ({"resourceType": "Bundle", "entry": ["Quixote"]}, "no object"),
        ({"resourceType": "Bundle", "entry": [{"resource": "Quixote"}]}, "no object"),
        ({"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Bundle", "entry": 1}}]}, "no list"),
        ({"resourceType": "Bundle", "entry": []}, "empty"),
        ({"resourceType": "Bundle"}, "empty"),
        ("[1, 2]", "damaged"),
        ('{["a"]: 1}', "damaged"),
        ('{"resourceType": "Patient"} Quixote', "after 1 resources"),
        ('{"resourceType": "Patient" "id": 1}', "damaged"),
        ('{"a": ' * 100_000, "nested too deeply"),
        ('{"resourceType": "Observation", "value": 1' + "0" * 10_000 + "}", "damaged"),
        ("{" + ",".join(f'"a{n}": 0' for n in range(2000)) + "}", "no resource"),
    ],
)
def test_what_is_no_fhir_is_refused_with_the_reason_and_without_its_words(tmp_path, content, reason):
    with pytest.raises(InputError, match=reason) as raised:
        open_fhir(written(tmp_path / "file.json", content))
    assert "file.json" in str(raised.value) and "uixote" not in str(raised.value)


def test_many_types_of_resources_are_refused(tmp_path):
    kinds = [{"resourceType": "Type" + chr(97 + n // 26) + chr(97 + n % 26)} for n in range(201)]
    with pytest.raises(InputError, match="more than 200 types"):
        open_fhir(make_ndjson(tmp_path / "record.ndjson", kinds))


@pytest.mark.parametrize("make", [make_bundle, make_ndjson])
def test_a_large_record_is_read_in_little_memory(tmp_path, make):
    notes = [observation("Haemoglobin", 13.5, "g/dL", "2020-03-01", note=[{"text": "x" * 1000}])] * 20_000
    path = make(tmp_path / "large", notes)
    assert path.stat().st_size > 25_000_000
    with PeakMemory() as memory:
        assert open_fhir(path).counts == {"Observation": 20_000}
    assert memory.grown_bytes < 10_000_000
