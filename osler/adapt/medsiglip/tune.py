"""Tuning MedSigLIP from a person's data to a folder with a model in it.

OUT/config.json, model.safetensors, …   the tuned model, as Osler and transformers load it
OUT/osler.json                          what it was made of, and how well it does
OUT/classifier.json                     the head, of a classifier
OUT/training/                           checkpoints, losses.jsonl, report; the same command goes on from there
"""

from typing import Any

import numpy as np

from osler.adapt.medsiglip.classifier import ClassifierObjective, label_weights, targets_of
from osler.adapt.medsiglip.contrastive import ContrastiveObjective
from osler.adapt.medsiglip.logistic import choose_strength, fit_logistic
from osler.adapt.medsiglip.material import Material, gather_material, work_folder
from osler.adapt.medsiglip.network import Network, Scope, open_network
from osler.adapt.medsiglip.order import Order
from osler.adapt.medsiglip.run import Figures, Run, Talk, Tuned
from osler.adapt.medsiglip.tuning import ClassifierTuning, ContrastiveTuning, Tuning
from osler.adapt.medsiglip.validation import ContrastiveValidation, LabelValidation, groups_in, vectors_of
from osler.adapt.training.folder import refuse_foreign
from osler.tasks.tuned_head import Kind, TunedHead
from osler.weights.medsiglip import MedSiglipCheckpoint

__all__ = ["ClassifierTuning", "ContrastiveTuning", "tune_classifier", "tune_contrastive"]


def tune_contrastive(options: ContrastiveTuning, talk: Talk | None = None) -> Tuned:
    """Train both towers on pictures and texts.

    Raises:
        InputError: the data cannot be used, or `out` holds another training.
        WeightsError: the model cannot be opened.
    """
    tuning = options.common
    run = _begun(tuning, {"kind": "contrastive", "whole_step": options.whole_step}, talk)
    material, network = run.material, _network(tuning, tuning.scope)
    order = _order(tuning, material)
    objective = ContrastiveObjective(
        network, material.part("train"), material.texts, order, decay=tuning.decay, whole_step=options.whole_step
    )

    def held_out(part: str) -> ContrastiveValidation:
        return ContrastiveValidation(network, material.part(part), material.texts, material.labels, batch=tuning.batch)

    def measure() -> Figures:
        return held_out(run.measured_on).figures()

    start = run.start(lambda: {"before": measure() if run.measured_on else {}})
    return run.train(
        network,
        objective,
        order,
        before=start["before"],
        validations=[held_out("validation")],
        measure=measure,
        head=lambda score: None,
    )


def tune_classifier(options: ClassifierTuning, talk: Talk | None = None) -> Tuned:
    """Train the tower of pictures with a head for labels, which begins as a logistic regression on the frozen tower.

    Raises:
        InputError: the data cannot be used, or `out` holds another training.
        WeightsError: the model cannot be opened.
    """
    tuning, are_several = options.common, options.common.wanted.are_several
    details = {"kind": "classifier", "are_several": are_several, "weighted": options.weighted}
    run = _begun(tuning, {**details, "head_only": options.head_only}, talk)
    material, labels = run.material, run.material.pairs.labels
    nothing = Scope(pictures=False, words=False, scales=False)
    network = _network(tuning, nothing if options.head_only else tuning.scope)
    train, order = material.part("train"), _order(tuning, material)

    def objective_with(head: np.ndarray) -> ClassifierObjective:
        return ClassifierObjective(
            network, train, labels, head, order, are_several=are_several, weighted=options.weighted, decay=tuning.decay
        )

    def measure(objective: ClassifierObjective) -> Figures:
        if not run.measured_on:
            return {}
        return LabelValidation(objective, material.part(run.measured_on), labels, batch=tuning.batch).figures()

    def begin() -> dict[str, Any]:
        head = _first_head(network, run, options)
        return {"head": head.tolist(), "before": measure(objective_with(head))}

    start = run.start(begin)
    objective = objective_with(np.array(start["head"], np.float32))
    kind: Kind = "several" if are_several else "one"
    return run.train(
        network,
        objective,
        order,
        before=start["before"],
        validations=[LabelValidation(objective, material.part("validation"), labels, batch=tuning.batch)],
        measure=lambda: measure(objective),
        head=lambda score: TunedHead(labels=labels, kind=kind, weights=objective.weights(), score=score),
    )


def _begun(tuning: Tuning, details: dict[str, Any], talk: Talk | None) -> Run:
    refuse_foreign(tuning.out, (work_folder(tuning.out).name, "osler.json"))
    checkpoint = MedSiglipCheckpoint(tuning.model)
    told = talk or Talk()
    material = gather_material(tuning, checkpoint, progress=told.preparing)
    return Run(tuning, checkpoint, material, details, told)


def _network(tuning: Tuning, scope: Scope) -> Network:
    return open_network(tuning.model, scope, device=tuning.device, precision=tuning.precision)


def _order(tuning: Tuning, material: Material) -> Order:
    return Order(len(material.part("train")), tuning.batch, tuning.parts, tuning.seed)


def _first_head(network: Network, run: Run, options: ClassifierTuning) -> np.ndarray:
    """[C, D + 1]: what the frozen tower's vectors allow."""
    train, labels = run.material.part("train"), run.material.pairs.labels
    are_several = options.common.wanted.are_several
    run.talk.say("fitting the first head on the vectors of the model as it is")
    vectors, targets = vectors_of(network, train, batch=options.common.batch), targets_of(train, labels)
    weights = label_weights(targets, are_several=are_several, weighted=options.weighted)
    strength = choose_strength(vectors, targets, groups_in(train), are_several=are_several, weights=weights)
    return fit_logistic(vectors, targets, are_several=are_several, strength=strength, weights=weights)
