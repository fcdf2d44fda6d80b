"""Deal questions about a picture and know their answers."""

import json
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from nano import wording
from nano.data import Cell, Film

NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six")
LABEL = "white blood cell"


class Turn(NamedTuple):
    """One question and the answer to it."""

    question: str
    answer: str


class View(NamedTuple):
    """A smear as the network sees it: its cells in 0..1000 of the padded square."""

    cells: Sequence[Cell]


Maker = Callable[[object, random.Random], Turn]


def deal(kind: str, facts: object, rng: random.Random) -> Turn:
    """Choose a question for a picture of `kind` ("film", "smear", "other", "text") by the shares below."""
    makers, shares = zip(*SHARES[kind], strict=True)
    turn = rng.choices(makers, shares)[0](facts, rng)
    return turn._replace(question=reword(turn.question, rng))


def reword(question: str, rng: random.Random) -> str:
    """Vary what people vary: a missing full stop, small letters, a polite word before or after."""
    if len(question) > 200 or rng.random() < 0.55:
        return question
    change = rng.randrange(5)
    if change == 0:
        return question.rstrip(".?!")
    if change == 1:
        return question.lower()
    if change == 2:
        return question[0].lower() + question[1:].rstrip(".?!")
    if change == 3:
        return rng.choice(wording.OPENINGS) + question
    return question + rng.choice(wording.ENDINGS)


def describe_film(film: Film) -> str:
    """Say the view and the findings in two sentences."""
    others = [f.lower().replace("_", " ") for f in film.findings if f != "Pneumonia"]
    start = f"This is a frontal chest X-ray, {film.view} view."
    if not film.findings:
        return f"{start} The lungs are clear, with no finding."
    also = f", with {' and '.join(others[:2])}" if others else ""
    return f"{start} There are signs of pneumonia{also}."


def pneumonia_answer(film: Film) -> str:
    """Say yes or no first."""
    return "Yes, there are signs of pneumonia." if film.has_pneumonia else "No, there is no sign of pneumonia."


def _pneumonia(film: Film, rng: random.Random) -> Turn:
    question = rng.choice(wording.PNEUMONIA)
    if rng.random() < 0.12:
        return Turn(
            f"{question} {rng.choice(wording.FINAL_YES_NO)}", f"Final Answer: {'yes' if film.has_pneumonia else 'no'}"
        )
    return Turn(question, pneumonia_answer(film))


def _describe_film(film: Film, rng: random.Random) -> Turn:
    return Turn(rng.choice(wording.DESCRIBE_FILM + wording.DESCRIBE_ANY), describe_film(film))


def _normal(film: Film, rng: random.Random) -> Turn:
    answer = "Abnormal. There are signs of pneumonia." if film.findings else "Normal. There is no finding."
    return Turn(rng.choice(wording.NORMAL), answer)


def _view(film: Film, rng: random.Random) -> Turn:
    return Turn(rng.choice(wording.VIEW), f"This is {'an' if film.view == 'AP' else 'a'} {film.view} view.")


def _film_kind(film: Film, rng: random.Random) -> Turn:
    return Turn(rng.choice(wording.KIND), wording.FILM_KIND)


def _smear_kind(smear: View, rng: random.Random) -> Turn:
    return Turn(rng.choice(wording.KIND), wording.SMEAR_KIND)


def smear_question(rng: random.Random) -> str:
    """Return a question that only a smear can answer."""
    if rng.random() < 0.12:
        return wording.LOCALISE.replace("{thing}", LABEL)
    group = rng.choice((wording.WHERE_WHITE, wording.COUNT_WHITE, wording.PLATELETS, wording.DESCRIBE_SMEAR))
    return rng.choice(group)


def film_question(rng: random.Random) -> str:
    """Return a question that only a film can answer."""
    return rng.choice(rng.choice((wording.PNEUMONIA, wording.PNEUMONIA, wording.DESCRIBE_FILM[:6], wording.VIEW)))


def _film_asked_as_smear(film: Film, rng: random.Random) -> Turn:
    return Turn(smear_question(rng), wording.NOT_A_SMEAR)


def _smear_asked_as_film(smear: View, rng: random.Random) -> Turn:
    return Turn(film_question(rng), wording.NOT_A_FILM)


def _where_else(things: Sequence[str]) -> Maker:
    def make(facts: object, rng: random.Random) -> Turn:
        form = wording.LOCALISE if rng.random() < 0.3 else rng.choice(wording.WHERE_ELSE)
        return Turn(form.replace("{thing}", rng.choice(things)), wording.ONLY_WHITE)

    return make


def _out_of_reach(answer: str) -> Maker:
    def make(facts: object, rng: random.Random) -> Turn:
        if rng.random() < 0.4:
            return Turn(rng.choice(wording.OUT_OF_REACH), answer)
        return Turn(rng.choice(wording.ASK_FINDING).replace("{thing}", rng.choice(wording.OTHER_FINDINGS)), answer)

    return make


def boxes_json(cells: Sequence[Cell]) -> str:
    """List the white blood cells as JSON, top to bottom, coordinates rounded to 5."""
    white = sorted(c.box for c in cells if c.label == "WBC")
    rounded = [[min(1000, max(0, 5 * round(edge / 5))) for edge in box] for box in white]
    return json.dumps([{"box_2d": box, "label": LABEL} for box in rounded])


def _where(smear: View, rng: random.Random) -> Turn:
    return Turn(rng.choice(wording.WHERE_WHITE), f"```json\n{boxes_json(smear.cells)}\n```")


def _where_official(smear: View, rng: random.Random) -> Turn:
    question = wording.LOCALISE.replace("{thing}", rng.choice((LABEL, LABEL, LABEL + "s")))
    return Turn(question, f"Final Answer: ```json{boxes_json(smear.cells)}```")


def count(cells: Sequence[Cell], label: str) -> int:
    """Count the cells of one label."""
    return sum(c.label == label for c in cells)


def _amount(number: int, noun: str) -> str:
    return f"{NUMBERS[min(number, 6)]} {noun}{'' if number == 1 else 's'}"


def _describe_smear(smear: View, rng: random.Random) -> Turn:
    white = _amount(count(smear.cells, "WBC"), LABEL).lower()
    plates = "some" if count(smear.cells, "Platelets") else "no"
    red = "many" if count(smear.cells, "RBC") >= 8 else "some"
    answer = f"This is a blood smear with {red} red blood cells, {white} and {plates} platelets."
    return Turn(rng.choice(wording.DESCRIBE_SMEAR + wording.DESCRIBE_ANY), answer)


def _count_white(smear: View, rng: random.Random) -> Turn:
    return Turn(rng.choice(wording.COUNT_WHITE), _amount(count(smear.cells, "WBC"), LABEL) + ".")


def _platelets(smear: View, rng: random.Random) -> Turn:
    found = count(smear.cells, "Platelets") > 0
    return Turn(rng.choice(wording.PLATELETS), "Yes, there are platelets." if found else "No, there are no platelets.")


def _count_red(smear: View, rng: random.Random) -> Turn:
    number = 5 * round(count(smear.cells, "RBC") / 5)
    return Turn(rng.choice(wording.COUNT_RED), f"About {number} red blood cells." if number else "Hardly any.")


def _other(facts: object, rng: random.Random) -> Turn:
    groups = (wording.DESCRIBE_ANY, wording.KIND, wording.KIND, wording.NORMAL, wording.OUT_OF_REACH)
    question = rng.choice((film_question(rng), smear_question(rng), rng.choice(rng.choice(groups))))
    return Turn(question, wording.NEITHER)


def _text(facts: object, rng: random.Random) -> Turn:
    roll = rng.random()
    if roll < 0.2:
        return Turn(rng.choice(wording.GREETINGS), wording.HELLO)
    if roll < 0.45:
        return Turn(rng.choice(wording.SELF), wording.ABOUT)
    if roll < 0.7:
        asked = (film_question(rng), smear_question(rng), rng.choice(wording.DESCRIBE_ANY + wording.KIND))
        return Turn(rng.choice(asked), wording.NO_IMAGE)
    topic = rng.choice(wording.TOPICS)
    return Turn(rng.choice(wording.KNOWLEDGE).replace("{topic}", topic), wording.UNKNOWN_TEXT)


SHARES: dict[str, tuple[tuple[Maker, float], ...]] = {
    "film": (
        (_pneumonia, 36), (_describe_film, 22), (_normal, 7), (_view, 7), (_film_kind, 8),
        (_film_asked_as_smear, 11), (_where_else(wording.FILM_THINGS), 4), (_out_of_reach(wording.UNKNOWN_FILM), 5),
    ),
    "smear": (
        (_where, 34), (_where_official, 11), (_describe_smear, 10), (_count_white, 7), (_platelets, 8), (_count_red, 3),
        (_smear_kind, 8), (_smear_asked_as_film, 11), (_where_else(wording.SMEAR_THINGS), 3),
        (_out_of_reach(wording.UNKNOWN_SMEAR), 4),
    ),
    "other": ((_other, 1),),
    "text": ((_text, 1),),
}  # fmt: skip
