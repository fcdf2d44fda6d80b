"""The description of the interface, and requests made up from it."""

import io

import pytest
from serve.conftest import serving

from osler.serve.app import create_app
from osler.serve.database import Database
from osler.serve.keys import KeyRing
from osler.serve.settings import Settings
from osler.serve.vault import Vault

EXAMPLES = 4
FAULT = 500
METHODS = {"get", "post", "delete"}


@pytest.fixture(scope="module")
def described(nano):
    return create_app(nano, "nano").openapi()


def operations(described):
    return [
        (path, method, operation)
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
        if method in METHODS
    ]


def test_every_error_has_the_shape_that_clients_of_its_route_know(described):
    for path, method, operation in operations(described):
        for status, reply in operation["responses"].items():
            if int(status) >= 400:
                schema = reply["content"]["application/json"]["schema"]
                name = "HubError" if path.startswith("/generate") else "Error"
                assert schema == {"$ref": f"#/components/schemas/{name}"}, (path, method, status)
        assert "422" not in operation["responses"]


def test_every_route_says_what_it_is_for_and_what_it_answers(described):
    for path, method, operation in operations(described):
        assert operation["summary"] and operation["description"] and operation["tags"], (path, method)
        good = [reply for status, reply in operation["responses"].items() if status.startswith("2")]
        assert len(good) == 1 and good[0]["content"], (path, method)


def test_every_json_body_has_an_example(described):
    for path, method, operation in operations(described):
        body = operation.get("requestBody", {"content": {}})["content"].get("application/json")
        if body is not None:
            named = body["schema"].get("$ref", "").rpartition("/")[2]
            schema = described["components"]["schemas"].get(named, {})
            assert "example" in body or "example" in schema, (path, method)


def test_every_reference_leads_somewhere(described):
    def references(value):
        if isinstance(value, dict):
            yield from [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    named = {name.rpartition("/")[2] for name in references(described)}
    assert named == set(described["components"]["schemas"])


def test_a_key_is_asked_for_where_there_are_keys(nano, tmp_path):
    ring = KeyRing(tmp_path / "keys.json")
    ring.add("a")
    locked = create_app(nano, "nano", keys=ring).openapi()
    assert locked["security"] == [{"key": []}] and locked["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert locked["paths"]["/health"]["get"]["security"] == []
    assert "security" not in create_app(nano, "nano").openapi()


@pytest.fixture(scope="module")
def server(nano, tmp_path_factory):
    """A server whose uploads hold a picture, a study of it and a job that ended: its address, application, ids."""
    httpx = pytest.importorskip("httpx")
    folder = tmp_path_factory.mktemp("server")
    vault = Vault(folder, Database(folder / "server.sqlite"), keep_s=600, max_file_bytes=1 << 20)
    app = create_app(nano, "nano", uploads=vault, audit=folder, settings=Settings(max_new_tokens=2))
    with serving(app) as address, httpx.Client(base_url=address, timeout=60) as client:
        file = client.post("/v1/files", files={"file": ("a.png", picture())}).json()["id"]
        study = client.post("/v1/studies", json={"file_ids": [file]}).json()["id"]
        upload = client.post("/v1/uploads", json={"filename": "a", "bytes": 10, "mime_type": "a/b"}).json()["id"]
        asked = {"task": "ask", "study_id": study, "question": "?"}
        job = client.post("/v1/jobs", json=asked).json()["id"]
        client.get(f"/v1/jobs/{job}/events")
        yield address, app, {"file_id": file, "study_id": study, "job_id": job, "upload_id": upload}


def picture():
    from PIL import Image

    held = io.BytesIO()
    Image.new("RGB", (8, 8), "gray").save(held, "PNG")
    return held.getvalue()


def test_whatever_is_sent_by_its_description_no_answer_is_a_fault(server):
    """Requests made up by schemathesis: right ones and wrong ones, half of them about what is there."""
    schemathesis = pytest.importorskip("schemathesis")
    import hypothesis

    address, app, ids = server
    schema = schemathesis.openapi.from_dict(app.openapi())
    checks = [
        schemathesis.checks.CHECKS.get_by_names([name])[0]
        for name in ("status_code_conformance", "content_type_conformance", "response_schema_conformance")
    ]
    calm = hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    num_asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        right, wrong = (operation.as_strategy(generation_mode=mode) for mode in schemathesis.GenerationMode)

        @calm
        @hypothesis.given(case=right | wrong, is_known=hypothesis.strategies.booleans())
        def ask(case, is_known):
            nonlocal num_asked
            if is_known and case.method != "DELETE":
                known_to(case, ids)
            response = case.call(base_url=address, timeout=30)
            assert response.status_code != FAULT, (case.method, case.path)
            case.validate_response(response, checks=checks)
            num_asked += 1

        ask()
    assert num_asked > 100


@pytest.mark.parametrize("number", [-1, 0, 2, 10**30])
def test_an_image_that_a_study_does_not_have_is_refused(server, number):
    httpx = pytest.importorskip("httpx")
    address, _, ids = server
    assert httpx.get(f"{address}/v1/studies/{ids['study_id']}/views/{number}.png", timeout=60).status_code == 404


def known_to(case, ids):
    """Let a request be about what is there."""
    for name in set(case.path_parameters or {}) & set(ids):
        case.path_parameters[name] = ids[name]
    if isinstance(case.body, dict) and "study_id" in case.body:
        case.body["study_id"] = ids["study_id"]
    if isinstance(case.body, dict) and "file_ids" in case.body:
        case.body["file_ids"] = [ids["file_id"]]
