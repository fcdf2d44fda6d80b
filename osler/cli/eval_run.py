"""`osler eval BENCHMARK --data DIR`: a run, and `osler eval --list`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osler.cli.console import print_json, print_note
from osler.cli.eval_list import print_list
from osler.cli.eval_output import print_scored, progress_on_stderr
from osler.cli.options import LoadingOptions, option, takes

if TYPE_CHECKING:
    from osler.evals.evaluation import Scored
    from osler.evals.plan import Plan
    from osler.evals.respondent import Respondent

__all__ = ["run"]

RUN, SERVER = "Run", "Another program"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What is run, how it is asked, and where it is kept."""

    data: Annotated[Path | None, option("Your copy of the benchmark's data.", RUN, metavar="DIR")] = None
    prompt: Annotated[str | None, option("How to ask (default: the benchmark's first).", RUN)] = None
    limit: Annotated[int | None, option("Only the first N samples: the result is partial.", RUN, min=1)] = None
    permute_options: Annotated[
        int | None, option("Put the options of each question in another order.", RUN, metavar="SEED", min=0)
    ] = None
    max_new_tokens: Annotated[
        int | None, option("Cut answers off there (default: where the benchmark says).", RUN, min=1)
    ] = None
    out: Annotated[Path | None, option("Folder of the run (default: one in osler-evals/).", RUN, metavar="DIR")] = None
    streams: Annotated[int, option("Questions at a time (default: 1, which repeats exactly).", RUN, min=1)] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Another program that answers."""

    server: Annotated[
        str | None,
        option(
            "Ask a server that speaks OpenAI's protocol, such as http://127.0.0.1:8080/v1, for --model; its key is "
            "taken from $OPENAI_API_KEY.",
            SERVER,
            metavar="URL",
        ),
    ] = None
    image_px: Annotated[
        int, option("Side of the squares that it is sent pictures as (default: MedGemma's 896).", SERVER, min=1)
    ] = 896
    allow_remote: Annotated[
        bool, option("Send it data whose terms forbid passing them on.", SERVER, "--allow-remote")
    ] = False


@takes
def run(
    *,
    benchmark: Annotated[
        str | None, typer.Argument(metavar="[BENCHMARK]", help="A name that --list shows.", show_default=False)
    ] = None,
    list_them: Annotated[bool, typer.Option("--list", help="List the benchmarks and what each takes.")] = False,
    options: RunOptions,
    server: ServerOptions,
    loading: LoadingOptions,
    json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Run a benchmark on your own copy of its data; stopped at any moment, it goes on where it ended.

    osler eval --list

    osler eval medqa --data medqa/ --limit 50
    """
    if list_them:
        print_list(loading, json=json)
        return
    if benchmark is None or options.data is None:
        raise typer.BadParameter("name a benchmark and the folder of its data", param_hint="BENCHMARK --data")
    plan = planned(benchmark, options.data, options)
    respondent = remote(loading, server, plan) if server.server else local(loading, options.streams)
    scored = evaluated(plan, respondent, options)
    if json:
        print_json(scored.results.to_dict())
        print_note(respondent.notice, style="bold")
    else:
        print_scored(scored)
        print_note(f"osler eval report {scored.folder} --html FILE shows each sample", style="dim")
    if scored.outcome is not None and scored.outcome.failures:
        raise typer.Exit(1)


def planned(name: str, data: Path, options: RunOptions) -> "Plan":
    """The benchmark of a name on a folder."""
    from osler.evals.catalogue import benchmark
    from osler.evals.plan import plan_run

    return plan_run(
        benchmark(name),
        data,
        prompt=options.prompt,
        limit=options.limit,
        permute_seed=options.permute_options,
        max_new_tokens=options.max_new_tokens,
    )


def local(loading: LoadingOptions, streams: int) -> "Respondent":
    """The built-in engine with the model that was asked for."""
    from osler.evals.engines.local import LocalRespondent

    model = loading.open(sequences=streams, repeatable=True)
    return LocalRespondent(model, streams=streams, threads=loading.threads, guesses=loading.guesses)


def remote(loading: LoadingOptions, server: ServerOptions, plan: "Plan") -> "Respondent":
    """A server, if the data may go there."""
    from osler.evals.engines.remote import RemoteRespondent, refuse_restricted
    from osler.evals.engines.server import Server

    if loading.adapter is not None:
        raise typer.BadParameter("another program's adapters are its own models: name one with --model")
    to = Server(server.server or "")
    refuse_restricted(plan.benchmark, to, allow=server.allow_remote)
    return RemoteRespondent(to, loading.model, image_px=server.image_px)


def evaluated(plan: "Plan", respondent: "Respondent", options: RunOptions) -> "Scored":
    """Run it with its progress on stderr."""
    from osler.evals.evaluation import evaluate
    from osler.evals.report.words import count

    def started(folder: Path) -> None:
        asked, whole = len(plan.samples), count(plan.in_data, "sample")
        part = f"{asked:,} of {whole}: the result will be partial" if asked < plan.in_data else whole
        print_note(f"{plan.benchmark.title}: {part}, prompt {plan.prompt.name}; answers are kept in {folder}")

    try:
        with progress_on_stderr() as tell:
            return evaluate(plan, respondent, out=options.out, streams=options.streams, tell=tell, started=started)
    except KeyboardInterrupt:
        print_note("what was answered is kept: the same command goes on from there")
        raise
