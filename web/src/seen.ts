// The images exactly as the model sees them, what was done to each, and the words between them.

import { wordsOf } from "./api";
import { fill, h } from "./dom";
import { notes } from "./results/text";
import { readingForm } from "./reading";
import { LazyPictures, showPicture } from "./picture";
import { viewsOf, type Origin, type Seen, type Source, type Study, type Views } from "./study";
import { many, short } from "./words";

const CHANNELS = ["red", "green", "blue"];

export class SeenPanel {
  readonly element = h("div", { class: "seen" }, h("p", { class: "told" }, "Preparing the images as the model will see them…"));
  #pictures: LazyPictures | null = null;

  constructor(study: Study) {
    viewsOf(study).then(
      (views) => this.#show(study, views),
      (error) => fill(this.element, h("p", { class: "bad", role: "alert" }, wordsOf(error)), readingForm(study)),
    );
  }

  close(): void {
    this.#pictures?.close();
    for (const image of this.element.querySelectorAll("img")) if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
  }

  #show(study: Study, views: Views): void {
    this.#pictures = new LazyPictures(this.element);
    const images = views.data.map((seen) => this.#card(seen));
    const count = views.data.length ? `${many(views.data.length, "image")} and ` : "";
    fill(
      this.element,
      h("p", { class: "lead" }, `${count}${many(views.prompt_tokens, "token")} go to the model before your question: nothing else of the study does.`),
      ...views.sources.map(sourceNote),
      notes(study.notes ?? []),
      readingForm(study),
      images.length > 0 && h("div", { class: "grid" }, ...images),
      h("details", { class: "words", open: !images.length }, h("summary", {}, "The words of the prompt"), h("pre", {}, views.prompt)),
    );
  }

  #card(seen: Seen): HTMLElement {
    const image = h("img", { alt: `Image ${seen.number}: ${placeOf(seen)}`, width: 224, height: 224 });
    this.#pictures?.add(image, seen.url);
    return h(
      "button",
      { type: "button", class: "view", onclick: () => enlarge(seen) },
      image,
      h("span", { class: "name" }, placeOf(seen)),
    );
  }
}

function sourceNote(source: Source): HTMLElement {
  const counted = source.num_available > 1 || source.num_sent > 1 ? `${source.num_sent} of ${source.num_available} sent. ` : "";
  return h("div", { class: "source" }, h("p", {}, `${counted}${source.reason ? `${source.reason[0]?.toUpperCase()}${source.reason.slice(1)}.` : ""}`), source.notes.length > 0 && h("ul", { class: "notes" }, ...source.notes.map((note) => h("li", {}, note))));
}

function enlarge(seen: Seen): void {
  const image = h("img", { alt: `Image ${seen.number} as the model sees it` });
  const dialog = h(
    "dialog",
    { class: "large", "aria-label": `Image ${seen.number}` },
    h("div", { class: "picture" }, image),
    h(
      "div",
      { class: "facts" },
      h("h2", {}, `Image ${seen.number}`),
      h("p", {}, placeOf(seen)),
      seen.origin && seen.origin.windows.length > 0 && h("p", {}, `Window ${windowsOf(seen.origin)}`),
      h("h3", {}, "What was done to the file's numbers"),
      h("ol", {}, ...seen.steps.map((step) => h("li", {}, step))),
      h("p", { class: "quiet" }, `From ${seen.width_px} × ${seen.height_px} pixels${seen.file ? `, ${seen.file.kind}, digest ${seen.file.sha256.slice(0, 12)}` : ""}`),
      h("button", { type: "button", class: "main", onclick: () => dialog.close() }, "Close"),
    ),
  );
  dialog.addEventListener("close", () => {
    URL.revokeObjectURL(image.src);
    dialog.remove();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  void showPicture(image, seen.url);
}

function placeOf(seen: Seen): string {
  const { origin } = seen;
  if (!origin) return `Image ${seen.number}`;
  const of = `${origin.number} of ${origin.total}`;
  switch (origin.kind) {
    case "slice":
      return `${origin.plane} slice ${of}${origin.position_mm === null ? "" : `, ${short(origin.position_mm)} mm`}`;
    case "patch":
      return `patch ${of}${origin.magnification ? `, ${short(origin.magnification)}×` : ""}`;
    case "page":
      return `page ${of}`;
    case "tile":
      return `part ${of}`;
    default:
      return origin.total > 1 ? `frame ${of}` : `Image ${seen.number}`;
  }
}

function windowsOf(origin: Origin): string {
  return origin.windows.map(([low, high], index) => `${short(low)} to ${short(high)}${origin.windows.length === 3 ? ` ${CHANNELS[index]}` : ""}`).join(", ");
}
