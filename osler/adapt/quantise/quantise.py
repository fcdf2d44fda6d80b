"""From a checkpoint to a smaller file: what is read, measured, chosen, checked and written, in that order.

Everything that takes long is kept as it is found (`kept_work`), so that a run that was stopped goes on where it was.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from osler.adapt.quantise.choice import cheapest, cost_of, smallest
from osler.adapt.quantise.divergence import Places
from osler.adapt.quantise.encoder import BlockEncoder, makeable
from osler.adapt.quantise.exchanged import EMBEDDING, Exchanged
from osler.adapt.quantise.file_size import SizePlan
from osler.adapt.quantise.imatrix_file import read_importance, write_importance
from osler.adapt.quantise.importance import Importance
from osler.adapt.quantise.kept_work import KeptWork
from osler.adapt.quantise.kinds import NEEDS_IMPORTANCE, bits_per_weight, fits
from osler.adapt.quantise.measure import Meter, measure_importance
from osler.adapt.quantise.mixes import DYNAMIC_BITS, MIXES, kinds_of
from osler.adapt.quantise.passages import Passage, digest_of, split, taken
from osler.adapt.quantise.quality import Quality, difference, quality_of
from osler.adapt.quantise.rows import Row
from osler.adapt.quantise.sensitivity import PALETTE, Prober, Resolution, options_of, units_of
from osler.adapt.quantise.target import Target
from osler.adapt.quantise.texts import read_passages
from osler.errors import InputError, OptionError
from osler.model.matrix import DenseMatrix
from osler.tasks.progress import Progress, no_progress
from osler.weights.checkpoint import Checkpoint

if TYPE_CHECKING:
    from osler.tasks.model import Model

__all__ = ["FLAT", "Found", "Quantiser", "Settings"]

READING, WEIGHING, TRYING, PROBING, CHECKING = (
    "Reading text",
    "Measuring importance",
    "Trying types",
    "Measuring each matrix",
    "Checking the whole",
)
FINE_BELOW = 1_500_000_000
"""Models of fewer weights are measured matrix by matrix unless asked otherwise, larger ones part by part."""

TYPICAL_BITS = 4.5
FEW_BITS = 2.5
FEW_SHARE = 0.45
"""Types of fewer bits than this share of what the file has on average are not tried."""

ROUNDS = 5
NEAR_ENOUGH = 0.85
"""A result that uses so much of the divergence that it may cost is not made smaller."""

FLAT = ":flat"
"""Behind the name of a file type to compare with: made without the importance matrix."""

Check = tuple[Places, dict[str, Places], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How it is measured.

    Attributes:
        calibrate: files of text and images to measure importance and sensitivity on.
        check: files to check with; () keeps a quarter of the documents of `calibrate` for that.
        imatrix: a file of importances to use instead of measuring them.
        tokens: that importance is measured on.
        probe_tokens: that each matrix is measured on.
        check_tokens: that the whole is checked with.
        length: tokens of a passage.
        stride: every so many tokens, the next token's distribution is compared.
        resolution: what is measured together; None to go by the model's size.
        palette: types to choose among.
        threads: processor threads; None for all.
        work: a folder where measurements are kept; None keeps none.
    """

    calibrate: tuple[Path, ...] = ()
    check: tuple[Path, ...] = ()
    imatrix: Path | None = None
    tokens: int = 8192
    probe_tokens: int = 2048
    check_tokens: int = 4096
    length: int = 512
    stride: int = 4
    resolution: Resolution | None = None
    palette: tuple[str, ...] = PALETTE
    threads: int | None = None
    work: Path | None = None


@dataclass(slots=True, kw_only=True)
class Found:
    """What a choice came to."""

    kinds: dict[str, str]
    expected: float | None = None
    notes: list[str] = field(default_factory=list)


class Quantiser:
    """One model, to be quantised one way.

    Args:
        checkpoint: the model's weights as they are.
        model: the same model opened, for its tokenizer and its image encoder.
        settings: how it is measured.
        progress: told how far the work is.
    """

    def __init__(
        self, checkpoint: Checkpoint, model: "Model", settings: Settings, progress: Progress = no_progress
    ) -> None:
        self._checkpoint = checkpoint
        self._config = checkpoint.config.text
        self._model = model
        self._settings = settings
        self._progress = progress
        self.sizes = SizePlan(checkpoint)

    # -- what is read

    @cached_property
    def _passages(self) -> tuple[list[Passage], list[Passage]]:
        """To calibrate on, and to check with."""
        at, wanted = self._settings, max(self._settings.tokens, self._settings.probe_tokens)
        self._progress(READING, 0, 1)
        most = wanted if at.check else (wanted + at.check_tokens) * 4 // 3
        calibrate = read_passages(at.calibrate, self._model, length=at.length, most_tokens=most)
        if at.check:
            parts = calibrate, read_passages(at.check, self._model, length=at.length, most_tokens=at.check_tokens)
        else:
            parts = split(calibrate)
        self._progress(READING, 1, 1)
        return taken(parts[0], wanted), taken(parts[1], at.check_tokens)

    @property
    def has_text(self) -> bool:
        """Whether there is anything to measure on."""
        return bool(self._settings.calibrate)

    @cached_property
    def importance(self) -> Importance | None:
        """The importance matrix: read, or measured, or kept from an earlier run; None without a file and a text."""
        at = self._settings
        if at.imatrix is not None:
            found = read_importance(at.imatrix)
            found.check(self.sizes.matrices, at.imatrix.name)
            return found
        if not self.has_text:
            return None
        passages = taken(self._passages[0], at.tokens)
        kept = at.work / f"imatrix-{self._key(digest_of(passages))}.gguf" if at.work else None
        if kept is not None and kept.is_file():
            return read_importance(kept)
        found = measure_importance(
            self._config,
            self._checkpoint,
            passages,
            datasets=tuple(path.name for path in at.calibrate),
            threads=at.threads,
            tell=self._tell(WEIGHING),
        )
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_importance(kept, found)
        return found

    @cached_property
    def encoder(self) -> BlockEncoder:
        """Makes the blocks, with the importance matrix where there is one."""
        return BlockEncoder(self.importance.means if self.importance else None, threads=self._settings.threads)

    # -- what is chosen

    @cached_property
    def _flat_encoder(self) -> BlockEncoder:
        """Makes blocks for which all columns count the same."""
        return BlockEncoder(threads=self._settings.threads)

    def plan(self, mix: str) -> dict[str, str]:
        """The types of a file type, which may end in ":flat"; nothing is read for it."""
        name = mix.removesuffix(FLAT)
        has_importance = name == mix and (self.has_text or self._settings.imatrix is not None)
        return kinds_of(MIXES[name], self._config, self.sizes.shapes, has_importance=has_importance)

    def budget_bytes(self, target: Target) -> int | None:
        """The size that is asked for."""
        if isinstance(target.budget, str):
            if target.budget in DYNAMIC_BITS:
                return self.sizes.bytes_for(DYNAMIC_BITS[target.budget])
            return self.sizes.file_bytes(self.plan(target.budget))
        return target.budget

    def refuse(self, target: Target) -> None:
        """Say what cannot be done before anything is computed.

        Raises:
            OslerError: types cannot be made here, text is missing, or the size is out of reach.
        """
        can_weigh = self.has_text or self._settings.imatrix is not None
        if not target.is_measured:
            assert target.mix is not None
            names = self.plan(target.mix)
            known = {name: np.empty(0) for name in names} if can_weigh else {}
            BlockEncoder(known).check(names)
            return
        if not self.has_text:
            raise OptionError(
                "cannot choose types by measurement without a text to measure on",
                name="calibrate",
                expected="text or data of your own to measure on, which --budget, --max-kl and UD-… need",
            )
        if not 1 <= self._settings.stride <= self._settings.length // 2:
            raise OptionError("no place would be compared", name="stride", expected="a number up to half of --length")
        budget = self.budget_bytes(target)
        least = self.sizes.file_bytes(self._smallest_kinds(self._palette))
        if budget is not None and budget < least:
            raise InputError(
                f"cannot make `{self._checkpoint.path.name}` as small as {budget / 1e9:.3f} GB: the least is "
                f"{least / 1e9:.3f} GB with the types that can be made here",
                hint="give a larger --budget, or more types with --kinds"
                if len(self._palette) > 8
                else "pip install 'osler[quantise]' brings the types of fewer bits",
            )

    def choose(self, target: Target) -> Found:
        """The types of all matrices."""
        if target.mix is not None:
            return Found(kinds=self.plan(target.mix))
        sensitivities = self._sensitivities(self.budget_bytes(target))
        options = options_of(sensitivities, self.sizes.matrices)
        budget = self.budget_bytes(target)
        if budget is not None:
            choice = cheapest(options, budget - self.sizes.fixed_bytes - 32 * len(options))
            assert choice is not None, "checked before"
            return Found(kinds={name: one.kind for name, one in choice.items()}, expected=cost_of(choice))
        assert target.max_divergence is not None
        return self._as_small_as(options, target.max_divergence)

    @cached_property
    def _palette(self) -> list[str]:
        kinds = makeable(self._settings.palette)
        return [kind for kind in kinds if kind not in NEEDS_IMPORTANCE or self.has_text or self._settings.imatrix]

    def _worthwhile(self, budget: int | None) -> list[str]:
        """Types worth trying: those of very few bits take long to make, and are chosen for small files only."""
        bits = FEW_BITS if budget is None else self._bits(budget) * FEW_SHARE
        kinds = [kind for kind in self._palette if bits_per_weight(kind) >= bits]
        if budget is None or self.sizes.file_bytes(self._smallest_kinds(kinds)) <= budget:
            return kinds
        return self._palette

    def _bits(self, size: int) -> float:
        """Bits a weight of a file of this size."""
        return 8 * (size - self.sizes.fixed_bytes) / self.sizes.num_weights

    def _smallest_kinds(self, palette: Sequence[str]) -> dict[str, str]:
        """The smallest type of each matrix; F16 where none fits."""
        return {
            name: min(
                (kind for kind in palette if fits(kind, shape[1]) and self._can_make(kind, name)),
                key=bits_per_weight,
                default="F16",
            )
            for name, shape in self.sizes.matrices.items()
        }

    def _can_make(self, kind: str, name: str) -> bool:
        """Whether the importance that a type needs will be known: llama.cpp's files have none of the embedding."""
        is_weighed = name != EMBEDDING or (self._config.tied_output and self._settings.imatrix is None)
        return is_weighed or kind not in NEEDS_IMPORTANCE

    def _sensitivities(self, budget: int | None) -> dict[str, Any]:
        at = self._settings
        bits = TYPICAL_BITS if budget is None else self._bits(budget)
        resolution = at.resolution or ("matrix" if self.sizes.num_weights < FINE_BELOW else "part")
        passages = taken(self._passages[0], at.probe_tokens)
        means = self.importance.means if self.importance else {}
        prober = Prober(
            self._checkpoint,
            Meter(self._config, self._checkpoint, passages, stride=at.stride, threads=at.threads),
            self.encoder,
            means,
            palette=self._worthwhile(budget),
            typical_bits=min(max(bits, 2.5), 6.0),
            work=self._work(f"probe-{digest_of(passages)}"),
        )
        names = sorted(self.sizes.matrices)
        found = prober.losses(names, self._tell(TRYING))
        return prober.measure(units_of(names, resolution), found, self._tell(PROBING))

    def _as_small_as(self, options: Mapping[str, Sequence[Any]], most: float) -> Found:
        """The smallest choice whose divergence, measured as a whole, is no greater; costs are scaled until it is."""
        aim, best, scale, notes = most, None, 1.0, []
        for _ in range(ROUNDS):
            choice = smallest(options, aim)
            if choice is None:
                break
            kinds = {name: one.kind for name, one in choice.items()}
            _, measured, documents = self.check({"measured": kinds})
            actual = quality_of(measured["measured"], documents).divergence.value
            notes.append(f"expected {cost_of(choice):.5f}, measured {actual:.5f} nats")
            if actual <= most and (best is None or self.sizes.file_bytes(kinds) < self.sizes.file_bytes(best.kinds)):
                best = Found(kinds=kinds, expected=cost_of(choice))
            if NEAR_ENOUGH * most <= actual <= most:
                break
            scale = actual / max(cost_of(choice), 1e-12)
            aim = 0.97 * most / scale
        if best is None:
            raise InputError(
                f"cannot keep the divergence below {most:g} nats with the types that can be made here",
                hint="allow more with --max-kl, or let BF16 be among --kinds",
            )
        best.notes = notes
        return best

    # -- what is checked

    def check(self, candidates: Mapping[str, Mapping[str, str]]) -> Check:
        """The unquantised weights and each candidate at the places to check with; kept as it is found."""
        at, passages = self._settings, self._passages[1]
        work = self._work(f"check-{digest_of(passages)}")
        meter = Meter(self._config, self._checkpoint, passages, stride=at.stride, threads=at.threads)
        keys = {
            name: f"check{FLAT if name.endswith(FLAT) else ''} {_digest(sorted(kinds.items()))}"
            for name, kinds in candidates.items()
        }
        missing = {name: keys[name] for name in candidates if work.get(keys[name]) is None}
        if missing or work.get("reference") is None:
            self._progress(CHECKING, 0, len(missing) + 1)
            numbers = {
                name: Exchanged(
                    self._checkpoint,
                    candidates[name],
                    self._flat_encoder if name.endswith(FLAT) else self.encoder,
                )
                for name in missing
            }
            reference, found = meter.places(numbers, self._tell(CHECKING))
            work.put("reference", _plain(reference))
            for name, places in found.items():
                work.put(keys[name], _plain(places))
        kept = {name: _places(work.get(key)) for name, key in keys.items()}
        return _places(work.get("reference")), kept, meter.documents

    def table(self, name: str, kinds: Mapping[str, str], against: Sequence[str]) -> list[Row]:
        """Sizes and, where there is text to check with, quality: unquantised, the result, and other file types."""
        candidates = {name: dict(kinds)} | {mix: self.plan(mix) for mix in against if mix != name}
        if not self.has_text:
            return [self._row(one, kinds) for one, kinds in candidates.items()]
        reference, found, documents = self.check(candidates)
        rows = [self._source_row(quality_of(reference, documents))]
        for one, its_kinds in candidates.items():
            change = None if one == name else difference(found[one], found[name], documents)
            rows.append(self._row(one, its_kinds, quality=quality_of(found[one], documents), change=change))
        return rows

    def _source_row(self, quality: Quality) -> Row:
        """The unquantised decoder; of safetensors as large as in GGUF, without the vision tower."""
        files = [file for file in self._checkpoint.files if file.name.endswith(".gguf")]
        if files:
            parts = files[:-1] if self._checkpoint.config.vision else files  # the projector is the last
            size = sum(part.size_bytes for part in parts)
        else:
            matrix = self._checkpoint.matrix("text.layers.0.query")
            is_wide = isinstance(matrix, DenseMatrix) and matrix.kind == "f32"
            size = self.sizes.file_bytes(self.plan("F32" if is_wide else "BF16"))
        bits = self._bits(size)
        return Row(name="unquantised", size_bytes=size, bits=bits, kinds={}, quality=quality)

    def _row(self, name: str, kinds: Mapping[str, str], **more: Any) -> Row:
        size = self.sizes.file_bytes(kinds)
        return Row(name=name, size_bytes=size, bits=self._bits(size), kinds=dict(kinds), **more)

    def nearest_mix(self, kinds: Mapping[str, str]) -> str | None:
        """The plain file type that is nearest in size, of those that can be made here."""
        size = self.sizes.file_bytes(kinds)
        able = set(self._palette)
        names = [name for name in MIXES if set(self.plan(name).values()) <= able]
        return min(names, key=lambda name: abs(self.sizes.file_bytes(self.plan(name)) - size), default=None)

    # -- what is kept

    def _key(self, more: str) -> str:
        return _digest([self._checkpoint.identity, more])

    def _work(self, name: str) -> KeptWork:
        at = self._settings
        means = self.importance.means if self.importance else {}
        weighed = hashlib.sha256(b"".join(means[one].tobytes() for one in sorted(means))).hexdigest()
        key = _digest([self._checkpoint.identity, name, at.stride, weighed, self.encoder.maker, sorted(self._palette)])
        return KeptWork(at.work / f"{name}.json" if at.work else None, key)

    def _tell(self, stage: str) -> Callable[[int, int], None]:
        return lambda done, total: self._progress(stage, done, total)


def _digest(values: Any) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]


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
