"""FHIR R4 in JSON: a bundle, a single resource, or one resource a line (ndjson), read a resource at a time."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from osler.errors import InputError
from osler.formats.files import check_file
from osler.formats.json_stream import MOST_CHARACTERS, JsonError, JsonStream
from osler.values import Record

__all__ = ["FhirFiles", "FhirRecord", "open_fhir", "open_fhir_files"]

TYPE_FORM = re.compile(r"[A-Z][A-Za-z]{2,39}")
MOST_TYPES = 200  # R4 has 148
MOST_MEMBERS = 1000  # the largest resource of R4 has fewer than a hundred

Resource = dict[str, Any]


def open_fhir(path: str | os.PathLike[str]) -> "FhirRecord":
    """Open a FHIR file and count its resources, which reads it once to its end.

    Raises:
        InputError: missing, no JSON, no FHIR, damaged, cut off, or with a resource too large to hold.
    """
    return FhirRecord(check_file(path))


class FhirRecord(Record):
    """A file of FHIR resources; no more than one is in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        counts: Counter[str] = Counter()
        for resource in self.resources():
            counts[resource["resourceType"]] += 1
            if len(counts) > MOST_TYPES:
                raise _error(path, f"it holds more than {MOST_TYPES} types of resources")
        if not counts:
            raise InputError(f"cannot read `{path}`: the FHIR bundle is empty")
        self.counts = dict(counts)

    def resources(self) -> Iterator[Resource]:
        """Each resource as plain JSON values, in the file's order, those of bundles one by one."""
        number = 0
        with self.path.open("rb") as file:
            try:
                for resource in _resources(JsonStream(file)):
                    number += 1
                    yield resource
            except JsonError as error:
                raise _error(self.path, f"{error}, after {number} resources") from None
            except RecursionError:
                raise _error(self.path, "it is nested too deeply") from None
            except MemoryError:
                raise _error(self.path, f"not enough memory for resource {number + 1}") from None
            except OSError as error:
                raise InputError(f"cannot read `{self.path}`: {error.strerror or type(error).__name__}") from None


def open_fhir_files(paths: Sequence[str | os.PathLike[str]]) -> "FhirFiles":
    """Open FHIR files that are one record together, as a bulk export's are: a file for each type of resource.

    Raises:
        InputError: as `open_fhir`, for any of them.
    """
    return FhirFiles([open_fhir(path) for path in paths])


class FhirFiles(Record):
    """Several files, read one after another.

    Attributes:
        path: the first of them.
        files: all of them.
    """

    def __init__(self, records: Sequence[FhirRecord]) -> None:
        self._records = tuple(records)
        self.files = tuple(record.path for record in records)
        self.path = self.files[0]
        counts: Counter[str] = Counter()
        for record in records:
            counts.update(record.counts)
        self.counts = dict(counts)

    def resources(self) -> Iterator[Resource]:
        """Each resource, file by file."""
        for record in self._records:
            yield from record.resources()


def _error(path: Path, what: str) -> InputError:
    return InputError(f"cannot read `{path}` as FHIR JSON: {what}", hint="export it again as FHIR R4 in JSON (UTF-8)")


def _resources(stream: JsonStream) -> Iterator[Resource]:
    while stream.peek():
        yield from _object(stream)


def _object(stream: JsonStream) -> Iterator[Resource]:
    """The resources of one object of a file: a bundle's as they come, or the object itself.

    Which of the two it is may be said at the object's end; only a List has `entry` too, and its entries hold no
    `resource`.
    """
    members: Resource = {}
    left = MOST_CHARACTERS
    stream.take("{")
    while stream.peek() != "}":
        key = _key(stream)
        if key == "entry" and stream.peek() == "[" and members.get("resourceType", "Bundle") == "Bundle":
            yield from _entries(stream)
        else:
            began = stream.position
            members[key] = stream.value()
            left -= stream.position - began
        if left < 0 or len(members) > MOST_MEMBERS:
            raise JsonError(f"it is no resource, or one of more than {MOST_CHARACTERS:,} characters")
        if stream.peek() != "}":
            stream.take(",")
    stream.take("}")
    if members.get("resourceType") != "Bundle":
        yield from _unbundled(members)


def _key(stream: JsonStream) -> str:
    key = stream.value()
    if not isinstance(key, str):
        raise JsonError("it is damaged or cut off")
    stream.take(":")
    return key


def _entries(stream: JsonStream) -> Iterator[Resource]:
    """The resources of a bundle's entries, while they are read."""
    stream.take("[")
    while stream.peek() != "]":
        yield from _of_entry(stream.value())
        if stream.peek() != "]":
            stream.take(",")
    stream.take("]")


def _of_entry(entry: Any) -> Iterator[Resource]:
    if not isinstance(entry, dict):
        raise JsonError("an entry of its bundle is no object")
    if "resource" in entry:  # one that only asks for a deletion has none
        yield from _unbundled(entry["resource"])


def _unbundled(resource: Any) -> Iterator[Resource]:
    """A resource; those of a bundle in a bundle."""
    if not isinstance(resource, dict):
        raise JsonError("a resource is no object")
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or not TYPE_FORM.fullmatch(kind):
        raise JsonError("a resource does not say its resourceType")
    if kind != "Bundle":
        yield resource
        return
    entries = resource.get("entry", [])
    if not isinstance(entries, list):
        raise JsonError("a bundle's entry is no list")
    for entry in entries:
        yield from _of_entry(entry)
