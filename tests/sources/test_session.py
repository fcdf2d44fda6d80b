import pytest
import requests
from stand_in_server import Answer, StandInServer

from osler.errors import DownloadError, InputError
from osler.sources.retry import Unreachable
from osler.sources.session import explaining, is_same_server, open_session


@pytest.mark.parametrize(
    ("here", "there", "same"),
    [
        ("http://pacs/a", "http://pacs/b", True),
        ("http://pacs/a", "http://pacs:80/b", True),
        ("http://pacs/a", "https://pacs/b", True),
        ("https://pacs/a", "http://pacs/b", False),
        ("http://pacs:8042/a", "http://pacs:22/b", False),
        ("http://pacs:8042/a", "https://pacs/b", False),
        ("http://pacs/a", "http://pacs.evil.example/b", False),
        ("http://pacs/a", "http://169.254.169.254/latest", False),
        ("http://pacs/a", "file:///etc/passwd", False),
        ("http://pacs/a", "http://pacs:many/b", False),
    ],
)
def test_a_server_is_its_host_and_its_port(here, there, same):
    assert is_same_server(here, there) is same


def test_being_sent_to_another_server_is_refused():
    with (
        StandInServer(lambda asked: Answer(b"secret")) as inner,
        StandInServer(lambda asked: Answer(status=302, headers={"Location": inner.url})) as outer,
        open_session(outer.url) as session,
        pytest.raises(DownloadError, match="sends to another server"),
    ):
        session.get(outer.url)
    assert inner.asked == []


def test_being_sent_on_inside_a_server_is_followed():
    def answer(asked):
        return Answer(b"here") if asked.path == "/b" else Answer(status=302, headers={"Location": "/b"})

    with StandInServer(answer) as server, open_session(server.url) as session:
        assert session.get(server.url + "/a").content == b"here"


@pytest.mark.parametrize("tells_length", [True, False])
def test_an_answer_that_is_too_long_is_refused_while_it_comes(tells_length):
    with (
        StandInServer(lambda asked: Answer(b"x" * 5000, tells_length=tells_length)) as server,
        open_session(server.url, max_answer_bytes=4000) as session,
    ):
        with pytest.raises(DownloadError, match="more than 4,000 bytes"):
            session.get(server.url)
        assert len(open_session(server.url, max_answer_bytes=5000).get(server.url).content) == 5000


def test_the_token_goes_with_each_request(monkeypatch):
    monkeypatch.setenv("OSLER_SERVER_TOKEN", "abc")
    with StandInServer(lambda asked: Answer()) as server, open_session(server.url) as session:
        session.get(server.url)
    assert server.asked[0].headers["authorization"] == "Bearer abc"


def test_the_token_never_goes_over_an_open_connection(monkeypatch):
    monkeypatch.setenv("OSLER_SERVER_TOKEN", "abc")
    with pytest.raises(InputError, match="not encrypted") as caught:
        open_session("http://pacs.example/dicom-web")
    assert "abc" not in str(caught.value)
    open_session("https://pacs.example/dicom-web").close()


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, DownloadError, "gives no access"),
        (403, DownloadError, "gives no access"),
        (404, DownloadError, "does not have it"),
        (418, DownloadError, "refuses"),
        (429, Unreachable, "cannot serve it now"),
        (502, Unreachable, "cannot serve it now"),
    ],
)
def test_refusals_say_what_they_mean(status, kind, words):
    with StandInServer(lambda asked: Answer(status=status)) as server:
        with pytest.raises(DownloadError, match=words) as caught, explaining(server.url, "the study"):
            requests.get(server.url + "/studies/1.2.3", timeout=5).raise_for_status()
        assert type(caught.value) is kind
        assert "1.2.3" not in str(caught.value)


def test_a_server_that_is_not_there_is_out_of_reach():
    with StandInServer(lambda asked: Answer()) as server:
        pass
    with pytest.raises(Unreachable, match="no connection"), explaining(server.url, "the study"):
        requests.get(server.url, timeout=5)


def test_an_answer_that_breaks_off_is_out_of_reach():
    with (
        StandInServer(lambda asked: Answer(b"x" * 100, cut_after=10)) as server,
        pytest.raises(Unreachable),
        explaining(server.url, "the study"),
    ):
        requests.get(server.url, timeout=5)


def test_a_web_page_instead_of_a_service_is_told():
    with (
        StandInServer(lambda asked: Answer(b"<html>")) as server,
        pytest.raises(DownloadError, match="something else than JSON"),
        explaining(server.url, "the study"),
    ):
        requests.get(server.url, timeout=5).json()
