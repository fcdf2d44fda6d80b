// What was done and what goes on: jobs, the newest first.

import { adapterOf } from "./answerer";
import { fill, h, icon } from "./dom";
import { STATUS_NAMES, TASK_NAMES, cancelJob, deleteJob, getJob, isOver, type Job } from "./job";
import * as state from "./state";
import { titleOf } from "./study";
import { seconds, time } from "./words";

export class JobsPanel {
  readonly #list = h("ul", { class: "list jobs" });
  readonly element = h("section", { class: "history", "aria-label": "Jobs" }, h("h2", {}, "Jobs"), this.#list);

  constructor() {
    state.jobs.watch(() => this.#show());
    state.job.watch(() => this.#show());
    state.studies.watch(() => this.#show());
  }

  #show(): void {
    const { value: all } = state.jobs;
    fill(this.#list, ...all.map((one) => this.#row(one)), !all.length && h("li", { class: "empty quiet" }, "None yet."));
  }

  #row(job: Job): HTMLElement {
    const study = state.studyOf(job.study_id);
    const isChosen = job.id === state.job.value?.id;
    const isOn = !isOver(job.status);
    const act = isOn
      ? h("button", { type: "button", class: "tool", title: "Cancel", "aria-label": "Cancel this job", onclick: () => void this.#end(job) }, icon("stop"))
      : h("button", { type: "button", class: "tool", title: "Delete", "aria-label": "Delete this job", onclick: () => void this.#forget(job) }, icon("bin"));
    return h(
      "li",
      { class: isChosen ? "chosen" : null },
      h(
        "button",
        { type: "button", class: "item", "aria-current": isChosen ? "true" : null, onclick: () => void openJob(job.id) },
        h("span", { class: "name" }, TASK_NAMES[job.task], study && h("span", { class: "of" }, titleOf(study))),
        h("span", { class: "quiet" }, h("span", { class: `status ${job.status}` }, STATUS_NAMES[job.status]), ` · ${time(job.created_at)}`, adapterOf(job) && ` · ${adapterOf(job)}`, isOn && job.estimate_s ? ` · about ${seconds(job.estimate_s)} left` : ""),
        isOn && progressOf(job),
      ),
      act,
    );
  }

  async #end(job: Job): Promise<void> {
    await cancelJob(job.id).catch(() => undefined);
    await state.loadJobs();
  }

  async #forget(job: Job): Promise<void> {
    await deleteJob(job.id).catch(() => undefined);
    if (state.job.value?.id === job.id) state.job.set(null);
    await state.loadJobs();
  }
}

/** Show a job with its study. */
export async function openJob(id: string): Promise<void> {
  const job = await getJob(id);
  const study = state.studyOf(job.study_id);
  if (study) state.choose(study);
  state.job.set(job);
  state.pane.set("work");
}

export function progressOf(job: Pick<Job, "progress" | "status">): HTMLElement {
  const { progress } = job;
  if (!progress?.total || progress.done >= progress.total) return h("progress", { "aria-label": STATUS_NAMES[job.status] });
  return h("progress", { max: progress.total, value: progress.done, "aria-label": progress.what });
}
