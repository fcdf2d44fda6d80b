"""Vectors of pictures and texts, and writing them to files that other programs read."""

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from osler.errors import InputError
from osler.extras import needed
from osler.tasks.ask import sources_of
from osler.tasks.pictures import NAME_ONE, NO_PICTURE, PictureRecord, PictureSource
from osler.tasks.progress import READING_IMAGES
from osler.tasks.study_options import StudyOptions
from osler.tasks.writing import write_new
from osler.values import NOTICE

if TYPE_CHECKING:
    from osler.tasks.medsiglip import MedSiglip

__all__ = ["Embeddings", "check_target", "embed", "write_embeddings"]

SUFFIXES = (".npy", ".parquet")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Embeddings:
    """Vectors of length 1; the product of two is the cosine of the angle between them.

    Attributes:
        pictures: what each of the first rows is about.
        texts: what each of the rows behind them is about.
        vectors: [pictures + texts, D] float32.
        model, weights_id, way: what computed them; only vectors of the same `way` can be compared.
        notes: what a person should know of what was left out.
    """

    pictures: tuple[PictureRecord, ...]
    texts: tuple[str, ...]
    vectors: np.ndarray
    model: str
    weights_id: str
    way: str
    notes: tuple[str, ...] = ()
    notice: str = NOTICE

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; the vectors as lists of numbers."""
        return {**self.described(), "vectors": self.vectors.tolist()}

    def described(self) -> dict[str, Any]:
        """All but the vectors."""
        return {
            "pictures": [asdict(picture) for picture in self.pictures],
            "texts": list(self.texts),
            "num_dimensions": int(self.vectors.shape[1]),
            "model": self.model,
            "weights_id": self.weights_id,
            "way": self.way,
            "notes": list(self.notes),
            "notice": self.notice,
        }


def embed(
    medsiglip: "MedSiglip",
    files: Any = None,
    texts: Sequence[str] = (),
    *,
    study: StudyOptions | None = None,
    each: bool = False,
) -> Embeddings:
    """Embed all pictures in files, and texts.

    Args:
        files: as `Model.ask` takes them, or None.
        texts: any number of them.
        study: what is chosen of a study; None leaves it to the recipes.
        each: take every file of a folder by itself, of however many studies they are; those that cannot be read are
            left out, and named in `notes`.

    Raises:
        InputError: there is nothing to embed, or a file cannot be read.
        PromptError: a text has no letters.
    """
    sources = sources_of(files)
    if not sources and not texts:
        raise InputError("cannot embed: there is neither a file nor a text", hint="name a file, or give --text")
    words = medsiglip.embed_texts(list(texts))
    source = PictureSource(sources, study, each=each, progress=medsiglip.progress) if sources else None
    pictures, seen = _seen(medsiglip, source) if source else ((), words[:0])
    return Embeddings(
        pictures=pictures,
        texts=tuple(texts),
        vectors=np.concatenate([seen, words]),
        model=medsiglip.description,
        weights_id=medsiglip.weights_id,
        way=medsiglip.way,
        notes=tuple(source.notes) if source else (),
        notice=medsiglip.notice,
    )


def _seen(medsiglip: "MedSiglip", source: PictureSource) -> tuple[tuple[PictureRecord, ...], np.ndarray]:
    """All pictures of a source and their vectors [I, D].

    Raises:
        InputError: there is none that can be read.
    """
    records, vectors = [], []
    for record, image in source:
        medsiglip.progress(READING_IMAGES, source.done, source.total)
        records.append(record)
        vectors.append(medsiglip.vector_of(image.pixels))
    medsiglip.progress(READING_IMAGES, source.total, source.total)
    if not records:
        raise InputError(NO_PICTURE, hint="; ".join(source.notes) or NAME_ONE)
    return tuple(records), np.stack(vectors)


def check_target(path: Path) -> None:
    """Refuse, before anything is computed, a file that could not be written.

    Raises:
        InputError: its name ends otherwise, its folder is not there, or it is there already.
        MissingExtraError: Parquet needs the extra `search`.
    """
    if path.suffix not in SUFFIXES:
        raise InputError(f"cannot write `{path}`: expected a name that ends in {' or '.join(SUFFIXES)}")
    for target in (path, path.with_suffix(".json") if path.suffix == ".npy" else path):
        if target.exists():
            raise InputError(f"cannot write `{target}`: it is there already", hint="choose another name")
    if not path.parent.is_dir():
        raise InputError(f"cannot write `{path}`: there is no folder `{path.parent}`")
    if path.suffix == ".parquet":
        _pyarrow()


def write_embeddings(path: Path, found: Embeddings) -> tuple[Path, ...]:
    """Write vectors to a new .npy file, with a .json beside it that says what the rows are; or to one .parquet file.

    Returns:
        The files written.

    Raises:
        InputError, MissingExtraError: as `check_target` says, or the disk is full; then neither file is left.
    """
    check_target(path)
    if path.suffix == ".parquet":
        write_new(path, _parquet(found))
        return (path,)
    beside = path.with_suffix(".json")
    packed = io.BytesIO()
    np.save(packed, found.vectors)
    write_new(path, packed.getvalue())
    try:
        write_new(beside, json.dumps(found.described(), ensure_ascii=False, indent=2).encode())
    except InputError:
        path.unlink(missing_ok=True)
        raise
    return (path, beside)


def _pyarrow() -> Any:
    return needed("pyarrow", "write Parquet", "search", otherwise=", or write .npy")


def _parquet(found: Embeddings) -> bytes:
    """Columns kind, name, sha256 and embedding; the rest in the table's metadata."""
    pyarrow = _pyarrow()
    from pyarrow import parquet

    files = [picture.file.sha256 if picture.file else None for picture in found.pictures]
    width = found.vectors.shape[1]
    table = pyarrow.table(
        {
            "kind": ["picture"] * len(found.pictures) + ["text"] * len(found.texts),
            "name": [picture.name for picture in found.pictures] + list(found.texts),
            "sha256": pyarrow.array([*files, *[None] * len(found.texts)], pyarrow.string()),
            "embedding": pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(found.vectors.reshape(-1)), width),
        }
    ).replace_schema_metadata({"osler": json.dumps({"model": found.model, "way": found.way, "notice": found.notice})})
    packed = io.BytesIO()
    parquet.write_table(table, packed)
    return packed.getvalue()
