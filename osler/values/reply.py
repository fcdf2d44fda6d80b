"""What a model gives back, what it cost and what it rests on."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from osler.values.message import Box, FileRecord, Origin

__all__ = [
    "NOTICE",
    "NOTICE_DEMONSTRATION",
    "FinishReason",
    "ImageRecord",
    "Provenance",
    "Reply",
    "SourceRecord",
    "Timings",
    "Usage",
]

NOTICE = "For research and development. Not a medical device."
NOTICE_DEMONSTRATION = "Demonstration model (osler-nano), not MedGemma. Not for medical use."

FinishReason = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Token counts of one reply.

    Attributes:
        prompt_tokens: of the prompt, images included.
        image_tokens: those of them that stand for images.
        completion_tokens: written by the model.
        cached_tokens: those of the prompt that an earlier one had in common, so that they were not computed again.
    """

    prompt_tokens: int
    image_tokens: int
    completion_tokens: int
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Where the seconds of one reply went."""

    image_s: float
    prefill_s: float
    decode_s: float
    first_token_s: float
    total_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRecord:
    """What was sent to the model for one image."""

    file: FileRecord | None
    width_px: int
    height_px: int
    steps: tuple[str, ...]
    pixels_sha256: str
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """What was chosen from one thing that the user handed over, and why.

    Attributes:
        kind: "film", "picture", "volume", "slide", "document" or "record".
        files: the files that were read, in the order of use.
        series: how `--series` names it, such as "3" or the first digits of its UID's digest; "" for plain files.
        reason: why this series, level or part was taken, in words.
        choices: what the recipe decided: plane, slices (their numbers), windows, magnification, patches, seed, dpi, …
        num_available, num_sent: how many slices, patches or pages there were, and how many go to the model.
        notes: what a person should know: gaps, duplicates, left-out series, thinned slices.
    """

    kind: str
    files: tuple[FileRecord, ...]
    series: str = ""
    reason: str = ""
    choices: dict[str, Any] = field(default_factory=dict)
    num_available: int = 1
    num_sent: int = 1
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a reply rests on: enough to make it again, nothing about a patient.

    Attributes:
        sources: what was chosen of each thing that was handed over.
        study: what it takes to make the same images of the same files: the options of the recipes, to how many images
            each source was thinned, padding, and the side of the images; empty where no recipe was asked.
    """

    model: str
    weights_id: str
    precision: str
    images: tuple[ImageRecord, ...]
    prompt: str
    prompt_sha256: str
    sampling: dict[str, Any]
    versions: dict[str, str]
    sources: tuple[SourceRecord, ...] = ()
    study: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer, what it cost and what it rests on.

    Attributes:
        text: the answer, without the model's thinking.
        thinking: the text between the thinking tokens, or None where the model did not think.
        finish_reason: "stop" (ended by itself or a stop string), "length" or "cancelled".
        token_ids: the generated ids, thinking and stop token included.
        logprobs: natural-log probability of each generated id, where asked for.
        notice: the sentence to show beside the answer wherever a person reads it.
        parsed: the JSON value of a reply that was held to a schema; None without one, and where it was cut off.
    """

    text: str
    thinking: str | None
    finish_reason: FinishReason
    usage: Usage
    timings: Timings
    provenance: Provenance
    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...] | None = None
    notice: str = NOTICE
    boxes: tuple[Box, ...] = field(default=())
    parsed: Any = None

    def to_dict(self) -> dict[str, Any]:
        """The reply as plain dictionaries, lists, strings and numbers, for JSON."""
        return asdict(self)
