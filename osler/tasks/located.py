"""What `locate` gives back: boxes in the original picture's pixels, and what became of each question."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from osler.tasks.boxes import without_doubles
from osler.values import NOTICE, Box, Image, Reply

__all__ = ["Answered", "Located", "Outcome", "Region", "Sighted", "name_of"]

Outcome = Literal["found", "none", "unreadable", "cut off"]
Region = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sighted:
    """One picture that was searched.

    Attributes:
        image: its pixels, upright.
        region_px: (x, y, width, height): the part of its source that it shows, in the source's full-size pixels. It
            is the whole for films, pictures and slices; a patch of a slide shows a part.
    """

    image: Image
    region_px: Region

    def to_image(self, box: Box) -> Box:
        """A box from the source's pixels to those of `image`."""
        x, y, width, height = self.region_px
        rows, columns = self.image.pixels.shape[:2]
        across, down = columns / width, rows / height
        return Box(
            label=box.label,
            x0=(box.x0 - x) * across,
            y0=(box.y0 - y) * down,
            x1=(box.x1 - x) * across,
            y1=(box.y1 - y) * down,
        )

    def to_dict(self) -> dict[str, Any]:
        """All but the pixels."""
        rows, columns = self.image.pixels.shape[:2]
        file, origin = self.image.file, self.image.origin
        return {
            "file": asdict(file) if file else None,
            "origin": asdict(origin) if origin else None,
            "width_px": columns,
            "height_px": rows,
            "region_px": self.region_px,
        }


def name_of(thing: str, box: Box) -> str:
    """What a box is to be called: what was asked for, and what the model calls it where that is something else.

    >>> name_of("heart", Box(label="cardiac silhouette", x0=0, y0=0, x1=1, y1=1))
    'heart (cardiac silhouette)'
    """
    return thing if box.label.strip().lower() in ("", thing.lower()) else f"{thing} ({box.label.strip()})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One question and what came of it.

    Attributes:
        thing: what was looked for.
        picture: in which of `Located.pictures`, from 0.
        region_px: the part of the source that the model was shown: of a tile, the tile.
        outcome: "found"; "none" where the answer is an empty list; "unreadable" where it holds no list of boxes (its
            text may say why); "cut off" where it came to its limit before a list.
        boxes: in the source's full-size pixels, clipped to it; they bear the model's labels.
        num_left_out: objects of the answer that were no boxes, or lay outside the image.
        reply: the whole answer.
    """

    thing: str
    picture: int
    region_px: Region
    outcome: Outcome
    boxes: tuple[Box, ...]
    num_left_out: int
    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """Where things are.

    Attributes:
        things: what was looked for, in order.
        pictures: what was searched, in order.
        answers: one for each thing in each picture, and again for each of a picture's tiles.
        notice: the sentence to show beside it wherever a person reads it.
    """

    things: tuple[str, ...]
    pictures: tuple[Sighted, ...]
    answers: tuple[Answered, ...]
    notice: str = NOTICE

    @property
    def boxes(self) -> tuple[Box, ...]:
        """All boxes of all pictures, in order."""
        return tuple(box for number in range(len(self.pictures)) for box in self.boxes_in(number))

    def boxes_in(self, picture: int) -> tuple[Box, ...]:
        """The boxes in one picture, thing after thing; one that was seen in the whole and in a tile counts once."""
        return tuple(box for thing in self.things for box in self.boxes_of(thing, picture))

    def boxes_of(self, thing: str, picture: int) -> tuple[Box, ...]:
        """The boxes of one thing in one picture."""
        answers = [one for one in self.answers if one.picture == picture and one.thing == thing]
        return without_doubles([box for answer in answers for box in answer.boxes])

    def to_dict(self) -> dict[str, Any]:
        """All of it but the pictures' pixels, as plain values for JSON."""
        found = [
            {"thing": thing, "picture": number, "box": asdict(box)}
            for number in range(len(self.pictures))
            for thing in self.things
            for box in self.boxes_of(thing, number)
        ]
        return {
            "things": self.things,
            "boxes": found,
            "pictures": [picture.to_dict() for picture in self.pictures],
            "answers": [asdict(answer) for answer in self.answers],
            "notice": self.notice,
        }
