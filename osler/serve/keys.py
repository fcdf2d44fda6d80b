"""Who may ask: API keys, kept as digests.

A key is 32 random bytes, so a plain SHA-256 of it cannot be turned back by guessing; the file holds names, digests and
limits, and can be read by its owner alone. A key is shown once, when it is made.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from osler.errors import InputError

__all__ = ["Key", "KeyRing"]

PREFIX = "osler-"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key.

    Attributes:
        name: whose it is; stands in the audit log.
        digest: SHA-256 of the key, in hexadecimal digits.
        max_requests: answers at once, and jobs that are not over; None for the server's limits.
        tokens_a_minute: of prompts and answers together; None for no limit.
        storage_mib: of uploads that are kept at a time; None for no limit.
    """

    name: str
    digest: str
    max_requests: int | None = None
    tokens_a_minute: int | None = None
    storage_mib: int | None = None


class KeyRing:
    """The keys in a file, one object by name.

    A server notices when the file changes: a key that was removed is not let in any more.

    Args:
        path: of the file; there need not be one yet.

    Raises:
        InputError: there is a file, but it is no key file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._version = _version(path)
        self._keys = {key.name: key for key in _read(path)}

    def __len__(self) -> int:
        return len(self._keys)

    def all(self) -> tuple[Key, ...]:
        """All of them, by name."""
        return tuple(self._keys[name] for name in sorted(self._keys))

    def find(self, secret: str) -> Key | None:
        """Whose key this is; looks at all of them in a time that tells nothing."""
        self._look_again()
        digest = _digest(secret)
        found = None
        for key in self._keys.values():
            if hmac.compare_digest(key.digest, digest):
                found = key
        return found

    def add(self, name: str, **limits: int | None) -> str:
        """Make a key and keep its digest; the key itself is returned, and nowhere else.

        Args:
            limits: those of `Key`, by name.

        Raises:
            InputError: the name is taken or no name, or the file cannot be written.
        """
        if not NAME.fullmatch(name):
            raise InputError("cannot add the key: expected a name of letters, digits, dots, dashes, at most 64")
        if name in self._keys:
            raise InputError(f"cannot add the key `{name}`: there is one of that name", hint="remove it first")
        secret = PREFIX + secrets.token_urlsafe(32)
        self._keys[name] = Key(name=name, digest=_digest(secret), **limits)
        self._write()
        return secret

    def remove(self, name: str) -> None:
        """Forget a key.

        Raises:
            InputError: there is none of that name.
        """
        if name not in self._keys:
            raise InputError(f"cannot remove the key `{name}`: there is none of that name")
        del self._keys[name]
        self._write()

    def _look_again(self) -> None:
        """Read the file if it has changed; one that cannot be read changes nothing."""
        version = _version(self.path)
        if version == self._version:
            return
        with suppress(InputError):
            self._keys = {key.name: key for key in _read(self.path)}
        self._version = version

    def _write(self) -> None:
        text = json.dumps([asdict(key) for key in self.all()], indent=2)
        part = self.path.with_name(self.path.name + ".part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
            part.replace(self.path)
            self._version = _version(self.path)
        except OSError as error:
            raise InputError(f"cannot write the keys `{self.path}`: {error.strerror}") from error


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _version(path: Path) -> tuple[int, ...] | None:
    """Another one whenever a file was written or replaced; None for one that is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


def _read(path: Path) -> list[Key]:
    try:
        return [Key(**values) for values in json.loads(path.read_bytes())]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"cannot read the keys `{path}`: expected a file of `osler keys`") from error
