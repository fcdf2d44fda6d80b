// Films, frames and photographs: zoom, pan, and a window that the server applies to the file's own numbers.

import { get, wordsOf } from "../api";
import { fill, h } from "../dom";
import { showPicture } from "../picture";
import { short } from "../words";
import { Stage, type Sight, type Tool } from "./stage";
import { Choice, bar, tool } from "./tools";
import type { Box, FilmSource, Viewer, Window } from "./viewer";

const WAIT_MS = 60;
const QUICK_SIDE = 900;

interface Image {
  url: string;
  number: number;
  width_px: number;
  height_px: number;
  label: string;
  window: Window | null;
}

export class FilmViewer implements Viewer {
  readonly element: HTMLElement;
  readonly #stage: Stage;
  readonly #lights = h("div", { class: "lights" });
  readonly #told = h("p", { class: "told", role: "status" });
  readonly #boxes = new Map<number, Box[]>();
  readonly #slider: HTMLInputElement;
  readonly #tools: Choice<Tool>;
  #image: Image | null = null;
  #window: Window | null = null;
  #number = 1;
  #going = new AbortController();
  #timer = 0;

  constructor(readonly source: FilmSource) {
    this.#stage = new Stage(`${source.label}. Plus and minus zoom, arrows move, 0 shows all.`);
    this.#stage.onLight = (across, down) => this.#shift(across, down);
    this.#tools = new Choice<Tool>("Dragging", [["move", "Move"], ["light", "Window"]], (chosen) => {
      this.#stage.tool = chosen;
    });
    this.#tools.show("move");
    const count = source.images.length;
    this.#slider = h("input", { type: "range", min: 1, max: count, value: 1, "aria-label": "Image", oninput: () => this.goTo(Number(this.#slider.value)) });
    this.element = h(
      "div",
      { class: "viewer" },
      bar(
        tool("fit", "Show all", () => this.#stage.showAll()),
        tool("add", "Larger", () => this.#stage.zoom(1.4)),
        tool("less", "Smaller", () => this.#stage.zoom(1 / 1.4)),
        this.#tools.element,
        this.#lights,
        count > 1 && h("label", { class: "slider" }, "Image", this.#slider),
      ),
      this.#stage.element,
      this.#told,
    );
    void this.#open(1);
  }

  goTo(place: number | string): void {
    if (typeof place === "number" && place !== this.#number) void this.#open(place);
  }

  drawBoxes(boxes: Box[], picture: number): void {
    this.#boxes.set(picture, boxes);
    if (boxes.length && picture !== this.#number) void this.#open(picture);
    else this.#stage.draw(this.#boxes.get(this.#number) ?? []);
  }

  onSight(act: (sight: Sight) => void): void {
    this.#stage.onSight = act;
  }

  follow(sight: Sight): void {
    this.#stage.follow(sight);
  }

  close(): void {
    this.#going.abort();
    this.#stage.close();
  }

  async #open(number: number): Promise<void> {
    const url = this.source.images[number - 1];
    if (!url) return;
    this.#number = number;
    this.#slider.value = String(number);
    this.#tell("Opening…");
    try {
      this.#image = await get<Image>(url);
      if (this.#number !== number) return;
      this.#window = keptWindow(this.#window, this.#image.window);
      this.#showLights();
      if (!this.#stage.image.src) this.#stage.resize(this.#image.width_px, this.#image.height_px);
      await this.#render();
      this.#stage.resize(this.#image.width_px, this.#image.height_px);
      this.#stage.draw(this.#boxes.get(number) ?? []);
      this.#told.hidden = true;
    } catch (error) {
      this.#tell(wordsOf(error));
    }
  }

  /** Fetch the picture through the window as it is now; while it is moved, a small one. */
  async #render(isQuick = false): Promise<void> {
    const image = this.#image;
    if (!image) return;
    this.#going.abort();
    this.#going = new AbortController();
    const words = new URLSearchParams();
    if (this.#window && this.#isMoved()) {
      words.set("low", String(this.#window.low));
      words.set("high", String(this.#window.high));
    }
    if (isQuick) words.set("side", String(QUICK_SIDE));
    try {
      await showPicture(this.#stage.image, `${image.url}?${words}`, this.#going.signal);
      this.#stage.image.alt = [this.source.label, image.label].filter(Boolean).join(", ");
    } catch (error) {
      const words = wordsOf(error);
      if (words) this.#tell(words);
    }
  }

  /** Whether the window is another than the one in which a model sees the film. */
  #isMoved(): boolean {
    const [now, whole] = [this.#window, this.#image?.window];
    return Boolean(now && whole && (now.low !== whole.lowest || now.high !== whole.highest));
  }

  #shift(across: number, down: number): void {
    const now = this.#window;
    if (!now) return;
    const range = Math.min(now.highest - now.lowest, 4000) / 400;
    const width = Math.max(1, now.high - now.low + across * range);
    const center = (now.low + now.high) / 2 + down * range;
    this.#set(center - width / 2, center + width / 2);
  }

  #set(low: number, high: number): void {
    if (!this.#window) return;
    Object.assign(this.#window, { low, high });
    this.#showLights();
    clearTimeout(this.#timer);
    const later = () => {
      this.#timer = window.setTimeout(() => void this.#render(), 4 * WAIT_MS);
    };
    this.#timer = window.setTimeout(() => void this.#render(true).then(later), WAIT_MS);
  }

  #showLights(): void {
    const now = this.#window;
    this.#tools.element.hidden = !now;
    if (!now) {
      fill(this.#lights);
      return;
    }
    const center = (now.low + now.high) / 2;
    const width = now.high - now.low;
    const field = (label: string, value: number, act: (value: number) => void) => {
      const change = (event: Event) => {
        const typed = Number((event.target as HTMLInputElement).value);
        if (Number.isFinite(typed)) act(typed);
      };
      return h("label", {}, label, h("input", { type: "number", step: "any", value: short(value), onchange: change }));
    };
    fill(
      this.#lights,
      field("Centre", center, (typed) => this.#set(typed - width / 2, typed + width / 2)),
      field("Width", width, (typed) => this.#set(center - Math.max(1, typed) / 2, center + Math.max(1, typed) / 2)),
      now.unit && h("span", { class: "quiet" }, now.unit),
      h("button", { type: "button", class: "plain", onclick: () => this.#set(now.lowest, now.highest) }, "Whole range"),
    );
  }

  #tell(words: string): void {
    this.#told.textContent = words;
    this.#told.hidden = false;
  }
}

/** The window of the picture before, where the next has the same range of values (frames of one film have); else its own. */
function keptWindow(before: Window | null, own: Window | null): Window | null {
  if (!own) return null;
  return before && before.lowest === own.lowest && before.highest === own.highest ? before : { ...own };
}
