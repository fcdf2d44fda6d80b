"""MedSigLIP loaded: pictures and texts to vectors that can be compared with each other."""

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from osler.errors import InputError, PromptError, WeightsError
from osler.folders import cache_folder, models_folder
from osler.imaging.digest import pixels_sha256
from osler.imaging.normalise import fit, normalise
from osler.imaging.two_taps import fit_two_taps
from osler.tasks.progress import Progress, no_progress
from osler.tasks.vector_store import VectorStore, open_vector_store
from osler.values import NOTICE

if TYPE_CHECKING:
    from osler.engine.medsiglip import PictureEncoder, WordsEncoder
    from osler.tasks.classify import Classification
    from osler.tasks.embed import Embeddings
    from osler.tasks.probe import Probe
    from osler.tasks.search import PictureIndex
    from osler.tasks.study_options import StudyOptions
    from osler.tasks.tuned_head import TunedHead
    from osler.weights.medsiglip import MedSiglipCheckpoint

__all__ = ["FITS", "MEDSIGLIP_VARIABLE", "REPOSITORY", "MedSiglip", "Resizing", "load_medsiglip", "medsiglip_folder"]

MEDSIGLIP_VARIABLE = "OSLER_MEDSIGLIP"
REPOSITORY = "google/medsiglip-448"

Resizing = Literal["training", "averaging"]
FITS: dict[str, Callable[..., np.ndarray]] = {"training": fit_two_taps, "averaging": fit}
STARTING = "Starting MedSigLIP"


class MedSiglip:
    """Turns pictures and texts into vectors of length 1; the cosine of two of them says how well they go together.

    Several threads may use it; one picture or text is computed at a time. Towers are built when they are first needed.
    Vectors of pictures are kept on the disk, so that work that was interrupted goes on where it ended.

    Args:
        checkpoint: the weights.
        precision, threads: as in `osler.load`.
        resizing: "training" as Big Vision's pipeline resized in training and for the published scores, "averaging" as
            Hugging Face's processor does.
        pad: pad pictures to a square first; without, they are stretched.
        progress: told of whatever takes long.
        store: where vectors of pictures are kept; None for the cache, where weights are not small.

    Attributes:
        description: what it is, for people.
        weights_id: the checkpoint's digest.
        way: all that a vector depends on besides the picture: weights, precision, resizing, padding.
    """

    def __init__(
        self,
        checkpoint: "MedSiglipCheckpoint",
        *,
        precision: str = "bf16",
        threads: int | None = None,
        resizing: Resizing = "training",
        pad: bool = True,
        progress: Progress = no_progress,
        store: VectorStore | None = None,
    ) -> None:
        from osler.engine.compilation import Compilation

        if resizing not in FITS:
            raise InputError(f"cannot use resizing={resizing!r}: expected one of {', '.join(FITS)}")
        self.config = checkpoint.config
        self.weights_id = checkpoint.identity
        self.description = f"{checkpoint.path.resolve().name} (MedSigLIP, {checkpoint.config.vision.image_px} px)"
        self.way = f"{checkpoint.identity} {precision} {resizing} {'padded' if pad else 'stretched'}"
        self.logit_scale, self.logit_bias = checkpoint.logit_scale, checkpoint.logit_bias
        self.progress = progress
        self._checkpoint = checkpoint
        self._compilation = Compilation(precision=precision, threads=threads)
        self._fit, self._pad = FITS[resizing], pad
        self._tokenizer = checkpoint.tokenizer()
        self._pictures: PictureEncoder | None = None
        self._words: WordsEncoder | None = None
        self._store = store or self._open_store()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<osler.MedSiglip {self.description}>"

    @property
    def notice(self) -> str:
        """The sentence to show beside what it says."""
        return NOTICE

    def embed_pixels(self, pictures: Iterable[np.ndarray]) -> np.ndarray:
        """Vectors [I, D] float32 of pictures [Y, X, 3] uint8, which are asked for one by one."""
        found = [self.vector_of(pixels) for pixels in pictures]
        return np.stack(found) if found else np.empty((0, self.config.width), np.float32)

    def vector_of(self, pixels: np.ndarray) -> np.ndarray:
        """The vector [D] float32 of a picture [Y, X, 3] uint8; computed only where it is not kept."""
        square = self._fit(pixels, self.config.vision.image_px, pad=self._pad)  # [N, N, 3]
        digest = pixels_sha256(square)
        kept = self._store.get(digest) if self._store is not None else None
        if kept is not None:
            return kept[0]
        with self._lock:
            vector = self._picture_tower().encode(normalise(square[None]))  # [1, D]
        if self._store is not None:
            self._store.put(digest, vector)
        return vector[0]

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors [texts, D] float32; a text is cut to what the tower reads (64 tokens, punctuation not counted).

        Raises:
            PromptError: one is no text, or has no letters.
        """
        for text in texts:
            if not isinstance(text, str) or not self._tokenizer.ids(text):
                raise PromptError(f"cannot embed {text!r}: expected a text with letters in it")
        if not texts:
            return np.empty((0, self.config.width), np.float32)
        ids = self._tokenizer.encode(texts, self.config.words.num_tokens)
        with self._lock:
            return self._word_tower().encode(ids)

    def count_tokens(self, text: str) -> int:
        """Tokens of a text that the tower reads."""
        return min(len(self._tokenizer.ids(text)) + 1, self.config.words.num_tokens)

    def embed(
        self, files: Any = None, texts: Sequence[str] = (), *, study: "StudyOptions | None" = None, each: bool = False
    ) -> "Embeddings":
        """The vectors of all pictures in files, then of texts; see `osler.tasks.embed`."""
        from osler.tasks.embed import embed

        return embed(self, files, texts, study=study, each=each)

    def index(self, folder: str | os.PathLike[str], *, place: Path | None = None) -> "PictureIndex":
        """The pictures of a folder, brought up to date and ready to be searched; see `osler.tasks.search`.

        Args:
            place: where the index lies; None for the cache.
        """
        from osler.tasks.search import PictureIndex

        found = PictureIndex(folder, self, place=place)
        found.update()
        return found

    def learn(self, folder: str | os.PathLike[str], *, patients: str | None = None) -> "Probe":
        """Labels from a folder with a folder of examples for each; what is given to `classify` instead of labels.

        Args:
            patients: how to tell whose an example is; see `osler.tasks.example_groups`.

        Raises:
            InputError: there are too few examples, or it cannot be told whose they are.
        """
        return self.index(folder).learn(patients)

    @property
    def head(self) -> "TunedHead | None":
        """The labels that it was tuned for, where `osler tune-medsiglip classifier` made it.

        Raises:
            WeightsError: the head's file is damaged.
        """
        from osler.tasks.tuned_head import read_head

        return read_head(self._checkpoint.path, self.config.width)

    def classify(
        self,
        files: Any,
        labels: Any = None,
        *,
        templates: Sequence[str] = ("{}",),
        study: "StudyOptions | None" = None,
        each: bool = False,
    ) -> "Classification":
        """How well each label, label of a probe, or (without labels) of its own head, fits each picture.

        See `osler.tasks.classify`.
        """
        from osler.tasks.classify import classify, classify_by_head, classify_by_probe
        from osler.tasks.probe import Probe

        head = self.head if labels is None else None
        if head is not None:
            return classify_by_head(self, files, head, study=study, each=each)
        if isinstance(labels, Probe):
            return classify_by_probe(self, files, labels, study=study, each=each)
        return classify(self, files, labels, templates=templates, study=study, each=each)

    @property
    def _num_bytes(self) -> int:
        """Of the files."""
        return sum(file.size_bytes for file in self._checkpoint.files)

    def _open_store(self) -> VectorStore | None:
        """By what the tower depends on: it sees pictures that were resized already."""
        way = f"medsiglip {self.weights_id} {self._compilation.precision}"
        return open_vector_store(cache_folder() / "vectors", way, (1, self.config.width), self._num_bytes)

    def _picture_tower(self) -> "PictureEncoder":
        if self._pictures is None:
            from osler.engine.medsiglip import PictureEncoder

            self._pictures = self._build(PictureEncoder, self.config.vision, "pictures")
        return self._pictures

    def _word_tower(self) -> "WordsEncoder":
        if self._words is None:
            from osler.engine.medsiglip import WordsEncoder

            self._words = self._build(WordsEncoder, self.config.words, "words")
        return self._words

    def _build(self, tower: Callable[..., Any], config: Any, part: str) -> Any:
        from osler.engine.weight_store import open_store

        self.progress(STARTING, 0, 1)
        name = f"{self.weights_id}-medsiglip-{part}-{self._compilation.precision}"
        store = open_store(cache_folder() / "weights", name, self._num_bytes)
        built = tower(config, self._checkpoint, compilation=self._compilation, store=store)
        self.progress(STARTING, 1, 1)
        return built


def load_medsiglip(
    path: str | os.PathLike[str] | None = None,
    *,
    precision: str = "bf16",
    threads: int | None = None,
    resizing: Resizing = "training",
    pad: bool = True,
    progress: Progress | None = None,
) -> MedSiglip:
    """Open MedSigLIP.

    Args:
        path: its folder; None for what OSLER_MEDSIGLIP names, and without that the one that
            `osler models pull google/medsiglip-448` fetched.
        precision, threads, resizing, pad, progress: as in `MedSiglip`.

    Raises:
        WeightsError: it is not there (the hint says where it comes from), damaged, or another model.
        InputError: an option makes no sense.
    """
    from osler.weights.medsiglip import MedSiglipCheckpoint

    checkpoint = MedSiglipCheckpoint(medsiglip_folder(path))
    return MedSiglip(
        checkpoint, precision=precision, threads=threads, resizing=resizing, pad=pad, progress=progress or no_progress
    )


def medsiglip_folder(path: str | os.PathLike[str] | None = None) -> Path:
    """The folder that `load_medsiglip` opens.

    Raises:
        WeightsError: there is none.
    """
    named = path if path is not None else os.environ.get(MEDSIGLIP_VARIABLE)
    folder = Path(named).expanduser() if named else models_folder() / REPOSITORY.replace("/", "--")
    if folder.suffix == ".safetensors" and folder.is_file():
        folder = folder.parent
    if not folder.is_dir():
        where = f"at `{folder}`" if named else "here"
        raise WeightsError(
            f"MedSigLIP's weights are not {where}: they are a model of their own, not part of MedGemma's",
            hint=f"accept the terms of {REPOSITORY} on the Hugging Face hub, then `osler models pull {REPOSITORY}`; "
            f"--model or {MEDSIGLIP_VARIABLE} names a folder elsewhere",
        )
    return folder
