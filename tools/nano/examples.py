"""Choose the two pictures of `osler demo` from the held-out part, and say where they come from."""

import shutil
from pathlib import Path

from nano import metrics
from nano.asking import Asker
from nano.augment import scale_cells
from nano.data import Film, Smear, of_split, read_films, read_smears
from nano.evaluate import PNEUMONIA, WHERE

LARGEST_BYTES = 60_000
PICTURES = """\
# The two pictures

Both come from the held-out part: osler-nano was neither trained nor tuned on them. Both were
**picked as examples** that it answers rightly, so they say nothing about how often it does; CARD.md does.
`python tools/train_nano.py examples --data DIR` picks them.

| file | what | from | name in the data set | licence |
|---|---|---|---|---|
| `chest.jpg` | frontal chest X-ray, {view} view, labelled {findings} | NIH ChestX-ray14 | `{film}` | \
free to use with attribution |
| `smear.jpg` | blood smear with one white blood cell | BCCD, github.com/Shenggan/BCCD_Dataset | `{smear}` | \
MIT, text in `LICENSE-BCCD` |

The files are the copies in the training data, byte for byte: the X-ray reduced from NIH's PNG to a longest
side of 512 pixels as JPEG, the smear as published.

Attribution of the X-ray: the NIH Clinical Center is the data provider
(https://nihcc.app.box.com/v/ChestXray-NIHCC). Xiaosong Wang, Yifan Peng, Le Lu, Zhiyong Lu, Mohammadhadi
Bagheri, Ronald M. Summers: ChestX-ray8: Hospital-scale Chest X-ray Database and Benchmarks on
Weakly-Supervised Classification and Localization of Common Thorax Diseases, IEEE CVPR 2017, pp. 3462-3471.
NIH mined the labels from reports by text analysis; a label is not a diagnosis.
"""


def write_examples(data: Path, folder: Path) -> None:
    """Copy the chosen film and smear, BCCD's licence, and write PICTURES.md."""
    asker = Asker(folder)
    film = choose_film(asker, of_split(read_films(data / "nih_cxr"), "test"), data)
    smear = choose_smear(asker, of_split(read_smears(data / "bccd"), "test"))
    shutil.copyfile(data / "nih_cxr" / "images" / film.name, folder / "chest.jpg")
    shutil.copyfile(data / "bccd" / "images" / smear.name, folder / "smear.jpg")
    shutil.copyfile(data / "bccd" / "LICENSE", folder / "LICENSE-BCCD")
    name, findings = film.name.replace(".jpg", ".png"), " and ".join(film.findings)
    page = PICTURES.format(view=film.view, findings=findings, film=name, smear=smear.name)
    (folder / "PICTURES.md").write_text(page)
    print(f"chest.jpg is {name}, smear.jpg is {smear.name}")


def choose_film(asker: Asker, films: list[Film], data: Path) -> Film:
    """Return the small file with pneumonia as its only label and the clearest yes, described rightly."""
    known = [f for f in films if f.findings == ("Pneumonia",)]
    known = [f for f in known if (data / "nih_cxr" / "images" / f.name).stat().st_size < LARGEST_BYTES]
    images = [f.image for f in known]
    described = asker.answers(images, "Describe this X-ray")
    margins = asker.margins(images, PNEUMONIA)
    fits = [f"{f.view} view. There are signs of pneumonia" in a for f, a in zip(known, described, strict=True)]
    return max(zip(fits, margins, known, strict=True), key=lambda row: (row[0], row[1]))[2]


def choose_smear(asker: Asker, smears: list[Smear]) -> Smear:
    """Return the smear whose single white blood cell is boxed best."""
    single = [s for s in smears if sum(c.label == "WBC" for c in s.cells) == 1]
    answers = asker.answers([s.image for s in single], WHERE, 110)
    return max(zip(single, answers, strict=True), key=lambda pair: _overlap(*pair))[0]


def _overlap(smear: Smear, answer: str) -> float:
    white = [c.box for c in scale_cells(smear.cells, smear.image) if c.label == "WBC"]
    return metrics.coverage(metrics.parse_boxes(answer) or [], white)
