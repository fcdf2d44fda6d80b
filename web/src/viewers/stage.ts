// A picture that can be moved and zoomed, with boxes on it that keep their line width.

import { fill, h, svg } from "../dom";
import type { Box } from "./viewer";

const MOST = 40;
const STEP = 1.25;
const LABEL_PX = 13;

/** How a picture is seen, whatever its size: zoom beside showing all of it, and what stands in the middle (0 to 1). */
export interface Sight {
  zoom: number;
  x: number;
  y: number;
}

export type Tool = "move" | "light";

export class Stage {
  readonly element: HTMLElement;
  readonly image = h("img", { alt: "", draggable: "false" });
  /** How dragging works; "light" gives the movement to `onLight`. */
  tool: Tool = "move";
  onLight: (across: number, down: number) => void = () => undefined;
  /** Told when a person has moved or zoomed. */
  onSight: (sight: Sight) => void = () => undefined;
  readonly #overlay = svg("svg", { class: "boxes" });
  readonly #board = h("div", { class: "board" }, this.image, this.#overlay);
  readonly #pointers = new Map<number, PointerEvent>();
  readonly #resized: ResizeObserver;
  #width = 1;
  #height = 1;
  #scale = 1;
  #x = 0;
  #y = 0;
  #isFitted = true;
  #boxes: Box[] = [];

  constructor(label: string) {
    this.element = h("div", { class: "stage", tabindex: "0", role: "group", "aria-label": label }, this.#board);
    this.element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.element.addEventListener("pointerdown", (event) => this.#down(event));
    this.element.addEventListener("pointermove", (event) => this.#moved(event));
    for (const name of ["pointerup", "pointercancel"] as const) {
      this.element.addEventListener(name, (event) => this.#pointers.delete(event.pointerId));
    }
    this.element.addEventListener("dblclick", () => this.showAll());
    this.element.addEventListener("contextmenu", (event) => event.preventDefault());
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.#resized = new ResizeObserver(() => (this.#isFitted ? this.fit() : this.#place()));
    this.#resized.observe(this.element);
  }

  /** Take a picture of a size; the view stays where the size stays. */
  resize(width: number, height: number): void {
    if (width === this.#width && height === this.#height) return;
    this.#width = width;
    this.#height = height;
    this.#board.style.width = `${width}px`;
    this.#board.style.height = `${height}px`;
    this.#overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.fit();
  }

  /** Show all of it. */
  fit(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height) return;
    this.#scale = this.#whole();
    this.#x = (width - this.#width * this.#scale) / 2;
    this.#y = (height - this.#height * this.#scale) / 2;
    this.#isFitted = true;
    this.#place();
  }

  /** Zoom around a point of the element, or its middle. */
  zoom(factor: number, x = this.element.clientWidth / 2, y = this.element.clientHeight / 2): void {
    const scale = Math.min(MOST, Math.max(0.5 * this.#whole(), this.#scale * factor));
    this.#x = x - ((x - this.#x) * scale) / this.#scale;
    this.#y = y - ((y - this.#y) * scale) / this.#scale;
    this.#scale = scale;
    this.#isFitted = false;
    this.#place();
    this.#tell();
  }

  /** Show all of it, because a person wants to. */
  showAll(): void {
    this.fit();
    this.#tell();
  }

  /** See the same part as another picture shows of itself. */
  follow(sight: Sight): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height) return;
    this.#scale = this.#whole() * sight.zoom;
    this.#x = width / 2 - sight.x * this.#width * this.#scale;
    this.#y = height / 2 - sight.y * this.#height * this.#scale;
    this.#isFitted = sight.zoom === 1 && sight.x === 0.5 && sight.y === 0.5;
    this.#place();
  }

  draw(boxes: Box[]): void {
    this.#boxes = boxes;
    this.#place();
  }

  close(): void {
    this.#resized.disconnect();
    if (this.image.src.startsWith("blob:")) URL.revokeObjectURL(this.image.src);
  }

  #place(): void {
    this.#board.style.transform = `translate(${this.#x}px, ${this.#y}px) scale(${this.#scale})`;
    this.image.classList.toggle("pixels", this.#scale > 3);
    fill(this.#overlay, ...this.#boxes.map((box) => drawn(box, 1 / this.#scale)));
  }

  #move(across: number, down: number): void {
    this.#x += across;
    this.#y += down;
    this.#isFitted = false;
    this.#place();
    this.#tell();
  }

  /** The scale at which all of it is seen. */
  #whole(): number {
    return Math.min(this.element.clientWidth / this.#width, this.element.clientHeight / this.#height);
  }

  #tell(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    const middle = (size: number, from: number, own: number) => (size / 2 - from) / (own * this.#scale);
    this.onSight({ zoom: this.#scale / this.#whole(), x: middle(width, this.#x, this.#width), y: middle(height, this.#y, this.#height) });
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const frame = this.element.getBoundingClientRect();
    this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), event.clientX - frame.left, event.clientY - frame.top);
  }

  #down(event: PointerEvent): void {
    this.element.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, event);
  }

  #moved(event: PointerEvent): void {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const [across, down] = [event.clientX - before.clientX, event.clientY - before.clientY];
    const other = [...this.#pointers.values()].find((one) => one.pointerId !== event.pointerId);
    this.#pointers.set(event.pointerId, event);
    if (other) {
      const frame = this.element.getBoundingClientRect();
      const factor = distance(event, other) / Math.max(1, distance(before, other));
      this.zoom(factor, (event.clientX + other.clientX) / 2 - frame.left, (event.clientY + other.clientY) / 2 - frame.top);
    } else if (this.tool === "light" || event.buttons === 2) {
      this.onLight(across, down);
    } else {
      this.#move(across, down);
    }
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act: Record<string, () => void> = {
      "+": () => this.zoom(STEP),
      "=": () => this.zoom(STEP),
      "-": () => this.zoom(1 / STEP),
      "0": () => this.showAll(),
      ArrowLeft: () => this.#move(40, 0),
      ArrowRight: () => this.#move(-40, 0),
      ArrowUp: () => this.#move(0, 40),
      ArrowDown: () => this.#move(0, -40),
    };
    const doing = act[event.key];
    if (!doing) return;
    event.preventDefault();
    doing();
  }
}

/** A box as lines of one width and a label of one size, at any zoom. */
export function drawn(box: Box, pixel: number): SVGGElement {
  const size = LABEL_PX * pixel;
  const label = svg("text", { x: box.x0, y: Math.max(box.y0 - 5 * pixel, size), "font-size": size, "stroke-width": 3 * pixel }, box.label);
  const frame = svg("rect", {
    x: box.x0,
    y: box.y0,
    width: Math.max(0, box.x1 - box.x0),
    height: Math.max(0, box.y1 - box.y0),
    rx: 2 * pixel,
  });
  return svg("g", { class: `box tone-${box.tone % 6}`, role: "img", "aria-label": `box: ${box.label}` }, frame, label);
}

function distance(a: PointerEvent, b: PointerEvent): number {
  return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
}
