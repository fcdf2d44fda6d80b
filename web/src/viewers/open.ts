// The viewers of a study, one for each of its sources.

import { get, wordsOf } from "../api";
import { fill, h } from "../dom";
import { kindName, viewsOf, type Study } from "../study";
import { DocumentViewer } from "./document";
import { FilmViewer } from "./film";
import { RecordViewer } from "./record";
import { SlideViewer, type Region } from "./slide";
import type { Sight } from "./stage";
import type { Box, Viewer, ViewerSource } from "./viewer";
import { VolumeViewer } from "./volume";

/** One study on the screen; with several sources, tabs for them. */
export class StudyViewer implements Viewer {
  readonly element = h("div", { class: "study-viewer" });
  readonly kinds: Promise<string[]>;
  #sources: ViewerSource[] = [];
  #tabs: HTMLButtonElement[] = [];
  #frame = h("div", { class: "viewer-frame" }, h("p", { class: "told" }, "Opening…"));
  #viewer: Viewer | null = null;
  #onSight: (sight: Sight) => void = () => undefined;
  #isClosed = false;

  constructor(readonly study: Study) {
    this.element.append(this.#frame);
    this.kinds = this.#open();
  }

  drawBoxes(boxes: Box[], picture: number, meant = 0): void {
    this.#viewer?.drawBoxes?.(boxes, picture, meant);
  }

  goTo(place: number | string): void {
    this.#viewer?.goTo?.(place);
  }

  onSight(act: (sight: Sight) => void): void {
    this.#onSight = act;
    this.#viewer?.onSight?.(act);
  }

  follow(sight: Sight): void {
    this.#viewer?.follow?.(sight);
  }

  close(): void {
    this.#isClosed = true;
    this.#viewer?.close();
  }

  async #open(): Promise<string[]> {
    try {
      const found = await get<{ data: ViewerSource[] }>(`/v1/studies/${this.study.id}/viewers`);
      this.#sources = found.data.map((source, index) => ({ ...source, label: labelOf(source, index) }));
    } catch (error) {
      fill(this.#frame, h("p", { class: "told bad", role: "alert" }, wordsOf(error)));
      return [];
    }
    if (this.#isClosed) return [];
    if (this.#sources.length > 1) {
      this.#tabs = this.#sources.map((source, index) =>
        h("button", { type: "button", role: "tab", onclick: () => this.#show(index) }, source.label),
      );
      this.element.prepend(h("div", { class: "sources", role: "tablist", "aria-label": "Parts of the study" }, ...this.#tabs));
    }
    this.#show(0);
    return this.#sources.map((source) => source.kind);
  }

  #show(index: number): void {
    const source = this.#sources[index];
    if (!source) return;
    this.#viewer?.close();
    this.#viewer = viewerOf(source, () => this.#regions());
    this.#viewer.onSight?.(this.#onSight);
    fill(this.#frame, this.#viewer.element);
    this.#tabs.forEach((tab, number) => tab.setAttribute("aria-selected", String(number === index)));
  }

  /** The parts of a slide that the model sees. */
  async #regions(): Promise<Region[]> {
    const views = await viewsOf(this.study);
    return views.data.map((seen) => seen.origin?.region_px ?? null).filter((region) => region !== null);
  }
}

function labelOf(source: ViewerSource, index: number): string {
  return source.label || `${kindName(source.kind)} ${index + 1}`;
}

function viewerOf(source: ViewerSource, regions: () => Promise<Region[]>): Viewer {
  switch (source.kind) {
    case "volume":
      return new VolumeViewer(source);
    case "slide":
      return new SlideViewer(source, regions);
    case "document":
      return new DocumentViewer(source);
    case "record":
      return new RecordViewer(source);
    default:
      return new FilmViewer(source);
  }
}
