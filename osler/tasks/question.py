"""A question about studies made ready for a model: planned, counted, read, fitted. Nothing is computed yet.

`osler ask` and `osler show` both come through here, so that what is shown is what is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from osler.tasks.ask import check_question, question_messages, sources_of
from osler.tasks.gather import naming_as_written
from osler.tasks.prepare import Prepared, prepare, refuse_blind, sampling_of
from osler.tasks.privacy import refuse_identifiers
from osler.tasks.progress import PREPARING, Progress
from osler.tasks.room import Room, limits_for
from osler.tasks.study import plan_study
from osler.tasks.study_options import Recipe, StudyOptions
from osler.tasks.view import Plan, View
from osler.values import Message

if TYPE_CHECKING:
    from osler.tasks.model import Model

__all__ = ["Question", "develop", "messages", "prepare_question", "room_of", "study_record"]

NEWEST: Recipe = "1.5"
"""The recipes for models that do not say which MedGemma they are."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """A question, ready to be computed or shown.

    Attributes:
        plans, views: what was decided and what was read, one each for everything that was handed over.
        prepared: what the engine is given.
    """

    plans: tuple[Plan, ...]
    views: tuple[View, ...]
    prepared: Prepared


def prepare_question(
    model: "Model",
    files: Any,
    question: str,
    *,
    study: StudyOptions | None = None,
    system: str | None = None,
    thinking: bool = False,
    pad: bool = True,
    options: Mapping[str, Any] | None = None,
    silent: bool = False,
) -> Question:
    """Make a question ready for a model; its weights are not read.

    Args:
        model: whose shape, tokenizer and context count.
        files, question, system, thinking, pad: as in `Model.ask`.
        study: what the person chose; None for the recipes' own choices.
        options: `SamplingOptions`.
        silent: allow a question of no words, to show what goes before it.

    Raises:
        OslerError: as `Model.ask` says; what does not fit is refused before pixels are read.
    """
    if question or not silent:
        check_question(question, system)
    sampling = sampling_of(options or {})
    chosen = resolved(study or StudyOptions(), model)
    submitted = plan_study(sources_of(files), chosen, recipe=chosen.recipe or NEWEST, progress=model.progress)
    refuse_blind(model.config, submitted.num_images, model.identity.vision_note)
    texts = [question, system or "", *(text for plan in submitted.plans for text in plan.texts)]
    with naming_as_written(submitted.found):
        refuse_identifiers(texts, submitted.paths, chosen)
    room = room_of(model, sampling.max_new_tokens, system=system, thinking=thinking)
    limits = limits_for(submitted.plans, room, question=question, fit=chosen.fit)
    with naming_as_written(submitted.found):
        views = develop(submitted.plans, limits, model.progress)
    prepared = prepare(
        messages(views, question, system),
        config=model.config,
        tokenizer=model.tokenizer,
        context=model.context,
        options=options or {},
        think=thinking,
        pad=pad,
        sources=[view.source for view in views],
        study=study_record(chosen, limits, pad=pad, image_px=model.image_px) if submitted.plans else None,
    )
    return Question(plans=submitted.plans, views=views, prepared=prepared)


def resolved(study: StudyOptions, model: "Model") -> StudyOptions:
    """The options with the recipe that is followed."""
    return replace(study, recipe=study.recipe or model.identity.recipe or NEWEST)


def room_of(model: "Model", new_tokens: int | None, *, system: str | None, thinking: bool) -> Room:
    """What a prompt and its answer have to fit into."""
    return Room(
        tokenizer=model.tokenizer,
        image_tokens=model.config.vision.image_tokens if model.config.vision else 0,
        context=model.context,
        model_context=model.config.text.context_length,
        new_tokens=new_tokens,
        system=system,
        think=thinking,
    )


def develop(plans: Sequence[Plan], limits: Sequence[int | None], progress: Progress) -> tuple[View, ...]:
    """Read the pixels of plans, each thinned to its limit."""
    views = []
    for number, (plan, limit) in enumerate(zip(plans, limits, strict=True)):
        progress(PREPARING, number, len(plans))
        views.append(plan.develop(limit))
    if plans:
        progress(PREPARING, len(plans), len(plans))
    return tuple(views)


def messages(views: Sequence[View], question: str, system: str | None = None) -> tuple[Message, ...]:
    """Views in order, each with its own words and labels, then the question: the official order."""
    return question_messages([part for view in views for part in view.parts], question, system)


def study_record(options: StudyOptions, limits: Sequence[int | None], *, pad: bool, image_px: int) -> dict[str, Any]:
    """What has to be known to make the same images of the same files again."""
    return {"options": asdict(options), "limits": list(limits), "pad": pad, "image_px": image_px}
