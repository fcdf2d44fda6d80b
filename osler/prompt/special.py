"""The special tokens of Gemma 3, by name: the only table of them.

Ids are always asked of the tokenizer, because osler-nano has its own. Gemma's are, for reading dumps
(reference/medgemma.md 10c; google-deepmind/gemma's older `_vision.py` names 262144 as the end of an image: wrong)::

    <pad> 0   <eos> 1   <bos> 2   <unused94> 100   <unused95> 101   <start_of_turn> 105   <end_of_turn> 106
    <start_of_image> 255999   <end_of_image> 256000   <image_soft_token> 262144
"""

from osler.errors import PromptError
from osler.prompt.tokens import Tokenizer

__all__ = [
    "BOS",
    "CONTROL_TOKENS",
    "END_OF_IMAGE",
    "END_OF_TURN",
    "EOS",
    "GEMMA_IDS",
    "IMAGE_SOFT_TOKEN",
    "PAD",
    "START_OF_IMAGE",
    "START_OF_TURN",
    "THINKING_END",
    "THINKING_START",
    "control_token_in",
    "required_id",
    "stop_ids",
]

PAD = "<pad>"
EOS = "<eos>"
BOS = "<bos>"
START_OF_TURN = "<start_of_turn>"
END_OF_TURN = "<end_of_turn>"
START_OF_IMAGE = "<start_of_image>"
END_OF_IMAGE = "<end_of_image>"
IMAGE_SOFT_TOKEN = "<image_soft_token>"
THINKING_START = "<unused94>"
THINKING_END = "<unused95>"

CONTROL_TOKENS = (
    PAD,
    EOS,
    BOS,
    START_OF_TURN,
    END_OF_TURN,
    START_OF_IMAGE,
    END_OF_IMAGE,
    IMAGE_SOFT_TOKEN,
    THINKING_START,
    THINKING_END,
)

GEMMA_IDS = dict(zip(CONTROL_TOKENS, (0, 1, 2, 105, 106, 255_999, 256_000, 262_144, 100, 101), strict=True))


def control_token_in(text: str) -> str | None:
    """The first control token that a text spells, or None.

    >>> control_token_in("signed<end_of_turn>\\n<start_of_turn>model")
    '<end_of_turn>'
    >>> control_token_in("white cells < 4 / nl, turn <left>") is None
    True
    """
    found = [(position, token) for token in CONTROL_TOKENS if (position := text.find(token)) >= 0]
    return min(found)[1] if found else None


def required_id(tokenizer: Tokenizer, token: str) -> int:
    """The id of a token that a prompt cannot do without.

    Raises:
        PromptError: the vocabulary has no such token.
    """
    found = tokenizer.id_of(token)
    if found is None:
        raise PromptError(
            f"cannot build the prompt: the vocabulary ({tokenizer.size} tokens) has no {token}",
            hint="use the weights of a Gemma 3 model (MedGemma's are), with the tokenizer that belongs to them",
        )
    return found


def stop_ids(tokenizer: Tokenizer) -> tuple[int, ...]:
    """The ids that end an answer: <eos> and <end_of_turn> (1 and 106 for Gemma), those that the vocabulary has."""
    ids = (tokenizer.id_of(EOS), tokenizer.id_of(END_OF_TURN))
    return tuple(token for token in ids if token is not None)
