"""From a person's data to the pictures, words and labels of each part, refused as a whole where anything is wrong."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from osler.adapt.medsiglip.kept_rows import KeptRows
from osler.adapt.medsiglip.parts import divide, find_alike, with_parts
from osler.adapt.medsiglip.prepared import Make, Prepared, prepare
from osler.adapt.medsiglip.read import Pairs, read_pairs
from osler.adapt.medsiglip.texts import Texts
from osler.adapt.medsiglip.tuning import Tuning
from osler.tasks.medsiglip import FITS
from osler.tasks.progress import Progress
from osler.weights.medsiglip import MedSiglipCheckpoint

__all__ = ["Material", "fit_of", "gather_material"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    """What is learnt from, and what is measured on.

    Attributes:
        pairs: the rows.
        prepared: all pictures.
        texts: what reads captions.
        labels: texts of each label, in the order of the head's rows; empty where there are none.
        notes: what a person should know.
    """

    pairs: Pairs
    prepared: Prepared
    texts: Texts
    labels: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]

    def part(self, name: str) -> Prepared:
        """The pictures of "train", "validation" or "test"."""
        return self.prepared.part(name)

    def counts(self) -> dict[str, int]:
        """Pictures of each part."""
        return {name: len(self.part(name)) for name in ("train", "validation", "test")}


def gather_material(tuning: Tuning, checkpoint: MedSiglipCheckpoint, *, progress: Progress) -> Material:
    """Read, divide and prepare.

    Raises:
        InputError: rows cannot be used (all are named), pictures of two parts look the same, or a part is empty.
    """
    texts = Texts(checkpoint.tokenizer(), checkpoint.config.words.num_tokens, seed=tuning.seed)
    wanted = tuning.wanted if tuning.wanted.labels else replace(tuning.wanted, is_empty=texts.is_empty)
    read, image_px = read_pairs(tuning.data, wanted), checkpoint.config.vision.image_px
    way = f"{tuning.resizing} {tuning.pad} {image_px} {tuning.study}"
    kept = KeptRows(work_folder(tuning.out), "squares", (image_px, image_px, 3), "|u1", way=way)
    prepared, faults = prepare(read.rows, kept, fit_of(tuning, image_px), study=tuning.study, progress=progress)
    read.refuse(faults)
    pairs = divide(
        read,
        validation=tuning.held_out[0],
        test=tuning.held_out[1],
        patients=wanted.patients,
        alike=() if tuning.duplicates == "allow" else find_alike(read, prepared, progress=progress),
        duplicates=tuning.duplicates,
    )
    prepared = with_parts(prepared, pairs)
    notes = [*pairs.notes, *_cut_texts(pairs, texts)]
    return Material(pairs=pairs, prepared=prepared, texts=texts, labels=_texts_by_label(pairs), notes=tuple(notes))


def work_folder(out: Path) -> Path:
    """Where a training keeps what it needs to go on."""
    return out / "training"


def fit_of(tuning: Tuning, image_px: int) -> Make:
    """How a picture becomes what the tower sees, as `osler.load_medsiglip` does it."""
    return partial(FITS[tuning.resizing], size_px=image_px, pad=tuning.pad)


def _texts_by_label(pairs: Pairs) -> dict[str, tuple[str, ...]]:
    """The texts made of each label; a label alone where captions are the pictures' own."""
    made: dict[str, dict[str, None]] = {label: {} for label in pairs.labels}
    for row in pairs.rows:
        for caption in row.captions:
            if caption.label is not None:
                made[caption.label][caption.text] = None
    return {label: tuple(texts) for label, texts in made.items() if texts}


def _cut_texts(pairs: Pairs, texts: Texts) -> list[str]:
    every = {caption.text for row in pairs.rows for caption in row.captions}
    cut = texts.num_cut(every)
    longest = f"longer than the {texts.num_tokens - 1} tokens that MedSigLIP reads, and cut"
    return [f"{cut:,} of {len(every):,} texts are {longest}"] if cut else []
