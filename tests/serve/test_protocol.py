"""Clients that keep a server waiting."""

import socket
import threading
import time

import pytest
from serve.conftest import serving

from osler.serve.app import create_app

pytest.importorskip("uvicorn")

PATIENCE_S = 20


@pytest.fixture(scope="module")
def port(nano):
    """A server with little patience, and room for few connections."""
    from osler.serve.protocol import PatientProtocol

    class Hasty(PatientProtocol):
        head_s = 0.4
        write_s = 0.4
        most_connections = 8

    with serving(create_app(nano, "nano"), http=Hasty) as address:
        yield int(address.rpartition(":")[2])


def connected(port):
    client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    return client


def is_closed(client):
    """Whether the server ended a connection, without an answer, before the test's patience did."""
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True


def is_up(port):
    with connected(port) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return client.recv(15) == b"HTTP/1.1 200 OK"


def test_a_connection_that_says_nothing_is_ended(port):
    with connected(port) as client:
        assert is_closed(client)


def test_a_head_that_comes_in_a_byte_at_a_time_is_not_waited_for(port):
    with connected(port) as client:
        begun = time.monotonic()
        with pytest.raises(OSError):
            for byte in b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"a" * 400:
                client.sendall(bytes([byte]))
                time.sleep(0.02)
        assert time.monotonic() - begun < 5
    assert is_up(port)


def test_the_head_of_a_second_request_is_not_waited_for_either(port):
    with connected(port) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while not client.recv(4096).endswith(b"}"):
            pass
        client.sendall(b"GET /health HTTP/1.1\r\n")
        assert is_closed(client)


def test_an_answer_that_takes_longer_than_a_head_may_is_given(port):
    body = b'{"prompt": "a", "max_tokens": 1600, "ignore_eos": true}'
    with connected(port) as client:
        client.sendall(
            b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        begun = time.monotonic()
        assert client.recv(15) == b"HTTP/1.1 200 OK" and time.monotonic() - begun > 0.4


def test_more_connections_than_there_is_room_for_are_ended_and_the_others_served(port):
    clients = [connected(port) for _ in range(40)]
    try:
        assert sum(map(is_closed, clients)) == 40
    finally:
        for client in clients:
            client.close()
    assert is_up(port)


def test_a_client_that_does_not_read_loses_its_answer(nano):
    from osler.serve.protocol import PatientProtocol

    class Hasty(PatientProtocol):
        write_s = 0.3

    sent = threading.Event()
    ended = threading.Event()

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(400):
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
            sent.set()
            if ended.is_set():
                return
        message = await receive()
        while message["type"] != "http.disconnect":
            message = await receive()
        ended.set()

    with serving(app, http=Hasty, lifespan="off") as address, connected(int(address.rpartition(":")[2])) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert sent.wait(PATIENCE_S)
        assert ended.wait(PATIENCE_S)
