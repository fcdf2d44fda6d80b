// The right side: tasks on the study, and what came of them.

import { adapterOf } from "./answerer";
import { AskPanel } from "./ask_panel";
import { fill, h } from "./dom";
import { TASK_NAMES, tasksFor, type Job, type Task } from "./job";
import { JobView } from "./job_view";
import { openJob } from "./jobs_panel";
import { isChoice, modelSelect } from "./model_choice";
import * as state from "./state";
import type { Study } from "./study";
import { TaskForm } from "./task_form";
import type { ViewPane } from "./view_pane";
import { time } from "./words";

export class WorkPane {
  readonly element = h("section", { class: "work-pane", "aria-label": "Tasks" });
  readonly #tabs = h("div", { class: "tabs", role: "tablist", "aria-label": "Task" });
  readonly #body = h("div", { class: "work-body", role: "tabpanel" });
  readonly #talks = new Map<string, AskPanel>();
  #task: Task = "ask";
  #shown: JobView | null = null;

  constructor(readonly pane: ViewPane) {
    this.element.append(this.#tabs, modelSelect(), this.#body);
    state.study.watch((study) => this.#open(study));
    state.job.watch((job) => this.#showJob(job));
  }

  focusQuestion(): void {
    const { value: study } = state.study;
    if (!study) return;
    this.#choose("ask");
    this.#talkOf(study).focus();
  }

  stop(): void {
    const { value: study } = state.study;
    if (study) this.#talks.get(study.id)?.stop();
  }

  #open(study: Study | null): void {
    if (!study) {
      fill(this.#tabs);
      fill(this.#body, h("p", { class: "quiet empty" }, "Choose or drop a study first."));
      return;
    }
    if (isChoice()) this.#talkOf(study); // its conversation says which model goes on, for jobs too
    const tasks = tasksFor([study.kind, ...study.sources.map((source) => source.kind)]);
    fill(this.#tabs, ...tasks.map((task) => h("button", { type: "button", role: "tab", "data-task": task, onclick: () => this.#choose(task), onkeydown: (event: KeyboardEvent) => this.#key(event) }, TASK_NAMES[task])));
    this.#choose(this.#task !== "ask" && tasks.includes(this.#task) ? this.#task : (tasks[0] ?? "ask"));
  }

  /** Arrows go from tab to tab. */
  #key(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const tabs = [...this.#tabs.querySelectorAll("button")];
    const next = step && tabs[(tabs.indexOf(event.currentTarget as HTMLButtonElement) + step + tabs.length) % tabs.length];
    if (!next) return;
    next.click();
    next.focus();
  }

  #choose(task: Task): void {
    this.#task = task;
    if (task !== "compare") state.prior.set(null);
    if (state.job.value && state.job.value.task !== task) state.job.set(null);
    else this.#arrange();
  }

  #showJob(job: Job | null): void {
    this.#shown?.close();
    this.#shown = null;
    if (job) {
      this.#task = job.task;
      if (job.prior_id) state.prior.set(state.studyOf(job.prior_id));
      this.pane.showStudy();
      this.#shown = new JobView(job, () => ({ study: state.study.value, viewer: this.pane.viewer }));
    }
    this.#arrange();
  }

  #arrange(): void {
    const { value: study } = state.study;
    for (const tab of this.#tabs.querySelectorAll<HTMLElement>("[data-task]")) {
      const isChosen = tab.dataset.task === this.#task;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
    }
    this.element.classList.toggle("broad", this.#task === "labs" && this.#shown !== null);
    const shown = this.#shown?.element;
    if (!study) {
      if (shown) fill(this.#body, h("p", { class: "quiet" }, "The study of this job is no longer on the server."), shown);
      return;
    }
    if (this.#task === "ask") fill(this.#body, shown, this.#talkOf(study).element);
    else fill(this.#body, new TaskForm(this.#task, study).element, shown, this.#earlier(study));
  }

  /** Results of this task that the study already has. */
  #earlier(study: Study): HTMLElement | null {
    const found = state.jobs.value.filter((job) => job.study_id === study.id && job.task === this.#task && job.id !== state.job.value?.id);
    if (!found.length) return null;
    const links = found.map((job) => h("button", { type: "button", class: "chip", onclick: () => void openJob(job.id) }, [time(job.created_at), job.status, adapterOf(job)].filter(Boolean).join(", ")));
    return h("div", { class: "earlier" }, h("h3", {}, "Earlier"), h("div", { class: "chips" }, ...links));
  }

  #talkOf(study: Study): AskPanel {
    let talk = this.#talks.get(study.id);
    if (!talk) {
      talk = new AskPanel(study);
      this.#talks.set(study.id, talk);
    }
    return talk;
  }
}
