import json
from dataclasses import dataclass, field

import pytest
from stand_in_server import Answer, Asked, StandInServer

from osler.errors import DownloadError
from osler.sources.address import parse_address
from osler.sources.fhir_server import TYPES, fetch_record

PATIENT = {"resourceType": "Patient", "id": "7"}


def observation(number: int) -> dict:
    return {"resourceType": "Observation", "id": str(number), "subject": {"reference": "Patient/7"}}


@dataclass
class StandInFhir:
    """A server with one patient.

    Attributes:
        has_everything: whether it offers $everything.
        pages: the resources of each page, the patient's own among them.
        refused: types for which it knows no search.
        cuts: after how many bytes the next answers break off.
        next_host: what the links to further pages begin with; "" for relative ones.
    """

    pages: list[list[dict]]
    has_everything: bool = True
    refused: tuple[str, ...] = ()
    cuts: list[int] = field(default_factory=list)
    next_host: str = ""

    def server(self) -> StandInServer:
        return StandInServer(self.answer)

    def answer(self, asked: Asked) -> Answer:
        answer = self._answer(asked)
        return Answer(answer.body, answer.status, answer.headers, self.cuts.pop(0)) if self.cuts else answer

    def _answer(self, asked: Asked) -> Answer:
        name = asked.path.removeprefix("/fhir/")
        if name == "Patient/7":
            return Answer.json(PATIENT)
        if name == "Patient/7/$everything" and self.has_everything:
            return Answer.json(self._page(int(asked.query.get("page", 0)), asked.path))
        if name in TYPES and name not in self.refused and asked.query.get("patient") == "7":
            found = [resource for page in self.pages for resource in page if resource["resourceType"] == name]
            return Answer.json({"resourceType": "Bundle", "entry": [{"resource": resource} for resource in found]})
        return Answer(status=404)

    def _page(self, number: int, path: str) -> dict:
        links = [{"relation": "self", "url": "x"}]
        if number + 1 < len(self.pages):
            links.append({"relation": "next", "url": f"{self.next_host}{path}?page={number + 1}"})
        entries = [{"resource": resource} for resource in self.pages[number]]
        return {"resourceType": "Bundle", "total": 4, "link": links, "entry": entries}


def fetched(server, path, patient: str = "7"):
    steps: list[tuple[int, int]] = []
    address = parse_address(f"{server.url}/fhir/Patient/{patient}")
    skipped = fetch_record(address, path, advance=lambda done, total: steps.append((done, total)))
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()], skipped, steps


PAGES = [[PATIENT, observation(1)], [observation(2)], [observation(3), observation(2)]]


def test_everything_comes_page_by_page_each_resource_once(tmp_path):
    with StandInFhir(PAGES).server() as server:
        found, skipped, steps = fetched(server, tmp_path / "record")
    assert found == [PATIENT, observation(1), observation(2), observation(3)]
    assert skipped == ()
    assert steps == [(2, 4), (3, 4), (4, 4)]


def test_without_the_operation_each_type_is_searched_for(tmp_path):
    condition = {"resourceType": "Condition", "id": "1"}
    stand_in = StandInFhir([[PATIENT, observation(1), condition]], has_everything=False, refused=("CarePlan",))
    with stand_in.server() as server:
        found, skipped, _ = fetched(server, tmp_path / "record")
    assert found == [PATIENT, condition, observation(1)]
    assert skipped == (("CarePlan resources", "the server does not search for them (it answered 404)"),)


def test_a_page_that_breaks_off_is_asked_for_again(tmp_path):
    with StandInFhir(PAGES, cuts=[20, 10**6, 30]).server() as server:
        assert len(fetched(server, tmp_path / "record")[0]) == 4


def test_pages_on_another_server_are_refused(tmp_path):
    with (
        StandInServer(lambda asked: Answer()) as other,
        StandInFhir(PAGES, next_host=other.url).server() as server,
        pytest.raises(DownloadError, match="another server"),
    ):
        fetched(server, tmp_path / "record")
    assert other.asked == []


def test_pages_that_lead_in_a_circle_end(tmp_path):
    page = {"resourceType": "Bundle", "entry": [], "link": [{"relation": "next", "url": "/fhir/x"}]}
    with StandInServer(lambda asked: Answer.json(page)) as server:
        assert fetched(server, tmp_path / "record")[0] == []
        assert len(server.asked) == 2


def test_an_unknown_patient_is_an_error(tmp_path):
    with StandInFhir(PAGES).server() as server, pytest.raises(DownloadError, match="does not have this patient"):
        fetched(server, tmp_path / "record", "8")


def test_a_server_that_gives_no_access_says_so(tmp_path):
    with (
        StandInServer(lambda asked: Answer(status=401)) as server,
        pytest.raises(DownloadError, match="gives no access"),
    ):
        fetched(server, tmp_path / "record")


@pytest.mark.parametrize(
    "body",
    [b"[]", b"<html>", b"{" * 10, b"[" * 100_000, b'{"resourceType": "Patient"}', b'{"n": ' + b"9" * 5000 + b"}"],
    ids=["list", "web page", "broken", "deep", "no bundle", "huge number"],
)
def test_an_answer_that_is_no_bundle_is_an_error(tmp_path, body):
    with StandInServer(lambda asked: Answer(body)) as server, pytest.raises(DownloadError):
        fetched(server, tmp_path / "record")


def test_what_a_server_says_of_an_error_is_not_repeated(tmp_path):
    outcome = b'{"resourceType": "OperationOutcome", "issue": [{"diagnostics": "Alonso Quixote"}]}'
    with StandInServer(lambda asked: Answer(outcome, status=418)) as server, pytest.raises(DownloadError) as caught:
        fetched(server, tmp_path / "record")
    assert "Quixote" not in str(caught.value)
