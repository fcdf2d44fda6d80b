"""Messages to token ids: special tokens, chat template, image spans, thinking, token budget."""

from osler.prompt.budget import Budget, plan_budget
from osler.prompt.expand import ImageSpan, Prompt, build_prompt, expand
from osler.prompt.special import stop_ids
from osler.prompt.template import render
from osler.prompt.thinking import Piece, SplitText, ThinkingSplitter, ask_to_think, split_text
from osler.prompt.tokens import Tokenizer

__all__ = [
    "Budget",
    "ImageSpan",
    "Piece",
    "Prompt",
    "SplitText",
    "ThinkingSplitter",
    "Tokenizer",
    "ask_to_think",
    "build_prompt",
    "expand",
    "plan_budget",
    "render",
    "split_text",
    "stop_ids",
]
