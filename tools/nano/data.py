"""The films and smears that osler-nano learns from, and how they are split.

Expects a folder with two subfolders:

    nih_cxr/   labels.csv (the columns of NIH's Data_Entry_2017_v2020.csv) and images/*.jpg
    bccd/      annotations/*.xml (Pascal VOC) and images/*.jpg

Films are split by patient, smears by image, both by a hash of their own name, so that
adding a file never moves another one to a different split.
"""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image

FINDINGS = (
    "Pneumonia", "Infiltration", "Atelectasis", "Edema", "Effusion", "Consolidation",
    "Pleural_Thickening", "Nodule", "Mass", "Cardiomegaly", "Emphysema", "Pneumothorax",
    "Fibrosis", "Hernia",
)  # fmt: skip
CELLS = ("RBC", "WBC", "Platelets")
TEST_PERCENT = 25
VALIDATION_PERCENT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """One frontal chest X-ray and NIH's labels of it."""

    name: str
    patient: str
    findings: tuple[str, ...]
    view: str
    detector: str
    image: Image.Image

    kind = "film"

    @property
    def has_pneumonia(self) -> bool:
        return "Pneumonia" in self.findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One annotated cell; `box` is (y0, x0, y1, x1) in pixels of the image it belongs to."""

    label: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Smear:
    """One microscope field of a blood smear with its annotated cells."""

    name: str
    cells: tuple[Cell, ...]
    image: Image.Image

    kind = "smear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A picture that is neither a film nor a smear."""

    name: str
    image: Image.Image

    kind = "other"


def split_of(group: str) -> str:
    """Return "train", "validation" or "test" for a patient or an image name, by its SHA-256."""
    percent = int.from_bytes(hashlib.sha256(group.encode()).digest()[:4]) % 100
    if percent < TEST_PERCENT:
        return "test"
    return "validation" if percent < TEST_PERCENT + VALIDATION_PERCENT else "train"


def read_films(folder: Path) -> list[Film]:
    """Read every film that labels.csv names, in the order of the file."""
    with open(folder / "labels.csv", newline="") as file:
        header, *rows = list(csv.reader(file))
    return [_film(folder, dict(zip(_columns(header), row, strict=True))) for row in rows]


def _columns(header: list[str]) -> list[str]:
    """Name the columns; two of NIH's headings hold a comma ("OriginalImage[Width,Height]")."""
    return [name.replace("OriginalImage[", "").rstrip("]") for name in header]


def _film(folder: Path, row: dict[str, str]) -> Film:
    name = Path(row["Image Index"]).with_suffix(".jpg").name
    findings = tuple(f for f in FINDINGS if f in row["Finding Labels"].split("|"))
    with Image.open(folder / "images" / name) as file:
        image = file.convert("L")
    return Film(
        name=name,
        patient=row["Patient ID"],
        findings=findings,
        view=row["View Position"],
        detector=f"{row['Width']}x{row['Height']}",
        image=image,
    )


def read_smears(folder: Path) -> list[Smear]:
    """Read every annotated smear, in the order of the names."""
    return [_smear(folder, path) for path in sorted((folder / "annotations").glob("*.xml"))]


def _smear(folder: Path, annotation: Path) -> Smear:
    root = ElementTree.parse(annotation).getroot()
    name = annotation.with_suffix(".jpg").name
    with Image.open(folder / "images" / name) as file:
        image = file.convert("RGB")
    return Smear(name=name, cells=tuple(_cell(o) for o in root.iter("object")), image=image)


def _cell(element: ElementTree.Element) -> Cell:
    edges = {edge: float(element.findtext(f"bndbox/{edge}", "0")) for edge in ("ymin", "xmin", "ymax", "xmax")}
    return Cell(label=element.findtext("name", ""), box=tuple(edges.values()))


def of_split(items: list, split: str) -> list:
    """Return the films (by patient) or smears (by name) that belong to a split."""
    return [i for i in items if split_of(i.patient if i.kind == "film" else i.name) == split]
