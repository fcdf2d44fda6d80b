"""Connections to a server that stay at this server: its address, a token, bounded answers, errors in words.

Names and passwords come from ~/.netrc and proxies from the environment, as requests has it.
"""

import ipaddress
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import AuthBase

from osler.errors import DownloadError, InputError
from osler.sources.retry import Unreachable
from osler.versions import version_of

__all__ = ["TIMEOUT_S", "TOKEN_VARIABLE", "explaining", "is_same_server", "open_session"]

TIMEOUT_S = (10.0, 60.0)  # to connect; of silence while an answer comes
TOKEN_VARIABLE = "OSLER_SERVER_TOKEN"
MAX_REDIRECTS = 5
DEFAULT_PORTS = {"http": 80, "https": 443}
REFUSED, MISSING, BUSY = (401, 403), (404, 410), (408, 425, 429)


class Token(AuthBase):
    """Sends a bearer token with the requests that the session makes itself; redirects do not inherit it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def open_session(base: str, *, max_answer_bytes: int | None = None) -> requests.Session:
    """A session for one server.

    Args:
        base: the service's address.
        max_answer_bytes: longer answers are refused while they come; None for those that are written to the disk.

    Raises:
        InputError: a token would go over an open connection.
    """
    session = requests.Session()
    session.headers["User-Agent"] = f"osler/{version_of('osler') or 'source'}"
    session.max_redirects = MAX_REDIRECTS
    session.hooks["response"] = [partial(_stay, base), partial(_bound, max_answer_bytes)]
    token = os.environ.get(TOKEN_VARIABLE)
    if token:
        if urlsplit(base).scheme != "https" and not _is_this_machine(urlsplit(base).hostname or ""):
            raise InputError(
                f"cannot send the token in {TOKEN_VARIABLE} to `{urlsplit(base).netloc}`: its address is not encrypted",
                hint="use dicomwebs:// or https://, or unset the variable",
            )
        session.auth = Token(token)
    return session


def is_same_server(base: str, other: str) -> bool:
    """Whether an address lies on the same host and port; a step up from http to https is allowed.

    >>> is_same_server("http://pacs/fhir", "https://pacs/x"), is_same_server("https://pacs/fhir", "https://elsewhere/x")
    (True, False)
    """
    here, there = urlsplit(base), urlsplit(other)
    try:
        ports = [address.port or DEFAULT_PORTS.get(address.scheme) for address in (here, there)]
    except ValueError:
        return False
    if here.hostname != there.hostname or there.scheme not in DEFAULT_PORTS:
        return False
    upgraded = here.scheme == "http" and there.scheme == "https" and ports == [80, 443]
    return upgraded or (here.scheme == there.scheme and ports[0] == ports[1])


@contextmanager
def explaining(base: str, what: str) -> Iterator[None]:
    """Turn what requests raises into errors that say what to do, without the address that was asked for.

    Args:
        base: the service's address.
        what: what was asked for, such as "the study".

    Raises:
        Unreachable: worth another try.
        DownloadError: not.
    """
    server = urlsplit(base).netloc
    try:
        yield
    except requests.HTTPError as error:
        raise _refusal(server, what, 0 if error.response is None else error.response.status_code) from None
    except requests.exceptions.SSLError:
        raise DownloadError(
            f"cannot fetch {what}: `{server}` shows no certificate that this machine trusts, or speaks no TLS",
            hint="name its certificate authority's file in REQUESTS_CA_BUNDLE; dicomweb:// connects without encryption",
        ) from None
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        raise Unreachable(
            f"cannot fetch {what}: no connection to `{server}`, or it broke ({type(error).__name__})",
            hint="check the address and the connection, then run it again: what has come is kept",
        ) from None
    except requests.JSONDecodeError:
        raise DownloadError(
            f"cannot fetch {what}: `{server}` answered with something else than JSON",
            hint="check the path in the address: it may lead to a web page instead of the service",
        ) from None
    except requests.RequestException as error:
        raise DownloadError(f"cannot fetch {what}: `{server}` cannot be asked ({type(error).__name__})") from None
    except (ValueError, RecursionError) as error:  # from JSON: numbers of too many digits, too many brackets
        raise DownloadError(
            f"cannot fetch {what}: `{server}` answers in a way that is not read ({type(error).__name__})"
        ) from None


def _refusal(server: str, what: str, status: int) -> DownloadError:
    """What an answer means that is not the one asked for."""
    if status in REFUSED:
        hint = f"put the name and the password into ~/.netrc, or a token into {TOKEN_VARIABLE}"
        return DownloadError(f"cannot fetch {what}: `{server}` gives no access (it answered {status})", hint=hint)
    if status in MISSING:
        hint = "check the address: the path before it, and the identifier at its end"
        return DownloadError(f"cannot fetch {what}: `{server}` does not have it (it answered {status})", hint=hint)
    if status in BUSY or status >= 500:
        hint = "run it again in a few minutes: what has come is kept"
        return Unreachable(f"cannot fetch {what}: `{server}` cannot serve it now (it answered {status})", hint=hint)
    return DownloadError(f"cannot fetch {what}: `{server}` refuses (it answered {status})")


def _stay(base: str, response: requests.Response, **_: Any) -> None:
    """Refuse to be sent to another server, which could be any machine that this one reaches."""
    if response.is_redirect and not is_same_server(base, urljoin(response.url, response.headers["location"])):
        response.close()
        raise DownloadError(
            f"cannot fetch from `{urlsplit(base).netloc}`: it sends to another server",
            hint="give the address of that server itself, if you trust it",
        )


def _bound(max_bytes: int | None, response: requests.Response, **_: Any) -> None:
    if max_bytes is not None:
        response.raw = _Bounded(response.raw, max_bytes, urlsplit(response.url).netloc)


class _Bounded:
    """An answer that ends in an error where it grows too long."""

    def __init__(self, raw: Any, max_bytes: int, server: str) -> None:
        self._raw = raw
        self._left = max_bytes
        self._refusal = f"cannot fetch from `{server}`: it answers with more than {max_bytes:,} bytes at once"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, amount: int | None = None, decode_content: bool | None = None) -> Iterator[bytes]:
        for piece in self._raw.stream(amount, decode_content=decode_content):
            self._left -= len(piece)
            if self._left < 0:
                raise DownloadError(self._refusal)
            yield piece


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
