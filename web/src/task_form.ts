// What a task needs to know before it starts.

import { wordsOf } from "./api";
import { fill, h } from "./dom";
import { startJob, type Task } from "./job";
import { modelSent } from "./model_choice";
import * as state from "./state";
import { titleOf, type Study } from "./study";

const ABOUT: Record<Task, string> = {
  ask: "A question about the study.",
  report: "Findings and impression, as text, DICOM SR and FHIR.",
  locate: "Boxes around what you name, drawn on the original.",
  compare: "What changed between an earlier study and this one, side by side.",
  labs: "The rows of a laboratory report, checked, beside the page they are from.",
  record: "An answer from the record; each statement with the entries that it rests on.",
};

const FINDINGS = ["consolidation", "edema", "pleural effusion", "pneumonia", "pneumothorax"];
const THINKS: Task[] = ["report", "compare", "record"];

/** A form that starts one task on one study. */
export class TaskForm {
  readonly element: HTMLFormElement;
  readonly #told = h("p", { class: "bad", role: "alert", hidden: true });
  readonly #fields: Record<string, () => unknown> = {};

  constructor(
    readonly task: Task,
    readonly study: Study,
  ) {
    const start = h("button", { type: "submit", class: "main" }, "Start");
    const more = h("details", { class: "more" }, h("summary", {}, "More"), ...this.#common());
    this.element = h("form", { class: "task stack" }, h("p", { class: "quiet" }, ABOUT[task]), ...this.#own(), more, this.#told, h("div", { class: "row" }, h("span", { class: "space" }), start));
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#start(start);
    });
  }

  async #start(button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    this.#told.hidden = true;
    try {
      const given = Object.entries(this.#fields).map(([name, read]) => [name, read()] as const);
      const sent = Object.fromEntries(given.filter(([, value]) => isGiven(value)));
      state.job.set(await startJob({ task: this.task, study_id: this.study.id, ...modelSent(this.study.id), ...sent }));
      await state.loadJobs();
    } catch (error) {
      this.#told.textContent = wordsOf(error);
      this.#told.hidden = false;
    }
    button.disabled = false;
  }

  #own(): HTMLElement[] {
    switch (this.task) {
      case "report":
        return [this.#text("indication", "Indication", "Why the study was made, if you wish to say", false)];
      case "locate":
        return [this.#list("things", "What to find", "right clavicle, heart", [])];
      case "compare":
        return [this.#prior(), this.#list("findings", "Findings to follow", "one after the other, with commas", FINDINGS, false), this.#text("question", "Question", "In place of the usual one", false)];
      case "record":
        return [this.#text("question", "Question", "When was the last HbA1c, and how was it?", true)];
      default:
        return [];
    }
  }

  #common(): HTMLElement[] {
    const most = h("input", { type: "number", min: 1, step: 1, placeholder: "the task's own" });
    this.#fields["max_new_tokens"] = () => Number(most.value) || null;
    const limit = h("label", { class: "field" }, "Tokens at most", most);
    if (!THINKS.includes(this.task)) return [limit];
    const thinks = h("input", { type: "checkbox" });
    this.#fields["thinking"] = () => thinks.checked || null;
    return [limit, h("label", { class: "check" }, thinks, "Think first")];
  }

  #text(name: string, label: string, hint: string, isNeeded: boolean): HTMLElement {
    const field = h("textarea", { rows: 2, placeholder: hint, required: isNeeded });
    this.#fields[name] = () => field.value.trim();
    return h("label", { class: "field" }, label, field);
  }

  /** Several things with commas between them; chips put usual ones in. */
  #list(name: string, label: string, hint: string, usual: string[], isNeeded = true): HTMLElement {
    const field = h("input", { type: "text", placeholder: hint, required: isNeeded });
    const items = () => field.value.split(",").map((one) => one.trim()).filter(Boolean);
    this.#fields[name] = items;
    const chips = usual.map((one) => h("button", { type: "button", class: "chip", onclick: () => {
      field.value = [...new Set([...items(), one])].join(", ");
    } }, one));
    return h("div", { class: "field" }, h("label", { class: "field" }, label, field), chips.length > 0 && h("div", { class: "chips" }, ...chips));
  }

  #prior(): HTMLElement {
    const others = state.studies.value.filter((one) => one.id !== this.study.id && one.kind === this.study.kind);
    const select = h("select", { required: true, onchange: () => state.prior.set(state.studyOf(select.value)) });
    fill(select, h("option", { value: "" }, others.length ? "Choose the earlier study" : "Upload the earlier study first"), ...others.map((one) => h("option", { value: one.id }, titleOf(one))));
    if (state.prior.value) select.value = state.prior.value.id;
    this.#fields["prior_id"] = () => select.value;
    return h("label", { class: "field" }, "Earlier study", select);
  }
}

function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== null && value !== undefined && value !== "";
}
