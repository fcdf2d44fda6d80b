"""Files of a sample to what a model is to see of them, by the recipes of `osler.tasks`, as `osler ask` does it."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from osler.errors import InputError
from osler.evals.engines.memo import Memo, Outline
from osler.evals.sample import Ask, Seen
from osler.folders import cache_folder
from osler.recent import Recent
from osler.tasks.ask import question_messages
from osler.tasks.batch import batches_of
from osler.tasks.prepare import fitted
from osler.tasks.privacy import refuse_identifiers
from osler.tasks.study import plan_study
from osler.tasks.study_options import Recipe, StudyOptions
from osler.tasks.view import Plan
from osler.values import ImagePart, Message, TextPart, Volume

__all__ = ["Views", "plain_text", "rescaled_plan", "words_of"]

MOST_BYTES = 512 << 20
"""Pictures that are kept because the next question is mostly about the same: about two CT series."""


class Views:
    """Develops what samples show, and keeps what was shown last; several threads may ask.

    Args:
        recipe: the MedGemma generation whose recipes are followed where a sample does not say.
        image_px: the side of the squares that pictures become; 0 for a model that reads none.
    """

    def __init__(self, recipe: Recipe, image_px: int) -> None:
        self._recipe = recipe
        self._image_px = image_px
        self._memo = Memo(cache_folder() / "seen.sqlite", f"{recipe} {image_px}")
        self._kept: Recent[Seen, _Shown] = Recent(MOST_BYTES, lambda shown: shown.size_bytes)
        self._lock = threading.Lock()

    def messages(self, ask: Ask) -> tuple[Message, ...]:
        """An ask as a conversation of one turn, parts in their order.

        Raises:
            InputError: a file cannot be read, or the words name the patient whose file goes with them.
        """
        parts: list[ImagePart | TextPart] = []
        merged = words_of(ask.parts)
        last = merged[-1] if merged and isinstance(merged[-1], str) else ""
        texts = [part for part in merged if isinstance(part, str)]
        for part in merged[:-1] if last else merged:
            if isinstance(part, str):
                parts.append(TextPart(text=part))
            else:
                shown = self._shown(part)
                refuse_identifiers(texts, shown.paths, shown.options)
                parts += shown.parts
        return question_messages(parts, str(last), ask.system)

    def outline(self, ask: Ask) -> Outline:
        """The words and the digests of the pictures that an ask sends, as they stand in it.

        Pictures that were looked at before are not read again, unless their files have changed since.
        """
        found: Outline = []
        for part in words_of(ask.parts):
            found += [["text", part]] if isinstance(part, str) else self._outline(part)
        return found

    def _outline(self, seen: Seen) -> Outline:
        known = self._memo.find(seen)
        if known is None:
            shown = self._shown(seen).parts
            images = [part.image for part in shown if isinstance(part, ImagePart)]
            _, records = fitted(images, self._image_px or 1, pad=True)
            digests = iter(record.pixels_sha256 for record in records)
            known = [["text", part.text] if isinstance(part, TextPart) else ["image", next(digests)] for part in shown]
            self._memo.note(seen, known)
        return known

    def _shown(self, seen: Seen) -> "_Shown":
        """What is to be seen; threads that want the same wait for the one that reads it."""
        with self._lock:
            return self._kept.get(seen) or self._kept.keep(seen, self._developed(seen))

    def _developed(self, seen: Seen) -> "_Shown":
        study = seen.study or StudyOptions()
        chosen = replace(study, recipe=study.recipe or self._recipe)
        if seen.rescale is not None:
            return _Shown(parts=rescaled_plan(seen, chosen).develop(None).parts, options=chosen)
        submitted = plan_study([str(path) for path in seen.files], chosen, recipe=chosen.recipe or self._recipe)
        parts = tuple(part for plan in submitted.plans for part in plan.develop(None).parts)
        return _Shown(parts=parts, options=chosen, paths=submitted.paths)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Shown:
    """What is seen of some files.

    Attributes:
        parts: pictures, their labels, records.
        options: what was chosen of the files.
        paths: files that say whose they are.
    """

    parts: tuple[ImagePart | TextPart, ...]
    options: StudyOptions
    paths: tuple[Path, ...] = ()

    @property
    def size_bytes(self) -> int:
        return sum(part.image.pixels.nbytes for part in self.parts if isinstance(part, ImagePart))


def words_of(parts: Sequence[str | Seen]) -> list[str | Seen]:
    """Parts with texts that follow each other joined: the chat template would strip each of them by itself.

    >>> words_of(("Question:\\n", "Why?"))
    ['Question:\\nWhy?']
    """
    merged: list[str | Seen] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return merged


def plain_text(ask: Ask) -> str:
    """The words of an ask without a template.

    Raises:
        InputError: it shows something.
    """
    parts = words_of(ask.parts)
    if not all(isinstance(part, str) for part in parts):
        raise InputError("cannot ask about images without a chat template", hint="choose another --prompt")
    return "".join(str(part) for part in parts)


def rescaled_plan(seen: Seen, options: StudyOptions) -> Plan:
    """A plan of volumes whose numbers are turned into Hounsfield units by the benchmark's own tables.

    Raises:
        InputError: a file is no volume.
    """
    from osler.tasks.volume import plan_volume

    assert seen.rescale is not None
    volumes = [_rescaled(_opened(path), *seen.rescale) for path in seen.files]
    return plan_volume(volumes, options, recipe=options.recipe or "1.5")


def _opened(path: Path) -> Volume:
    from osler.formats.itk import open_itk
    from osler.formats.nifti import open_nifti

    (found,) = batches_of([str(path)])[0].found
    if found.kind == "nifti":
        return open_nifti(found.path)
    if found.kind in ("nrrd", "metaimage"):
        return open_itk(found.path)
    raise InputError(f"cannot rescale `{path.name}`: expected NIfTI, NRRD or MetaImage, got {found.kind}")


def _rescaled(volume: Volume, slope: float, intercept: float) -> Volume:
    def read(index: int) -> np.ndarray:
        return volume.read_slice(index).astype(np.float32) * np.float32(slope) + np.float32(intercept)

    step = f"× {slope:.10g} + {intercept:.10g}, from the benchmark's tables"
    return replace(volume, read_slice=read, steps=(*volume.steps, step))
