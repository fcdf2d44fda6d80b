// Which model answers about a study, where a server has several: a select, and what is remembered of it.

import { fill, h } from "./dom";
import { Signal } from "./signal";
import * as state from "./state";

/** By study, once it was chosen or asked for there. */
const choices = new Signal<ReadonlyMap<string, string>>(new Map());
/** What a study begins with that none was chosen for. */
let last = "";

/** The id of the model that answers next about a study; the first one where nothing else was chosen or is left. */
export function modelFor(studyId: string): string {
  const id = choices.value.get(studyId) ?? last;
  return isOffered(id) ? id : (state.model.value?.id ?? "");
}

/** The same, about to be asked: from now on it is this study's own choice. */
export function modelAsked(studyId: string): string {
  const id = modelFor(studyId);
  put(studyId, id);
  return id;
}

/** What a job's request says of it: nothing where there is no choice. */
export function modelSent(studyId: string): { model?: string } {
  return isChoice() ? { model: modelAsked(studyId) } : {};
}

/** Go on with the model of a conversation that was kept, unless a person has chosen meanwhile. */
export function recallModel(studyId: string, id: string): void {
  if (isOffered(id) && !choices.value.has(studyId)) put(studyId, id);
}

/** Whether there is more than one model that answers. */
export function isChoice(): boolean {
  return state.models.value.length > 1;
}

/** A labelled select for the study that is open; hidden where there is nothing to choose. */
export function modelSelect(): HTMLElement {
  const select = h("select", { onchange: () => chosen(select.value) });
  const field = h("label", { class: "model-choice", hidden: true }, h("span", {}, "Model"), select);
  const show = () => {
    const { value: study } = state.study;
    field.hidden = !study || !isChoice();
    if (!study) return;
    select.value = modelFor(study.id);
    select.title = state.models.value.find((one) => one.id === select.value)?.description ?? "";
  };
  state.models.watch((models) => {
    fill(select, ...models.map((one) => h("option", { value: one.id }, one.parent ? one.id : `${one.id} (no adapter)`)));
    show();
  });
  state.study.watch(show);
  choices.watch(show);
  return field;
}

function chosen(id: string): void {
  last = id;
  if (state.study.value) put(state.study.value.id, id);
}

function put(studyId: string, id: string): void {
  if (choices.value.get(studyId) !== id) choices.set(new Map(choices.value).set(studyId, id));
}

function isOffered(id: string): boolean {
  return state.models.value.some((one) => one.id === id);
}
