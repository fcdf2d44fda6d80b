"""`osler ask`: a question about files, answered on stdout."""

import os
import sys
from typing import Annotated

import typer

from osler.cli.answer import answer_as_json, print_costs, write_answer
from osler.cli.console import print_note
from osler.cli.options import GeneratingOptions, LoadingOptions, PromptOptions, takes

__all__ = ["ask"]

STDIN = "-"


@takes
def ask(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[FILE]… QUESTION",
            help="Images (PNG, JPEG, TIFF, WebP, BMP, DICOM) or none, then the question; - reads it from stdin.",
        ),
    ],
    *,
    loading: LoadingOptions,
    prompt: PromptOptions,
    generating: GeneratingOptions,
    json: Annotated[bool, typer.Option("--json", help="Print the whole reply as JSON.")] = False,
) -> None:
    """Ask a question about images, or about none, and print the answer as it comes.

    osler ask chest.dcm "Describe this X-ray" --model medgemma-1.5-4b-it-Q4_K_M.gguf
    """
    files, question = split_words(words)
    from osler.tasks.ask import images_of

    images = images_of(files)  # a file that cannot be read is told before a model is opened
    model = loading.open()
    print_note(f"model: {model.identity.description}", style="dim")
    with model:
        stream = model.stream(
            list(images),
            question,
            system=prompt.system,
            thinking=prompt.think,
            pad=not prompt.no_pad,
            **generating.chosen(),
        )
        reply = (
            answer_as_json(model, stream) if json else write_answer(model, stream, show_thinking=prompt.show_thinking)
        )
    print_costs(reply)


def split_words(words: list[str]) -> tuple[list[str], str]:
    """Files and question; the question comes last.

    Raises:
        typer.BadParameter: the last word is a file, so the question is missing.
    """
    *files, question = words
    if question == STDIN:
        return files, sys.stdin.read()
    if os.path.isfile(question):
        raise typer.BadParameter(
            f"the last argument is the question, and `{question}` is a file", param_hint="QUESTION"
        )
    return files, question
