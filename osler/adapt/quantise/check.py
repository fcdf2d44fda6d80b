"""Whether a choice keeps what it promises: whole models on text that was not calibrated on, side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from osler.adapt.quantise.divergence import Places
from osler.adapt.quantise.exchanged import Exchanged
from osler.adapt.quantise.mixes import MIXES, kinds_of
from osler.adapt.quantise.quality import Quality, difference, quality_of
from osler.adapt.quantise.readings import Readings, digest
from osler.adapt.quantise.rows import Row
from osler.model.matrix import DenseMatrix

__all__ = ["FLAT", "Checker"]

CHECKING = "Checking the whole"

FLAT = ":flat"
"""Behind the name of a file type to compare with: made without the importance matrix."""

Checked = tuple[Places, dict[str, Places], list[str]]


class Checker:
    """Sizes and quality of ways to store one model.

    Args:
        readings: of the model.
    """

    def __init__(self, readings: Readings) -> None:
        self._readings = readings
        self._sizes = readings.sizes

    def plan(self, mix: str) -> dict[str, str]:
        """The types of a file type, which may end in ":flat"; nothing is read for it."""
        name = mix.removesuffix(FLAT)
        has_importance = name == mix and self._readings.has_importance
        return kinds_of(MIXES[name], self._readings.config, self._sizes.shapes, has_importance=has_importance)

    def check(self, candidates: Mapping[str, Mapping[str, str]]) -> Checked:
        """The unquantised weights, each candidate, and the document of each place; kept as it is found."""
        readings, passages = self._readings, self._readings.passages[1]
        work, meter = readings.work("check", passages), readings.meter(passages)
        keys = {
            name: f"{FLAT if name.endswith(FLAT) else ''} {digest(sorted(kinds.items()))}"
            for name, kinds in candidates.items()
        }
        missing = [name for name in candidates if work.get(keys[name]) is None]
        if missing or work.get("reference") is None:
            numbers = {name: self._stored(name, candidates[name]) for name in missing}
            reference, found = meter.places(numbers, readings.tell(CHECKING))
            work.put("reference", _plain(reference))
            for name, places in found.items():
                work.put(keys[name], _plain(places))
        kept = {name: _places(work.get(key)) for name, key in keys.items()}
        return _places(work.get("reference")), kept, meter.documents

    def _stored(self, name: str, kinds: Mapping[str, str]) -> Exchanged:
        readings = self._readings
        encoder = readings.flat_encoder if name.endswith(FLAT) else readings.encoder
        return Exchanged(readings.checkpoint, kinds, encoder)

    def divergence(self, kinds: Mapping[str, str]) -> float:
        """The mean KL in nats of one choice."""
        _, found, documents = self.check({"measured": kinds})
        return quality_of(found["measured"], documents).divergence.value

    def table(self, name: str, kinds: Mapping[str, str], against: Sequence[str]) -> list[Row]:
        """Sizes and, where there is text to check with, quality: unquantised, the result, and other file types."""
        candidates = {name: dict(kinds)} | {mix: self.plan(mix) for mix in against if mix != name}
        if not self._readings.has_text:
            return [self._row(one, kinds) for one, kinds in candidates.items()]
        reference, found, documents = self.check(candidates)
        rows = [self._source_row(quality_of(reference, documents))]
        for one, its_kinds in candidates.items():
            change = None if one == name else difference(found[one], found[name], documents)
            rows.append(self._row(one, its_kinds, quality=quality_of(found[one], documents), change=change))
        return rows

    def _source_row(self, quality: Quality) -> Row:
        """The unquantised decoder; of safetensors as large as in GGUF, without the vision tower."""
        checkpoint = self._readings.checkpoint
        files = [file for file in checkpoint.files if file.name.endswith(".gguf")]
        if files:
            parts = files[:-1] if checkpoint.config.vision else files  # the projector is the last
            size = sum(part.size_bytes for part in parts)
        else:
            matrix = checkpoint.matrix("text.layers.0.query")
            is_wide = isinstance(matrix, DenseMatrix) and matrix.kind == "f32"
            size = self._sizes.file_bytes(self.plan("F32" if is_wide else "BF16"))
        return Row(name="unquantised", size_bytes=size, bits=self._sizes.bits(size), kinds={}, quality=quality)

    def _row(self, name: str, kinds: Mapping[str, str], **more: Any) -> Row:
        size = self._sizes.file_bytes(kinds)
        return Row(name=name, size_bytes=size, bits=self._sizes.bits(size), kinds=dict(kinds), **more)


def _plain(places: Places) -> dict[str, list[float]]:
    return {
        "divergence": places.divergence.tolist(),
        "same_top": places.same_top.astype(int).tolist(),
        "surprise": places.surprise.tolist(),
    }


def _places(kept: Mapping[str, list[float]]) -> Places:
    return Places(
        divergence=np.array(kept["divergence"]),
        same_top=np.array(kept["same_top"], bool),
        surprise=np.array(kept["surprise"]),
    )
