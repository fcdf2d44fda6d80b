"""What one call of a benchmark is about, and what it asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from osler.tasks.lettered import Option
from osler.tasks.study_options import StudyOptions

__all__ = ["Ask", "Option", "Sample", "Seen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Files that go through the recipes of `osler.tasks` at this place of a prompt, as `osler ask` would send them.

    Attributes:
        files: pictures, films, volumes, slides or documents; several are sent in this order.
        study: what is chosen of them; None leaves it to the recipes.
        rescale: (slope, intercept) that turn a volume's stored numbers into its unit, where only the benchmark's own
            tables tell them (CT-RATE); None for what the file says.
    """

    files: tuple[Path, ...]
    study: StudyOptions | None = None
    rescale: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One thing to be answered by one call.

    Attributes:
        id: unique within the benchmark and the same on every machine; the owner's id where there is one.
        text: the question or whatever words of the owner's the prompt is built of.
        seen: what the model is to look at.
        reference: what is right, a JSON value whose form the benchmark's metrics know: a letter, a list of letters,
            "yes"/"no", a text, a list of boxes, rows of a laboratory report.
        options: of a multiple-choice question, in order.
        cluster: what samples must be drawn together in a bootstrap (a patient, an image, a document); "" for itself.
        groups: columns for subgroup tables and per-condition metrics, such as {"subject": "anatomy", "sex": "F"}.
        facts: whatever else a prompt, parser or metric of the benchmark needs, as JSON values.
    """

    id: str
    text: str
    reference: Any
    seen: tuple[Seen, ...] = ()
    options: tuple[Option, ...] = ()
    cluster: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def unit(self) -> str:
        """What a bootstrap draws: the cluster, or the sample itself.

        >>> Sample(id="7", text="", reference="A").unit
        '7'
        """
        return self.cluster or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is put to the model for one sample.

    Attributes:
        parts: words and things to look at, in the prompt's order.
        system: text folded into the turn before all else, or None.
        thinking: whether the model is asked to think first.
        max_new_tokens: where an answer is cut off, thinking included.
        schema: a JSON Schema that holds the answer to a form, or None.
        choices: continuations whose log-probabilities are wanted instead of an answer; () to generate.
        is_plain: no chat template: the text as it stands after <bos>, for models that were not tuned to talk.
    """

    parts: tuple[str | Seen, ...]
    system: str | None = None
    thinking: bool = False
    max_new_tokens: int = 1024
    schema: Mapping[str, Any] | None = None
    choices: tuple[str, ...] = ()
    is_plain: bool = False
