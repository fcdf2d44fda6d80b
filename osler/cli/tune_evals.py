"""Benchmarks of `osler eval` while a model is tuned: `--eval NAME=DIR`."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from osler.evals.plan import Plan
    from osler.evals.results import Results

__all__ = ["saved_evaluations"]

Evaluation = Callable[[int, Path], Mapping[str, float]]

RUNS = "evals"


def saved_evaluations(
    asked: Sequence[str], model: str | None, out: Path, *, limit: int | None, is_adapter: bool, threads: int | None
) -> list[Evaluation]:
    """An evaluation for each NAME=DIR: the benchmark, asked of the engine with the adapter as it was just written.

    Args:
        asked: what the user named.
        model: that is tuned.
        out: answers are kept below it, so that an evaluation that was cut off goes on.
        limit: only the first samples.
        is_adapter: whether a folder is an adapter, or a whole model.
        threads: of the engine.

    Raises:
        typer.BadParameter: one is not of that form.
        OslerError: there is no such benchmark, or its data are not there.
    """
    from osler.evals.catalogue import benchmark
    from osler.evals.plan import plan_run

    evaluations = []
    for one in asked:
        name, _, folder = one.partition("=")
        if not name or not folder:
            raise typer.BadParameter(
                f"expected NAME=DIR, such as pubmedqa=data/pubmedqa, got {one}", param_hint="--eval"
            )
        plan = plan_run(benchmark(name), Path(folder), limit=limit)
        evaluations.append(_evaluation(plan, model, out, is_adapter=is_adapter, threads=threads))
    return evaluations


def _evaluation(plan: "Plan", model: str | None, out: Path, *, is_adapter: bool, threads: int | None) -> Evaluation:
    def evaluation(step: int, saved: Path) -> Mapping[str, float]:
        from osler.evals.engines.local import LocalRespondent
        from osler.evals.evaluation import evaluate
        from osler.tasks.load import open_model

        path, adapter = (model, saved) if is_adapter else (str(saved), None)
        with open_model(path, adapters=adapter, threads=threads, repeatable=True) as opened:
            respondent = LocalRespondent(opened, threads=threads)
            scored = evaluate(plan, respondent, out=out / RUNS / f"{plan.benchmark.name}-{step}")
        return _figures(plan.benchmark.name, scored.results)

    return evaluation


def _figures(name: str, results: "Results") -> dict[str, float]:
    """The first parser's metrics that have a value."""
    parsers = {measured.parser for measured in results.metrics[:1]}
    return {
        f"{name}_{measured.name}": measured.value
        for measured in results.metrics
        if measured.parser in parsers and measured.value is not None
    }
