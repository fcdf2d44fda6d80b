"""Which type each matrix gets in a file of a given kind, such as Q4_K_M: llama.cpp's rules as a table.

A file type has one type for most matrices and, for those whose errors cost most, rules in order: the first whose
condition holds decides. Source: llama_tensor_get_type_impl in llama.cpp's src/llama-quant.cpp, cut to what Gemma 3 has
(no experts, no fused matrices); tests/golden/quantise_mixes.json holds what its own program says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from osler.adapt.quantise.kinds import DENSE, fits, with_fallback
from osler.errors import OptionError
from osler.model.config import TextConfig
from osler.weights.names import Shape, is_text_matrix

__all__ = ["DYNAMIC_BITS", "MIXES", "Mix", "Place", "kinds_of", "named_mix"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a matrix stands in its model.

    Attributes:
        layer, num_layers: of the decoder.
        is_shared: whether at least four query heads share a key and value head.
        has_importance: whether an importance matrix is used.
    """

    layer: int
    num_layers: int
    is_shared: bool
    has_importance: bool


def _more_bits(place: Place) -> bool:
    """The first eighth of the layers, the last one, and every third between."""
    eighth = place.num_layers // 8
    return place.layer < eighth or place.layer >= 7 * place.num_layers // 8 or (place.layer - eighth) % 3 == 2


CONDITIONS: dict[str, Callable[[Place], bool]] = {
    "always": lambda place: True,
    "more bits": _more_bits,
    "first eighth": lambda place: place.layer < place.num_layers // 8,
    "first sixteenth": lambda place: place.layer < place.num_layers // 16,
    "first two": lambda place: place.layer < 2,
    "first four": lambda place: place.layer < 4,
    "middle": lambda place: place.num_layers // 8 <= place.layer < 7 * place.num_layers // 8,
    "shared": lambda place: place.is_shared,
    "blind": lambda place: not place.has_importance,
    "blind first eighth": lambda place: not place.has_importance and place.layer < place.num_layers // 8,
    "seeing first eighth": lambda place: place.has_importance and place.layer < place.num_layers // 8,
}

Rules = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """A file type.

    Attributes:
        number: llama.cpp's number of it.
        kind: the type of most matrices.
        rules: by the last name of a layer's matrix: (condition, type) in order.
        output: the type of the output matrix, and of the embedding where it is the output too.
        embedding: the type of an embedding that is no output.
    """

    number: int
    kind: str
    rules: Mapping[str, Rules]
    output: str
    embedding: str


def _mix(
    number: int,
    kind: str,
    also: Mapping[str, str | Rules] = MappingProxyType({}),
    *,
    output: str = "Q6_K",
    embedding: str | None = None,
    **rules: str | Rules,
) -> Mix:
    """Rules that are one word hold always."""
    spelt = {name: ((("always", rule),) if isinstance(rule, str) else rule) for name, rule in {**also, **rules}.items()}
    return Mix(number=number, kind=kind, rules=spelt, output=output, embedding=embedding or kind)


_MORE_Q6: Rules = (("more bits", "Q6_K"),)
_SHARED_Q5: Rules = (("shared", "Q5_K"),)
_BLIND_Q5: Rules = (("blind first eighth", "Q5_K"),)
_IQ1: dict[str, str | Rules] = {
    "value": (("shared", "Q4_K"), ("always", "Q2_K")),
    "down": (("first eighth", "Q2_K"),),
}
_IQ2: dict[str, str | Rules] = {
    "value": (("shared", "Q4_K"), ("always", "IQ3_S")),
    "down": (("first eighth", "IQ3_S"),),
    "attention_output": "IQ3_S",
}

MIXES: dict[str, Mix] = {
    "F32": _mix(0, "F32", output="F32"),
    "F16": _mix(1, "F16", output="F16"),
    "BF16": _mix(32, "BF16", output="BF16"),
    "Q8_0": _mix(7, "Q8_0", output="Q8_0"),
    "Q6_K": _mix(18, "Q6_K"),
    "Q5_K_M": _mix(17, "Q5_K", value=_MORE_Q6, down=_MORE_Q6),
    "Q5_K_S": _mix(16, "Q5_K"),
    "Q5_1": _mix(9, "Q5_1"),
    "Q5_0": _mix(8, "Q5_0", down=(("seeing first eighth", "Q5_1"),)),
    "Q4_K_M": _mix(15, "Q4_K", value=_MORE_Q6, down=_MORE_Q6),
    "Q4_K_S": _mix(14, "Q4_K", value=(("first four", "Q5_K"),), down=(("first eighth", "Q5_K"),)),
    "Q4_1": _mix(3, "Q4_1"),
    "Q4_0": _mix(2, "Q4_0", down=(("seeing first eighth", "Q4_1"),)),
    "IQ4_NL": _mix(25, "IQ4_NL", value=_SHARED_Q5, down=_BLIND_Q5),
    "IQ4_XS": _mix(30, "IQ4_XS", value=_SHARED_Q5, down=_BLIND_Q5),
    "Q3_K_L": _mix(13, "Q3_K", value="Q5_K", down="Q5_K", attention_output="Q5_K"),
    "Q3_K_M": _mix(
        12,
        "Q3_K",
        value=(("first two", "Q5_K"), ("always", "Q4_K")),
        down=(("first sixteenth", "Q5_K"), ("always", "Q4_K")),
        attention_output="Q4_K",
    ),
    "Q3_K_S": _mix(11, "Q3_K"),
    "IQ3_M": _mix(27, "IQ3_S", value="Q4_K", down=(("first eighth", "Q4_K"),), attention_output="Q4_K"),
    "IQ3_S": _mix(26, "IQ3_S", value=(("shared", "Q4_K"),)),
    "IQ3_XS": _mix(
        22,
        "IQ3_S",
        value=(("shared", "Q4_K"),),
        key="IQ3_XXS",
        query="IQ3_XXS",
        gate=(("middle", "IQ3_XXS"),),
        up=(("middle", "IQ3_XXS"),),
    ),
    "IQ3_XXS": _mix(
        23,
        "IQ3_XXS",
        output="Q5_K",
        embedding="IQ3_S",
        value=(("shared", "Q4_K"), ("blind", "IQ3_S")),
        key="IQ2_S",
        query="IQ2_S",
        down=(("blind first eighth", "Q4_K"), ("blind", "Q3_K")),
        attention_output="IQ3_S",
    ),
    "Q2_K": _mix(10, "Q2_K", value=(("shared", "Q4_K"), ("always", "Q3_K")), down="Q3_K", attention_output="Q3_K"),
    "Q2_K_S": _mix(21, "Q2_K", value=(("shared", "Q4_K"),), down=(("first eighth", "Q4_K"),)),
    "IQ2_M": _mix(29, "IQ2_S", _IQ2, output="Q5_K", embedding="IQ3_S"),
    "IQ2_S": _mix(28, "IQ2_XS", _IQ2, output="Q5_K", embedding="IQ3_S"),
    "IQ2_XS": _mix(20, "IQ2_XS", _IQ1, output="Q5_K", embedding="Q2_K"),
    "IQ2_XXS": _mix(19, "IQ2_XXS", _IQ1, output="Q5_K", embedding="Q2_K"),
    "IQ1_M": _mix(31, "IQ1_M", _IQ1, output="Q5_K", embedding="Q2_K", attention_output="IQ2_XXS"),
    "IQ1_S": _mix(24, "IQ1_S", _IQ1, output="Q5_K", embedding="Q2_K", attention_output="IQ2_XXS"),
    "TQ2_0": _mix(37, "TQ2_0", embedding="Q4_K"),
    "TQ1_0": _mix(36, "TQ1_0", embedding="Q4_K"),
    "MXFP4": _mix(38, "MXFP4", output="Q8_0"),
}
MIXES["Q2_K_L"] = _mix(
    10, "Q2_K", embedding="Q6_K", value=MIXES["Q2_K"].rules["value"], down="Q3_K", attention_output="Q3_K"
)
"""Published beside Q2_K: as that, and the embedding as fine as the output. Gemma's is the output, so the two are equal
(the published files have one size too)."""

DYNAMIC_BITS = {
    "UD-IQ1_S": 2.5,
    "UD-IQ1_M": 2.5,
    "UD-IQ2_XXS": 2.7,
    "UD-IQ2_M": 3.3,
    "UD-IQ3_XXS": 3.5,
    "UD-Q2_K_XL": 3.7,
    "UD-Q3_K_XL": 4.5,
    "UD-Q4_K_XL": 5.2,
    "UD-Q5_K_XL": 5.8,
    "UD-Q6_K_XL": 7.4,
    "UD-Q8_K_XL": 10.7,
}
"""Bits a weight that the published dynamic builds of a 4B take: their size (`osler.weights.catalogue`) over its
3.88 thousand million weights of text. Their types were chosen by hand and are not published as rules; here such a name
stands for the size, and the types are measured."""


def named_mix(name: str) -> Mix:
    """The file type of that name, in any case.

    Raises:
        OptionError: there is none.
    """
    found = MIXES.get(name.upper())
    if found is None:
        near = get_close_matches(name.upper(), [*MIXES, *DYNAMIC_BITS], n=3)
        raise OptionError(
            f"cannot quantise to `{name}`: there is no such type",
            name="type",
            expected=f"one of {', '.join([*MIXES, *DYNAMIC_BITS])}" + (f" (near: {', '.join(near)})" if near else ""),
        )
    return found


def kinds_of(
    mix: Mix, config: TextConfig, shapes: Mapping[str, Shape], *, has_importance: bool = False
) -> dict[str, str]:
    """The type of each of the decoder's matrices, by canonical names.

    Args:
        shapes: of the weights; others than the decoder's matrices are left out.
        has_importance: whether the matrices are made with an importance matrix.
    """
    is_shared = config.num_heads // config.num_kv_heads >= 4
    kinds = {}
    for name, shape in shapes.items():
        if not is_text_matrix(name):
            continue
        if name in ("text.embedding", "text.output"):
            kinds[name] = _outer_kind(mix, name, shape[1], tied=config.tied_output)
            continue
        _, _, layer, last = name.split(".")
        place = Place(
            layer=int(layer), num_layers=config.num_layers, is_shared=is_shared, has_importance=has_importance
        )
        kinds[name] = with_fallback(_inner_kind(mix, last, place), shape[1])
    return kinds


def _inner_kind(mix: Mix, last: str, place: Place) -> str:
    found = (kind for condition, kind in mix.rules.get(last, ()) if CONDITIONS[condition](place))
    return next(found, mix.kind)


def _outer_kind(mix: Mix, name: str, columns: int, *, tied: bool) -> str:
    """Rows of the output that are no whole blocks of the mix's own type are stored in Q8_0."""
    if name == "text.embedding" and not tied:
        return with_fallback(mix.embedding, columns)
    if mix.kind not in DENSE and not fits(mix.kind, columns):
        return with_fallback("Q8_0", columns)
    return with_fallback(mix.output, columns)
