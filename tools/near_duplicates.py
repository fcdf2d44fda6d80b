"""How many pairs of pictures have nearly the same fingerprint, by threshold: what docs/decisions/069 chose one from.

    python tools/near_duplicates.py data/brain_mri --px 896
    python tools/near_duplicates.py data/nih_cxr/images --px 224 --patients data/nih_cxr/labels.csv

With patients (a table with the columns "Image Index" and "Patient ID"), pairs of one patient are told from the others.
"""

import argparse
import csv
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from osler.adapt.data.prints import alike, picture_print
from osler.imaging.normalise import fit

THRESHOLDS = (0, 10, 20, 30, 36, 40, 44, 48, 52, 56, 60, 70)


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--px", type=int, default=896, help="the side of the squares that the model sees")
    parser.add_argument("--patients", type=Path)
    parser.add_argument("--list", type=int, metavar="BITS", help="also name the pairs up to this threshold")
    asked = parser.parse_args()
    paths = sorted(path for path in asked.folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    prints = [picture_print(fit(np.asarray(Image.open(path).convert("RGB")), asked.px, pad=True)) for path in paths]
    seen = [place for place, one in enumerate(prints) if one is not None]
    patient_of = read_patients(asked.patients)
    pairs = alike(np.stack([prints[place] for place in seen]), THRESHOLDS[-1])
    told = Counter()
    for one, other, bits in pairs:
        first, second = paths[seen[one]], paths[seen[other]]
        same = patient_of.get(first.stem) == patient_of.get(second.stem) if patient_of else True
        told[same, bits] += 1
        if asked.list is not None and bits <= asked.list:
            print(bits, first.relative_to(asked.folder), second.relative_to(asked.folder))
    print(f"{len(paths):,} pictures, {len(seen) * (len(seen) - 1) // 2:,} pairs, squares of {asked.px} px")
    for most in THRESHOLDS:
        same, other = (
            sum(n for (kind, bits), n in told.items() if kind is of and bits <= most) for of in (True, False)
        )
        print(f"at most {most:3} bits: {same:6,}" + (f" of one patient, {other:6,} of two" if patient_of else " pairs"))


def read_patients(path: Path | None) -> dict[str, str]:
    """Each picture's patient, by its name without ending."""
    if path is None:
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {Path(row["Image Index"]).stem: row["Patient ID"] for row in csv.DictReader(file)}


if __name__ == "__main__":
    main()
