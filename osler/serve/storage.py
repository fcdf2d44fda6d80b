"""How much of the disk each key may use."""

import json

from osler.serve.keys import Key
from osler.serve.refusal import RefusedError
from osler.serve.settings import MIB
from osler.serve.vault import Vault

__all__ = ["room_of", "used_bytes"]


def room_of(vault: Vault, key: Key | None, *, announced: int = 0) -> int:
    """Bytes that a key's next upload may have; as many as the server takes where it has no limit of its own.

    Args:
        announced: how many it will have, where that is known.

    Raises:
        RefusedError: there is no room, or not for so many (413).
    """
    if key is None or key.storage_mib is None:
        return vault.max_file_bytes
    left = key.storage_mib * MIB - used_bytes(vault, owner=key.name)
    if left <= 0 or left < announced:
        raise RefusedError(
            413,
            f"this key may keep {key.storage_mib:,} MiB of uploads here, and {max(0, left) / MIB:,.1f} are left: "
            "delete some, or wait until they are deleted",
            code="storage_limit",
        )
    return min(left, vault.max_file_bytes)


def used_bytes(vault: Vault, *, owner: str) -> int:
    """What is kept of an owner's: uploads, what is announced of those in parts, and files that only studies have.

    A study's files are those of its uploads, under a second name, until an upload is deleted or was an archive.
    """
    database = vault.database
    files = {row["id"]: row["size_bytes"] for row in database.where("files", "owner = ?", owner)}
    pending = database.where("uploads", "owner = ? AND status = 'pending'", owner)
    alone = 0
    for row in database.where("studies", "owner = ?", owner):
        shared = sum(files.get(file_id, 0) for file_id in json.loads(row["files"]))
        alone += max(0, json.loads(row["described"]).get("num_bytes", 0) - shared)
    return sum(files.values()) + sum(row["size_bytes"] for row in pending) + alone
