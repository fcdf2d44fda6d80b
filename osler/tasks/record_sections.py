"""Which elements of FHIR R4 resources are told to a model, type by type; what is not listed here is not told."""

from dataclasses import dataclass

__all__ = ["SECTIONS", "Section"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """How resources of one type are told.

    Attributes:
        kind: the resource type.
        title: the heading above their lines.
        dates: elements of which the first that is there dates a resource.
        names: elements of which the first that is there says what it is.
        values: elements that follow the name after a colon.
        details: (label, element) of what follows in brackets; "" labels nothing.
    """

    kind: str
    title: str
    dates: tuple[str, ...]
    names: tuple[str, ...]
    values: tuple[str, ...] = ()
    details: tuple[tuple[str, str], ...] = ()


STATUS, NOTE, REASON, SITE = ("", "status"), ("note", "note"), ("for", "reasonCode"), ("site", "bodySite")
MEDICATION = ("medicationCodeableConcept", "medicationReference")
EFFECTIVE = ("effectiveDateTime", "effectivePeriod")
SECTIONS: tuple[Section, ...] = (
    Section(
        kind="Condition",
        title="Conditions",
        dates=("onsetDateTime", "onsetPeriod", "recordedDate"),
        names=("code",),
        details=(
            ("", "clinicalStatus"),
            ("", "verificationStatus"),
            ("severity", "severity"),
            SITE,
            ("until", "abatementDateTime"),
            NOTE,
        ),
    ),
    Section(
        kind="AllergyIntolerance",
        title="Allergies and intolerances",
        dates=("onsetDateTime", "recordedDate"),
        names=("code",),
        details=(("", "clinicalStatus"), ("criticality", "criticality"), ("reaction", "reaction"), NOTE),
    ),
    Section(
        kind="FamilyMemberHistory",
        title="Family history",
        dates=("date",),
        names=("relationship",),
        values=("condition",),
        details=(NOTE,),
    ),
    Section(
        kind="MedicationRequest",
        title="Prescriptions",
        dates=("authoredOn",),
        names=MEDICATION,
        details=(STATUS, ("dosage", "dosageInstruction"), REASON, NOTE),
    ),
    Section(
        kind="MedicationStatement",
        title="Medication taken",
        dates=(*EFFECTIVE, "dateAsserted"),
        names=MEDICATION,
        details=(STATUS, ("dosage", "dosage"), REASON, NOTE),
    ),
    Section(
        kind="MedicationAdministration",
        title="Medication given",
        dates=EFFECTIVE,
        names=MEDICATION,
        details=(STATUS, ("dosage", "dosage"), REASON, NOTE),
    ),
    Section(
        kind="Immunization",
        title="Immunisations",
        dates=("occurrenceDateTime", "recorded"),
        names=("vaccineCode",),
        details=(STATUS, ("site", "site"), NOTE),
    ),
    Section(
        kind="Procedure",
        title="Procedures",
        dates=("performedDateTime", "performedPeriod"),
        names=("code",),
        details=(STATUS, REASON, SITE, ("outcome", "outcome"), ("complication", "complication"), NOTE),
    ),
    Section(
        kind="Observation",
        title="Observations",
        dates=(*EFFECTIVE, "effectiveInstant", "issued"),
        names=("code",),
        values=(
            "valueQuantity",
            "valueCodeableConcept",
            "valueString",
            "valueBoolean",
            "valueInteger",
            "valueRange",
            "valueRatio",
            "valueDateTime",
            "valueTime",
            "component",
            "dataAbsentReason",
        ),
        details=(("", "interpretation"), ("reference", "referenceRange"), SITE, ("method", "method"), NOTE),
    ),
    Section(
        kind="DiagnosticReport",
        title="Reports",
        dates=(*EFFECTIVE, "issued"),
        names=("code",),
        values=("conclusion", "conclusionCode", "presentedForm"),
        details=(STATUS,),
    ),
    Section(
        kind="DocumentReference",
        title="Documents",
        dates=("date",),
        names=("type", "category"),
        values=("content",),
        details=(STATUS,),
    ),
    Section(
        kind="ImagingStudy",
        title="Imaging",
        dates=("started",),
        names=("procedureCode", "modality"),
        details=(("series", "numberOfSeries"), ("images", "numberOfInstances"), REASON, NOTE),
    ),
    Section(
        kind="ServiceRequest",
        title="Orders",
        dates=("authoredOn", "occurrenceDateTime"),
        names=("code",),
        details=(STATUS, REASON, SITE, NOTE),
    ),
    Section(
        kind="CarePlan",
        title="Care plans",
        dates=("period", "created"),
        names=("title", "category"),
        values=("activity",),
        details=(STATUS, NOTE),
    ),
    Section(
        kind="Encounter",
        title="Encounters",
        dates=("period",),
        names=("type", "serviceType", "class"),
        details=(STATUS, REASON),
    ),
)
