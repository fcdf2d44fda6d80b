"""How much memory is free, on Linux (containers' limits counted), macOS and Windows."""

import ctypes
import os
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["available_bytes"]

UNLIMITED = 1 << 60
"""Limits from here on mean that there is none; version 1 of cgroups writes a number just below 2^63."""


def available_bytes(root: Path = Path("/")) -> int | None:
    """Bytes that can be taken without swapping, or None where the system does not tell.

    Linux: MemAvailable of /proc/meminfo, or what is left of the tightest cgroup limit if that is less.
    Windows: ullAvailPhys of GlobalMemoryStatusEx. macOS tells only its whole memory in the same way, so that is it.

    Args:
        root: where proc and sys are mounted.
    """
    if sys.platform == "win32":
        return _windows_available()
    found = [*_meminfo_available(root), *_cgroup_available(root)]
    return min(found) if found else _physical()


def _meminfo_available(root: Path) -> Iterator[int]:
    for line in _lines(root / "proc/meminfo"):
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            yield int(rest.split()[0]) * 1024  # "kB" in this file are KiB


def _cgroup_available(root: Path) -> Iterator[int]:
    """What each limit above this process leaves: the limit, less what is used, plus file cache that can go.

    /proc/self/cgroup has a line "hierarchy:controllers:path"; version 2 names no controllers. Inside a container the
    path may be the host's, of which only the end or the mount point itself exists, so all parents are looked at.
    """
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            base, limit, used, cache = "sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            base, limit = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
            used, cache = "memory.usage_in_bytes", "total_inactive_file"
        else:
            continue
        parts = [part for part in path.split("/") if part not in ("", "..")]
        for depth in range(len(parts), -1, -1):
            folder = root.joinpath(base, *parts[:depth])
            most, now = _number(folder / limit), _number(folder / used)
            if most is not None and now is not None and most < UNLIMITED:
                yield max(0, most - now + _cached(folder / "memory.stat", cache))


def _cached(stat: Path, name: str) -> int:
    for line in _lines(stat):
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _number(path: Path) -> int | None:
    lines = _lines(path)
    return int(lines[0]) if lines and lines[0].isdigit() else None  # "max" stands for no limit


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def _physical() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of sysinfoapi.h."""

    _fields_ = [
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total_physical", ctypes.c_uint64),
        ("available_physical", ctypes.c_uint64),
        ("total_page_file", ctypes.c_uint64),
        ("available_page_file", ctypes.c_uint64),
        ("total_virtual", ctypes.c_uint64),
        ("available_virtual", ctypes.c_uint64),
        ("available_extended_virtual", ctypes.c_uint64),
    ]


def _windows_available() -> int | None:
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  (mypy knows the attribute on Windows only)
    return status.available_physical if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else None
