// One job: its progress while it runs, its text as it is written, its result and files when it is done.

import { Speaker, announce } from "./announce";
import { answererOf, describedOf } from "./answerer";
import { ApiError, UNREACHED, wordsOf } from "./api";
import { fill, h, icon } from "./dom";
import { STATUS_NAMES, TASK_NAMES, cancelJob, followJob, isOver, type Job, type JobEvent } from "./job";
import { progressOf } from "./jobs_panel";
import { rendered } from "./markdown";
import { resultOf } from "./results/render";
import type { Surroundings } from "./results/result";
import { notes } from "./results/text";
import { saving } from "./save";
import * as state from "./state";
import { seconds, time } from "./words";

/** A lost server is asked again: jobs go on when it runs again, and tell everything from their beginning. */
const AGAIN_MS = 1500;

export class JobView {
  readonly element = h("article", { class: "job", "aria-label": "Job" });
  readonly #going = new AbortController();
  readonly #speaker = new Speaker();
  readonly #status = h("span", { class: "status" });
  #text = "";
  #thinking = "";

  constructor(
    readonly job: Job,
    readonly around: () => Surroundings,
  ) {
    if (isOver(job.status)) this.#showEnd(job);
    else void this.#follow();
  }

  close(): void {
    this.#going.abort();
  }

  async #follow(): Promise<void> {
    const stage = h("div", { class: "stage-of-job", role: "status" });
    const written = h("div", { class: "answer" });
    const thought = h("div");
    const thinking = h("details", { class: "thinking", hidden: true }, h("summary", {}, "Thinking"), thought);
    const stop = h("button", { type: "button", onclick: () => void cancelJob(this.job.id).catch(() => undefined) }, icon("stop"), "Cancel");
    fill(this.element, this.#head(this.job), stage, h("div", { class: "row" }, stop), thinking, written);
    this.#tellStage(stage, this.job);
    for (;;) {
      this.#text = this.#thinking = "";
      try {
        for await (const event of followJob(this.job.id, this.#going.signal)) {
          if (event.type === "result" && event.job) {
            this.#end(event.job);
            return;
          }
          this.#hear(event, stage);
          thinking.hidden = !this.#thinking;
          if (event.type === "thinking") fill(thought, rendered(this.#thinking));
          if (event.type === "text") fill(written, rendered(this.#text));
        }
      } catch (error) {
        if (this.#going.signal.aborted) return;
        fill(stage, h("p", { class: "bad", role: "alert" }, wordsOf(error)));
        if (!(error instanceof ApiError && error.status === UNREACHED)) return;
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  #end(job: Job): void {
    this.#speaker.end();
    this.#showEnd(job);
    announce(`${TASK_NAMES[job.task]}: ${STATUS_NAMES[job.status]}.`);
    void state.loadJobs().catch(() => undefined);
  }

  #hear(event: JobEvent, stage: HTMLElement): void {
    if (event.type === "text") {
      this.#text += event.text ?? "";
      this.#speaker.hear(event.text ?? "");
    } else if (event.type === "thinking") {
      this.#thinking += event.text ?? "";
    } else if (event.type === "progress") {
      const progress = { what: event.what ?? "", done: event.done ?? 0, total: event.total ?? 0 };
      this.#tellStage(stage, { status: "running", progress });
    } else if (event.type === "status" && event.status) {
      this.#tellStage(stage, { status: event.status, progress: null });
    }
  }

  #tellStatus(status: Job["status"]): void {
    this.#status.className = `status ${status}`;
    this.#status.textContent = STATUS_NAMES[status];
  }

  #tellStage(stage: HTMLElement, now: Pick<Job, "status" | "progress">): void {
    this.#tellStatus(now.status);
    const what = now.progress && now.progress.done >= now.progress.total ? "answering" : now.progress?.what;
    const words = what ? `${what[0]?.toUpperCase()}${what.slice(1)}…` : `${STATUS_NAMES[now.status]}…`;
    fill(stage, h("p", {}, words), progressOf(now));
  }

  #showEnd(job: Job): void {
    const result = job.status === "done" && job.result ? resultOf(job, this.around()) : null;
    const partial = this.#text && !result ? h("div", { class: "answer" }, rendered(this.#text)) : null;
    fill(
      this.element,
      this.#head(job),
      job.error && h("p", { class: "bad", role: "alert" }, job.error),
      result,
      partial,
      notes(job.notes ?? []),
      result && h("p", { class: "notice" }, state.model.value?.notice ?? ""),
      result && h("p", { class: "ending printed" }, this.#about(job)),
      result && saving(job),
    );
  }

  #head(job: Job): HTMLElement {
    this.#tellStatus(job.status);
    const took = job.started_at && job.ended_at ? `, ${seconds(job.ended_at - job.started_at)}` : "";
    const asked = [job.request.question];
    for (const name of ["things", "findings"]) {
      const list = job.request[name];
      if (Array.isArray(list) && list.length) asked.push(list.join(", "));
    }
    return h(
      "header",
      {},
      h("h3", {}, TASK_NAMES[job.task]),
      this.#status,
      h("span", { class: "quiet" }, [`${time(job.created_at)}${took}`, answererOf(job)].filter(Boolean).join(" · ")),
      ...asked.filter(Boolean).map((words) => h("p", { class: "asked" }, String(words))),
    );
  }

  /** What stands on paper of where a result comes from. */
  #about(job: Job): string {
    const study = state.studyOf(job.study_id);
    return [study ? `Study ${study.digest.slice(0, 16)}` : "", describedOf(job), new Date(job.created_at * 1000).toLocaleString()].filter(Boolean).join(" · ");
  }
}
