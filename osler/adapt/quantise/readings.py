"""What is read and measured before anything is chosen: passages, importance, and what is kept of it all."""

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from osler.adapt.quantise.encoder import BlockEncoder
from osler.adapt.quantise.file_size import SizePlan
from osler.adapt.quantise.imatrix_file import read_importance, write_importance
from osler.adapt.quantise.importance import Importance
from osler.adapt.quantise.kept_work import KeptWork
from osler.adapt.quantise.measure import Meter, measure_importance
from osler.adapt.quantise.passages import Passage, digest_of, split, taken
from osler.adapt.quantise.settings import Settings
from osler.adapt.quantise.texts import read_passages
from osler.tasks.progress import Progress
from osler.weights.checkpoint import Checkpoint

if TYPE_CHECKING:
    from osler.tasks.model import Model

__all__ = ["Readings", "digest"]

READING, WEIGHING = "Reading text", "Measuring importance"


class Readings:
    """One model and the text that it is measured on; each thing is read or computed when it is first asked for.

    Args:
        checkpoint: the model's weights as they are.
        model: the same model opened, for its tokenizer and its image encoder.
        settings: how it is measured.
        progress: told how far the work is.

    Attributes:
        sizes: of the files to be.
    """

    def __init__(self, checkpoint: Checkpoint, model: "Model", settings: Settings, progress: Progress) -> None:
        self.checkpoint = checkpoint
        self.config = checkpoint.config.text
        self.settings = settings
        self.sizes = SizePlan(checkpoint)
        self._model = model
        self._progress = progress

    @property
    def has_text(self) -> bool:
        """Whether there is anything to measure on."""
        return bool(self.settings.calibrate)

    @property
    def has_importance(self) -> bool:
        """Whether there is, or will be, an importance matrix."""
        return self.has_text or self.settings.imatrix is not None

    @cached_property
    def passages(self) -> tuple[list[Passage], list[Passage]]:
        """To calibrate on, and to check with."""
        at = self.settings
        wanted = max(at.tokens, at.probe_tokens)
        self._progress(READING, 0, 1)
        most = wanted if at.check else (wanted + at.check_tokens) * 4 // 3
        calibrate = read_passages(at.calibrate, self._model, length=at.length, most_tokens=most)
        if at.check:
            parts = calibrate, read_passages(at.check, self._model, length=at.length, most_tokens=at.check_tokens)
        else:
            parts = split(calibrate)
        self._progress(READING, 1, 1)
        return taken(parts[0], wanted), taken(parts[1], at.check_tokens)

    @cached_property
    def importance(self) -> Importance | None:
        """The importance matrix: read, or measured, or kept from an earlier run; None without a file and a text."""
        at = self.settings
        if at.imatrix is not None:
            found = read_importance(at.imatrix)
            found.check(self.sizes.matrices, at.imatrix.name)
            return found
        if not self.has_text:
            return None
        passages = taken(self.passages[0], at.tokens)
        kept = at.work / f"imatrix-{digest([self.checkpoint.identity, digest_of(passages)])}.gguf" if at.work else None
        if kept is not None and kept.is_file():
            return read_importance(kept)
        tell = self.tell(WEIGHING)
        found = measure_importance(self.config, self.checkpoint, passages, threads=at.threads, tell=tell)
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_importance(kept, found)
        return found

    @cached_property
    def encoder(self) -> BlockEncoder:
        """Makes the blocks, with the importance matrix where there is one."""
        return BlockEncoder(self.importance.means if self.importance else None, threads=self.settings.threads)

    @cached_property
    def flat_encoder(self) -> BlockEncoder:
        """Makes blocks for which all columns count the same."""
        return BlockEncoder(threads=self.settings.threads)

    def meter(self, passages: Sequence[Passage]) -> Meter:
        """Compares weights with the unquantised ones on some passages."""
        at = self.settings
        return Meter(self.config, self.checkpoint, passages, stride=at.stride, threads=at.threads)

    def work(self, name: str, passages: Sequence[Passage], *more: Any) -> KeptWork:
        """What is kept of measurements on some passages.

        Args:
            more: what else they depend on, besides the weights, the importance and who makes the blocks.
        """
        at, means = self.settings, self.importance.means if self.importance else {}
        weighed = hashlib.sha256(b"".join(means[one].tobytes() for one in sorted(means))).hexdigest()
        key = digest([self.checkpoint.identity, digest_of(passages), at.stride, weighed, self.encoder.maker, *more])
        return KeptWork(at.work / f"{name}-{key}.json" if at.work else None, key)

    def tell(self, stage: str) -> Callable[[int, int], None]:
        """The progress of one stage."""
        return lambda done, total: self._progress(stage, done, total)


def digest(values: Any) -> str:
    """A short digest of plain values."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]
