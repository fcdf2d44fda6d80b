"""Which entries have to do with a question, by the words that they share: BM25 (Robertson and Zaragoza 2009).

No model and no index on disk: a record of a hundred thousand lines is searched in a second or two.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

__all__ = ["Ranking", "words_of"]

SATURATION, LENGTH_WEIGHT = 1.5, 0.75  # k1 and b, the usual values
WORD = re.compile(r"[^\W_]+")
EMPTY = frozenset(
    WORD.findall(
        "a an and any are as at be been but by did do does for from had has have how i in is it its last latest "
        "many me most much my not of on or patient record she he her his s tell than that the their there these they "
        "this to us was we were what when where which who why with you your ever all show list give"
    )
)
ALSO = {
    "hba1c": "a1c hemoglobin",
    "hb": "hemoglobin",
    "hgb": "hemoglobin",
    "wbc": "leukocyte",
    "rbc": "erythrocyte",
    "bp": "blood pressure",
    "bmi": "body mass index",
    "egfr": "glomerular filtration",
    "sugar": "glucose",
    "drug": "medication",
    "smoker": "tobacco smoking",
    "vaccine": "immunization",
    "xray": "x ray",
}
"""What a question may call by a short or common name and records by a long one; the long names are LOINC's."""


def words_of(text: str) -> list[str]:
    """A text's words in a form in which British and American spelling, one and many are alike.

    >>> words_of("Haemoglobins of the patient, g/dL")
    ['hemoglobin', 'g', 'dl']
    """
    folded = text.casefold().replace("ae", "e").replace("oe", "e")
    return [_singular(word) for word in WORD.findall(folded) if word not in EMPTY]


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


class Ranking:
    """Texts, ranked by how much they have to do with a question.

    Args:
        texts: to search in.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._counts = [Counter(words_of(text)) for text in texts]
        self._lengths = [sum(counts.values()) for counts in self._counts]
        self._mean = max(1.0, sum(self._lengths) / max(1, len(texts)))
        self._holding = Counter(word for counts in self._counts for word in counts)

    def scores(self, question: str) -> list[float]:
        """A number for each text, 0 where it shares no word with the question."""
        asked = words_of(question)
        asked += [word for name in asked for word in ALSO.get(name, "").split()]
        weights = {word: self._weight(word) for word in set(asked) if word in self._holding}
        return [
            sum(weight * self._saturated(counts[word], length) for word, weight in weights.items() if word in counts)
            for counts, length in zip(self._counts, self._lengths, strict=True)
        ]

    def best(self, question: str, most: int) -> list[int]:
        """Places of the texts that have most to do with a question, the best first, of equals the later."""
        scores = self.scores(question)
        found = [place for place, score in enumerate(scores) if score > 0]
        return sorted(found, key=lambda place: (-scores[place], -place))[:most]

    def _weight(self, word: str) -> float:
        holding = self._holding[word]
        return math.log(1 + (len(self._counts) - holding + 0.5) / (holding + 0.5))

    def _saturated(self, count: int, length: int) -> float:
        share = 1 - LENGTH_WEIGHT + LENGTH_WEIGHT * length / self._mean
        return count * (SATURATION + 1) / (count + SATURATION * share)
