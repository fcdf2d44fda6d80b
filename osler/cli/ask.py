"""`osler ask`: a question about files, answered on stdout."""

import os
import sys
from typing import Annotated

import typer

from osler.cli.answer import answer_as_json, print_costs, print_model, write_answer
from osler.cli.options import GeneratingOptions, LoadingOptions, PromptOptions, takes

__all__ = ["ask"]

STDIN = "-"


@takes
def ask(
    *,
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE", help="Images: PNG, JPEG, TIFF, WebP, BMP or DICOM.", show_default=False),
    ] = None,
    question: Annotated[str, typer.Argument(help="What to ask; - reads it from stdin.")],
    loading: LoadingOptions,
    prompt: PromptOptions,
    generating: GeneratingOptions,
    json: Annotated[bool, typer.Option("--json", help="Print the whole reply as JSON.")] = False,
) -> None:
    """Ask a question about images, or about none, and print the answer as it comes.

    osler ask chest.dcm "Describe this X-ray" --model medgemma-1.5-4b-it-Q4_K_M.gguf
    """
    from osler.tasks.ask import images_of

    text = read_question(question)
    images = images_of(files)  # a file that cannot be read is told before a model is opened
    model = loading.open()
    print_model(model)
    with model:
        stream = model.stream(
            list(images),
            text,
            system=prompt.system,
            thinking=prompt.think,
            pad=not prompt.no_pad,
            **generating.chosen(),
        )
        reply = (
            answer_as_json(model, stream) if json else write_answer(model, stream, show_thinking=prompt.show_thinking)
        )
    print_costs(reply)


def read_question(question: str) -> str:
    """The question, from stdin where it is "-".

    Raises:
        typer.BadParameter: it is a file, so the question was forgotten.
    """
    if question == STDIN:
        return sys.stdin.read()
    if os.path.isfile(question):
        raise typer.BadParameter(f"the last argument is what to ask, and `{question}` is a file", param_hint="QUESTION")
    return question
