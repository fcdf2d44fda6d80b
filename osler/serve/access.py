"""From where a server can be reached, and by whom."""

import ipaddress
import re
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from osler.errors import InputError
from osler.serve.keys import KeyRing

__all__ = ["Access", "check_origins"]

ORIGIN = re.compile(r"https?://[^/\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a server listens.

    Attributes:
        host, port: the address; port 0 for any that is free.
        keys: a file of keys, or None to let in everybody who can reach the address.
        names: by which clients call the server, beside its address and the names of this machine.
        certificate, private_key: for HTTPS, PEM files; both or none.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    keys: Path | None = None
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    private_key: Path | None = None

    @property
    def is_local(self) -> bool:
        """Whether only programs of this machine can reach it.

        >>> Access(host="::1").is_local, Access(host="0.0.0.0").is_local, Access(host="my.lan").is_local
        (True, False, False)
        """
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def check(self) -> None:
        """Refuse what must not be opened, before a model is loaded.

        Raises:
            InputError: others can reach the address, but no key is asked for; or a file is not there, or not what it
                should be.
        """
        if (self.certificate is None) != (self.private_key is None):
            raise InputError("cannot serve by HTTPS: expected a certificate and its private key, got one of them")
        for path in (self.certificate, self.private_key):
            if path is not None and not path.is_file():
                raise InputError(f"cannot serve by HTTPS: there is no file `{path}`")
        if self.certificate is not None and self.private_key is not None:
            _check_pair(self.certificate, self.private_key)
        if not self.is_local and self.keys is None:
            raise InputError(
                f"cannot serve at {self.host}: others could reach it, and no key is asked for",
                hint="osler keys add NAME --keys osler-keys.json, then serve with --keys osler-keys.json",
            )
        if self.keys is not None and not len(KeyRing(self.keys)):
            raise InputError(f"cannot serve: there is no key in `{self.keys}`", hint="osler keys add NAME --keys FILE")

    def ring(self) -> KeyRing | None:
        """The keys, or None where none are asked for."""
        return None if self.keys is None else KeyRing(self.keys)

    def listen(self) -> socket.socket:
        """A socket at the address.

        Raises:
            InputError: it cannot be listened on.
        """
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((self.host, self.port))
            listening.listen()  # from here on clients wait and are not turned away
        except OSError as error:
            listening.close()
            raise InputError(
                f"cannot listen on {self.host}:{self.port}: {error.strerror}",
                hint="choose another --port, or 0 for any",
            ) from error
        return listening

    def url(self, listening: socket.socket) -> str:
        """Where clients find it."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://{shown}:{listening.getsockname()[1]}"


def _check_pair(certificate: Path, private_key: Path) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, private_key, password=lambda: "")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise InputError(
            f"cannot serve by HTTPS with `{certificate}` and `{private_key}`: expected a certificate and the private "
            "key that belongs to it, both PEM, the key without a password"
        ) from error


def check_origins(origins: Iterable[str], *, has_keys: bool) -> None:
    """Refuse what is no origin, and every site at once where no key is asked for.

    Raises:
        InputError: one of them.
    """
    for origin in origins:
        if origin == "*" and not has_keys:
            raise InputError(
                "cannot allow pages of all sites: no key is asked for", hint="serve with --keys, or name the sites"
            )
        if origin != "*" and not ORIGIN.fullmatch(origin):
            raise InputError(
                f"cannot allow `{origin}`: expected an origin", hint="such as https://ward.example, without a path"
            )
