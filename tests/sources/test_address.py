import pytest

from osler.errors import InputError
from osler.sources.address import PatientAddress, StudyAddress, is_address, parse_address


@pytest.mark.parametrize("source", ["chest.dcm", "C:\\films\\a.dcm", "C:/films", "/data/http/x", "a:b", "study 1", ""])
def test_paths_are_no_addresses(source):
    assert not is_address(source)


def test_a_study_is_taken_apart():
    address = parse_address("dicomweb://pacs.local:8042/dicom-web/studies/1.2.3/series/4.5/instances/6.7")
    assert isinstance(address, StudyAddress)
    assert address.base == "http://pacs.local:8042/dicom-web"
    assert (address.study, address.series, address.instance) == ("1.2.3", "4.5", "6.7")


@pytest.mark.parametrize("source", ["dicomwebs://pacs/rs/studies/1.2", "https://pacs/rs/studies/1.2/"])
def test_encrypted_connections_have_two_spellings(source):
    assert parse_address(source).base == "https://pacs/rs"


def test_a_path_object_that_lost_a_slash_is_still_an_address():
    assert is_address("https:/fhir.local/r4/Patient/7")
    assert parse_address("https:/fhir.local/r4/Patient/7").base == "https://fhir.local/r4"


def test_a_patient_is_taken_apart():
    address = parse_address("http://127.0.0.1:8080/fhir/Patient/example-1/$everything")
    assert isinstance(address, PatientAddress)
    assert (address.base, address.patient) == ("http://127.0.0.1:8080/fhir", "example-1")


def test_the_digest_tells_servers_and_studies_apart_but_not_the_parts_of_one():
    of = [
        parse_address(f"dicomweb://{rest}").digest
        for rest in ("a/studies/1.2", "a/studies/1.2/series/3", "a/studies/1.3", "b/studies/1.2")
    ]
    assert of[0] == of[1]
    assert len(set(of)) == 3
    assert all("1.2" not in digest for digest in of)


@pytest.mark.parametrize(
    "source",
    [
        "ftp://host/studies/1.2",
        "https://host/picture.png",
        "dicomweb://host/studies",
        "dicomweb://host/studies/1.2/metadata",
        "dicomweb://host/studies/../../1",
        "dicomweb://host/studies/1.2?limit=1",
        "dicomweb://host/Patient/7",
        "dicomweb://host:port/studies/1.2",
        "http://host/fhir/Patient/a b",
        "https://[::1/Patient/7",
    ],
)
def test_anything_else_is_refused_with_what_is_read(source):
    assert is_address(source)
    with pytest.raises(InputError, match=r"dicomweb://HOST"):
        parse_address(source)


def test_a_password_in_an_address_is_refused_and_not_repeated():
    with pytest.raises(InputError) as caught:
        parse_address("dicomweb://doctor:secret@pacs/studies/1.2")
    assert "secret" not in str(caught.value)
    assert "netrc" in caught.value.hint
