"""The printed rows of a laboratory report, read back from the bundle that `osler.tasks.labs.fhir` wrote."""

import re
from collections.abc import Mapping
from typing import Any

from osler.tasks.labs.extraction import LabTest
from osler.tasks.labs.fhir import PRINTED_FLAG, RENDERED

__all__ = ["tests_of"]

FLAG = re.compile(PRINTED_FLAG.format("(.*)"), re.DOTALL)


def tests_of(bundle: Mapping[str, Any]) -> tuple[LabTest, ...]:
    """What was printed, row by row, in the order of the bundle."""
    observations = {entry["fullUrl"]: entry["resource"] for entry in bundle.get("entry", ())}
    panels = {
        member["reference"]: resource["code"]["text"]
        for resource in observations.values()
        for member in resource.get("hasMember", ())
    }
    rows = ((url, resource) for url, resource in observations.items() if "hasMember" not in resource)
    return tuple(_test(resource, panels.get(url)) for url, resource in rows)


def _test(resource: Mapping[str, Any], panel: str | None) -> LabTest:
    quantity = resource.get("valueQuantity", {})
    specimens = [one for one in resource.get("contained", ()) if one["resourceType"] == "Specimen"]
    ranges = resource.get("referenceRange", [{}])
    return LabTest(
        name=resource["code"]["text"],
        result=_rendered(quantity.get("_value")) or resource.get("valueString"),
        unit=quantity.get("unit") or _rendered(resource.get("_valueString")),
        range=ranges[0].get("text"),
        panel=panel,
        method=resource.get("method", {}).get("text"),
        specimen=specimens[0]["type"]["text"] if specimens else None,
        sample_collection_time=_rendered(resource.get("_effectiveDateTime")),
        flag=_flag(resource),
    )


def _rendered(element: Mapping[str, Any] | None) -> str | None:
    found = (one["valueString"] for one in (element or {}).get("extension", ()) if one["url"] == RENDERED)
    return next(found, None)


def _flag(resource: Mapping[str, Any]) -> str | None:
    texts = (one.get("text", "") for one in resource.get("interpretation", ()))
    return next((found[1] for text in texts if (found := FLAG.fullmatch(text))), None)
