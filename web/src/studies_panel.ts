// The left side: drop files, choose a study.

import { announce } from "./announce";
import { wordsOf } from "./api";
import { fill, h, icon } from "./dom";
import * as state from "./state";
import { deleteStudy, kindName, makeStudy, titleOf, type Study } from "./study";
import { filesOf, uploadAll } from "./upload";
import { bytes, many, time } from "./words";

export class StudiesPanel {
  readonly element: HTMLElement;
  readonly #list = h("ul", { class: "list" });
  readonly #going = h("div", { class: "uploads" });
  readonly #files = h("input", { type: "file", multiple: true, class: "unseen", tabindex: "-1", "aria-hidden": "true" });
  readonly #folder = h("input", { type: "file", multiple: true, class: "unseen", tabindex: "-1", "aria-hidden": "true" });

  constructor() {
    this.#folder.webkitdirectory = true;
    for (const input of [this.#files, this.#folder]) {
      input.addEventListener("change", () => {
        void this.take([...(input.files ?? [])]);
        input.value = "";
      });
    }
    const drop = h(
      "div",
      { class: "drop" },
      icon("upload"),
      h("p", {}, "Drop a study anywhere"),
      h("p", { class: "quiet" }, "DICOM, NIfTI, a slide, pictures, a PDF, a FHIR record, or a ZIP of them"),
      h(
        "div",
        { class: "row" },
        h("button", { type: "button", class: "main", onclick: () => this.pick() }, "Choose files"),
        h("button", { type: "button", onclick: () => this.#folder.click() }, "A folder"),
      ),
      this.#files,
      this.#folder,
    );
    this.element = h("section", { class: "studies", "aria-label": "Studies" }, drop, this.#going, h("h2", {}, "Studies"), this.#list);
    state.studies.watch(() => this.#show());
    state.study.watch(() => this.#show());
    this.#listen();
  }

  pick(): void {
    this.#files.click();
  }

  /** Upload files and make one study of them. */
  async take(files: File[]): Promise<void> {
    if (!files.length) return;
    const total = files.reduce((sum, file) => sum + file.size, 0);
    const going = new AbortController();
    const bar = h("progress", { max: total || 1, value: 0, "aria-label": "Upload" });
    const told = h("p", { class: "quiet", role: "status" }, `Uploading ${many(files.length, "file")}, ${bytes(total)}`);
    const stop = h("button", { type: "button", class: "plain", onclick: () => going.abort() }, "Stop");
    const card = h("div", { class: "card" }, h("p", { class: "name" }, files[0]?.name ?? ""), bar, h("div", { class: "row" }, told, stop));
    this.#going.append(card);
    try {
      const ids = await uploadAll(files, (sent) => {
        bar.value = Math.min(sent, total);
        told.textContent = `${bytes(Math.min(sent, total))} of ${bytes(total)}`;
      }, going.signal);
      bar.removeAttribute("value");
      stop.hidden = true;
      told.textContent = "Reading…";
      const study = await makeStudy(ids);
      card.remove();
      await state.loadStudies();
      state.choose(study);
      announce(`${titleOf(study)} is open.`);
    } catch (error) {
      const words = wordsOf(error);
      const close = h("button", { type: "button", class: "plain", onclick: () => card.remove() }, "Close");
      if (words) fill(card, h("p", { class: "name" }, files[0]?.name ?? ""), h("p", { class: "bad", role: "alert" }, words), close);
      else card.remove();
    }
  }

  #show(): void {
    const { value: all } = state.studies;
    fill(this.#list, ...all.map((one) => this.#row(one)), !all.length && h("li", { class: "empty quiet" }, "Nothing yet."));
  }

  #row(study: Study): HTMLElement {
    const isChosen = study.id === state.study.value?.id;
    const about = [kindName(study.kind), study.num_images ? many(study.num_images, "image") : "", time(study.created_at)];
    return h(
      "li",
      { class: isChosen ? "chosen" : null },
      h(
        "button",
        { type: "button", class: "item", title: `${study.name}\nkept until ${time(study.expires_at)}`, "aria-current": isChosen ? "true" : null, onclick: () => state.choose(study) },
        h("span", { class: "name" }, titleOf(study)),
        h("span", { class: "quiet" }, about.filter(Boolean).join(" · ")),
      ),
      h("button", { type: "button", class: "tool", title: "Delete this study", "aria-label": `Delete ${titleOf(study)}`, onclick: () => void this.#delete(study) }, icon("bin")),
    );
  }

  async #delete(study: Study): Promise<void> {
    if (!window.confirm(`Delete ${titleOf(study)} from the server?`)) return;
    await deleteStudy(study).catch(() => undefined);
    if (state.study.value?.id === study.id) state.choose(null);
    await Promise.all([state.loadStudies(), state.loadJobs()]);
  }

  #listen(): void {
    const body = document.body;
    let depth = 0;
    const isFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    body.addEventListener("dragenter", (event) => {
      if (isFiles(event)) body.classList.toggle("dropping", ++depth > 0);
    });
    body.addEventListener("dragleave", (event) => {
      if (isFiles(event)) body.classList.toggle("dropping", --depth > 0);
    });
    body.addEventListener("dragover", (event) => event.preventDefault());
    body.addEventListener("drop", (event) => {
      event.preventDefault();
      depth = 0;
      body.classList.remove("dropping");
      if (event.dataTransfer) void filesOf(event.dataTransfer).then((files) => this.take(files));
    });
  }
}
