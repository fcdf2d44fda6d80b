"""A row's files as a model sees them: by the recipes of `osler.tasks`, as at inference."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osler.adapt.data.row import Row
from osler.recent import Recent
from osler.tasks.ask import question_messages
from osler.tasks.attach import Attached, attach
from osler.tasks.chat import is_data, messages_from
from osler.tasks.privacy import refuse_identifiers
from osler.tasks.question import resolved
from osler.tasks.study_options import StudyOptions
from osler.values import ImagePart, Message, TextPart

if TYPE_CHECKING:
    from osler.tasks.model import Model

__all__ = ["Shown"]

MOST_BYTES = 256 << 20
"""Pictures that are kept because the next row may be about the same ones."""

Source = str | tuple[str, ...]


class Shown:
    """Opens what rows name, and keeps what was opened last.

    Args:
        model: whose recipes are followed.
        study: what is chosen of studies, as in `Model.ask`; `allow_phi` lets texts name patients.
        most_bytes: pictures that are kept.
    """

    def __init__(self, model: "Model", study: StudyOptions | None = None, *, most_bytes: int = MOST_BYTES) -> None:
        self._model = model
        self._study = resolved(study or StudyOptions(), model)
        self._kept: Recent[Source, Attached] = Recent(most_bytes, _size_bytes)

    def messages(self, row: Row) -> tuple[Message, ...]:
        """A row's conversation with all that is seen in it.

        Each image of a message is a source of its own, as in `osler chat`; several paths in one make one study, as in
        `osler ask`.

        Raises:
            VisionError: the model reads no images.
            InputError: a file cannot be read, or a text names the patient of one.
            ContextError: what is to be seen would not fit by itself.
        """
        paths: list[Path] = []
        messages = messages_from([self._turn(turn, paths) for turn in row.messages])
        said = [part.text for message in messages for part in message.parts if isinstance(part, TextPart)]
        refuse_identifiers([*said, row.thinking or ""], paths, self._study)
        return messages

    def _turn(self, turn: Mapping[str, Any], paths: list[Path]) -> Mapping[str, Any]:
        """A turn with what is seen in place of its paths, and words behind it as a question about it has them."""
        content = turn["content"]
        if isinstance(content, str):
            return turn
        parts: list[Any] = []
        seen: list[ImagePart | TextPart] = []
        for part in content:
            text = part if isinstance(part, str) else part.get("text")
            if text is not None and seen:
                parts += _with_question(seen, text)
                seen = []
            elif text is not None or is_data(part["image"]):
                parts += [*_with_question(seen, ""), part]
                seen = []
            else:
                attached = self._attached(part["image"])
                seen += [one for view in attached.views for one in view.parts]
                paths += attached.paths
        return {**turn, "content": [*parts, *_with_question(seen, "")]}

    def _attached(self, image: str | Sequence[str]) -> Attached:
        source: Source = image if isinstance(image, str) else tuple(image)
        return self._kept.get(source) or self._kept.keep(source, attach(self._model, source, self._study))


def _with_question(seen: Sequence[ImagePart | TextPart], text: str) -> Sequence[ImagePart | TextPart]:
    """What is seen and the words behind it, joined as `Model.ask` joins them."""
    return question_messages(seen, text)[0].parts if seen else ()


def _size_bytes(attached: Attached) -> int:
    return sum(image.pixels.nbytes for view in attached.views for image in view.images)
