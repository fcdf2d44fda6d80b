"""From where a server can be reached is settled before a model is loaded."""

import shutil
import socket
import ssl
import subprocess
import threading

import pytest

from osler.errors import InputError
from osler.serve.access import Access
from osler.serve.app import create_app
from osler.serve.keys import KeyRing


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "server.example"])
def test_others_are_not_let_in_without_keys(host, tmp_path):
    with pytest.raises(InputError, match="no key is asked for"):
        Access(host=host).check()
    keys = tmp_path / "keys.json"
    with pytest.raises(InputError, match="there is no key"):
        Access(host=host, keys=keys).check()
    KeyRing(keys).add("a")
    Access(host=host, keys=keys).check()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_is_let_in(host):
    Access(host=host).check()


def test_a_certificate_needs_its_key_and_both_need_to_be_there(tmp_path):
    there = tmp_path / "c.pem"
    there.write_text("")
    with pytest.raises(InputError, match="got one of them"):
        Access(certificate=there).check()
    with pytest.raises(InputError, match="there is no file"):
        Access(certificate=there, private_key=tmp_path / "gone.pem").check()
    with pytest.raises(InputError, match="expected a certificate and the private key"):
        Access(certificate=there, private_key=there).check()


def test_a_server_with_a_certificate_is_reached_by_https_alone(nano, tmp_path):
    httpx = pytest.importorskip("httpx")
    access = signed_by_itself(tmp_path)
    access.check()
    listening = access.listen()
    server = uvicorn_server(create_app(nano, "nano"), access)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    url = access.url(listening)
    trusting = ssl.create_default_context(cafile=str(access.certificate))
    try:
        assert httpx.get(f"{url}/v1/models", verify=trusting, timeout=30).json()["data"][0]["id"] == "nano"
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/v1/models")  # nobody vouches for it
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"{url.replace('https', 'http')}/v1/models")
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()


def uvicorn_server(app, access):
    import uvicorn

    from osler.serve.run import _config

    return uvicorn.Server(_config(app, access))


def signed_by_itself(folder):
    """A server's address with a certificate of its own."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl")
    paths = folder / "certificate.pem", folder / "key.pem"
    asked = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=osler -addext"
    files = ["-out", paths[0], "-keyout", paths[1]]
    subprocess.run([openssl, *asked.split(), "subjectAltName=IP:127.0.0.1", *files], check=True, capture_output=True)
    return Access(port=0, certificate=paths[0], private_key=paths[1])


def test_an_address_that_is_taken_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        access = Access(port=taken.getsockname()[1])
        with pytest.raises(InputError, match=r"cannot listen on 127\.0\.0\.1"):
            access.listen()


def test_a_url_says_how_it_is_reached(tmp_path):
    with Access(port=0).listen() as listening:
        port = listening.getsockname()[1]
        assert Access(port=0).url(listening) == f"http://127.0.0.1:{port}"
        secure = Access(certificate=tmp_path / "c", private_key=tmp_path / "k")
        assert secure.url(listening) == f"https://127.0.0.1:{port}"
