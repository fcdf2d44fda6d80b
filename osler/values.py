"""Frozen values that cross Osler's layers."""

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "NOTICE",
    "NOTICE_DEMONSTRATION",
    "Box",
    "FileRecord",
    "FinishReason",
    "Image",
    "ImagePart",
    "ImageRecord",
    "Message",
    "Provenance",
    "Reply",
    "TextPart",
    "Timings",
    "Usage",
]

NOTICE = "For research and development. Not a medical device."
NOTICE_DEMONSTRATION = "Demonstration model (osler-nano), not MedGemma. Not for medical use."

FinishReason = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """A file that was read: its name without folders, size and digest."""

    name: str
    sha256: str
    size_bytes: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Image:
    """A two-dimensional picture, ready to be padded and resized for the model.

    Attributes:
        pixels: [Y, X, 3] uint8, read-only.
        file: where it came from, or None for pixels handed over in memory.
        steps: what was done to the file's numbers to get these pixels, in order, in words.
    """

    pixels: "np.ndarray"
    file: FileRecord | None = None
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    """A piece of text in a message."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePart:
    """A picture in a message."""

    image: Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn: who speaks ("system", "user" or "assistant") and what, in order."""

    role: str
    parts: tuple[TextPart | ImagePart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A labelled rectangle in an image's own pixels; (x0, y0) is its top left corner."""

    label: str
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Token counts of one reply; `image_tokens` are part of `prompt_tokens`."""

    prompt_tokens: int
    image_tokens: int
    completion_tokens: int


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a reply rests on: enough to make it again, nothing about a patient."""

    model: str
    weights_id: str
    precision: str
    images: tuple[ImageRecord, ...]
    prompt: str
    prompt_sha256: str
    sampling: dict[str, Any]
    versions: dict[str, str]


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

    def to_dict(self) -> dict[str, Any]:
        """The reply as plain dictionaries, lists, strings and numbers, for JSON."""
        return asdict(self)
