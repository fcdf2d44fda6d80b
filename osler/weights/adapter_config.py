"""peft's adapter_config.json: what scales the terms, and which variants are refused."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from osler.errors import WeightsError

__all__ = ["LoraConfig"]

Setting = TypeVar("Setting", int, float)

_HINT_MERGE = "merge it into its model with peft and open the merged model instead"
_UNCHANGED_BASE = (None, True, False, "gaussian", "eva", "orthogonal")
"""Ways to begin (init_lora_weights) that leave the base model's own weights alone; PiSSA, OLoRA and LoftQ do not."""

_CHOOSING = frozenset(
    (
        "peft_type",
        "peft_version",
        "task_type",
        "auto_mapping",
        "base_model_name_or_path",
        "revision",
        "inference_mode",
        "r",
        "lora_alpha",
        "alpha_pattern",
        "rank_pattern",
        "use_rslora",
        "lora_dropout",
        "target_modules",
        "exclude_modules",
        "layers_to_transform",
        "layers_pattern",
        "modules_to_save",
        "init_lora_weights",
        "loftq_config",
        "eva_config",
        "corda_config",
        "lora_ga_config",
        "megatron_core",
        "qalora_group_size",
        "target_parameters",
        "bias",
        "runtime_config",
    )
)
"""Settings that are read here, or that say only where the terms stand and how they were trained."""

_PATTERN_CHARACTERS = 200
_PATTERN_REPEATS = 4
_MAX_RANK = 4096


class LoraConfig:
    """The scale of each term, from a checked adapter_config.json.

    peft 0.21: scale = alpha / r, or alpha / √r with rslora; `alpha_pattern` and `rank_pattern` give single modules
    values of their own, by the first pattern that matches the end of the module's name.

    Args:
        values: the table.
        where: the adapter's name, for messages.

    Raises:
        WeightsError: it is not LoRA, a variant that the graphs do not compute, or damaged.
    """

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self._values = values
        self._where = where
        if values.get("peft_type") != "LORA":
            raise self._refuse(f"its kind is {_shown(values.get('peft_type'))}, expected LORA", _HINT_MERGE)
        self._refuse_variants()
        self._rank = self._count("r", values.get("r", 8))
        self._alpha = self._number("lora_alpha", values.get("lora_alpha", 8))
        self._ranks = self._patterns("rank_pattern", self._count)
        self._alphas = self._patterns("alpha_pattern", self._number)

    def rank(self, module: str) -> int:
        """The rank of a module's term."""
        return _matching(self._ranks, module, self._rank)

    def scale(self, module: str) -> float:
        """What B A is multiplied by."""
        rank, alpha = self.rank(module), _matching(self._alphas, module, self._alpha)
        return alpha / (math.sqrt(rank) if self._values.get("use_rslora") else rank)

    def _refuse(self, reason: str, hint: str) -> WeightsError:
        return WeightsError(f"cannot use adapter `{self._where}`: {reason}", hint=hint)

    def _refuse_variants(self) -> None:
        """Refuse whatever would compute something else than W + scale · B A."""
        if self._values.get("bias") not in (None, "none"):
            raise self._refuse("it tunes biases too", _HINT_MERGE)
        if self._values.get("use_dora"):
            raise self._refuse("it is DoRA, which rescales whole matrices", _HINT_MERGE)
        begin = self._values.get("init_lora_weights")
        if begin not in _UNCHANGED_BASE:
            hint = "convert it to plain LoRA with peft (save_pretrained with path_initial_model_for_weight_conversion)"
            raise self._refuse(f"its beginning {_shown(begin)} changed the base model's own weights", hint)
        parameters = self._values.get("target_parameters") or []
        if not isinstance(parameters, list) or any(
            not isinstance(name, str) or not name.endswith("mm_input_projection_weight") for name in parameters
        ):
            raise self._refuse("target_parameters names more than the projector's matrix", _HINT_MERGE)
        for key, value in self._values.items():
            if value and key not in _CHOOSING:
                raise self._refuse(f"it uses `{str(key)[:40]}`, which Osler does not compute", _HINT_MERGE)

    def _count(self, key: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MAX_RANK:
            raise self._damaged(key, f"a whole number of 1 to {_MAX_RANK}", value)
        return value

    def _number(self, key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e6:
            raise self._damaged(key, "a number above 0", value)
        return float(value)

    def _patterns(self, key: str, check: Callable[[str, Any], Setting]) -> dict[re.Pattern[str], Setting]:
        table = self._values.get(key) or {}
        if not isinstance(table, Mapping):
            raise self._damaged(key, "a table", table)
        return {self._pattern(key, pattern): check(key, value) for pattern, value in table.items()}

    def _pattern(self, key: str, pattern: str) -> re.Pattern[str]:
        """A name's end or a plain regular expression; one that could run for ever is refused."""
        is_plain = len(pattern) <= _PATTERN_CHARACTERS and len(re.findall(r"[*+{]", pattern)) <= _PATTERN_REPEATS
        if not is_plain or re.search(r"\)[*+?{]|\(\?|\\[1-9]", pattern):
            raise self._damaged(key, "module names or simple patterns", pattern)
        try:
            return re.compile(rf"(.*\.)?({pattern})$")
        except (re.error, OverflowError) as error:
            raise self._damaged(key, "module names or simple patterns", pattern) from error

    def _damaged(self, key: str, expected: str, value: Any) -> WeightsError:
        return self._refuse(
            f"`{key}` of adapter_config.json must be {expected}, got {_shown(value)}", "fetch the adapter again"
        )


def _matching(patterns: Mapping[re.Pattern[str], Setting], module: str, otherwise: Setting) -> Setting:
    return next((value for pattern, value in patterns.items() if pattern.match(module)), otherwise)


def _shown(value: Any) -> str:
    return repr(str(value)[:60])
