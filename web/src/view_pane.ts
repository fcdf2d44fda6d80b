// The middle: the study, the study beside an earlier one, or what the model sees of it.

import { fill, h, icon, type Child } from "./dom";
import { SeenPanel } from "./seen";
import * as state from "./state";
import { kindName, titleOf, type Study } from "./study";
import { many } from "./words";
import { StudyViewer } from "./viewers/open";

export class ViewPane {
  readonly element = h("section", { class: "view-pane", "aria-label": "Study" });
  readonly #head = h("header", { class: "study-head" });
  readonly #body = h("div", { class: "study-body" });
  viewer: StudyViewer | null = null;
  #prior: StudyViewer | null = null;
  #seen: SeenPanel | null = null;
  #isSeen = false;
  readonly #together = h("input", { type: "checkbox", checked: true });

  constructor() {
    this.element.append(this.#head, this.#body);
    state.study.watch(() => this.#show());
    state.prior.watch(() => this.#show());
  }

  /** Between the study and what the model sees of it. */
  toggleSeen(): void {
    if (!state.study.value) return;
    this.#isSeen = !this.#isSeen;
    this.#showHead(state.study.value);
    this.#arrange();
  }

  /** Show the study itself, where boxes are drawn. */
  showStudy(): void {
    if (this.#isSeen) this.toggleSeen();
  }

  #show(): void {
    this.#close();
    this.#isSeen = false;
    const { value: study } = state.study;
    if (!study) {
      fill(this.#head);
      fill(this.#body, welcome());
      return;
    }
    this.viewer = new StudyViewer(study);
    this.#prior = state.prior.value ? new StudyViewer(state.prior.value) : null;
    this.#join();
    this.#showHead(study);
    this.#arrange();
  }

  /** Let both sides show the same part when one of them is moved. */
  #join(): void {
    const [now, before] = [this.viewer, this.#prior];
    if (!now || !before) return;
    now.onSight((sight) => this.#together.checked && before.follow(sight));
    before.onSight((sight) => this.#together.checked && now.follow(sight));
  }

  #showHead(study: Study): void {
    const words = study.num_images ? `What the model sees (${many(study.num_images, "image")})` : "What the model sees";
    fill(
      this.#head,
      h("div", { class: "title" }, h("h1", {}, titleOf(study)), h("span", { class: "kind" }, kindName(study.kind))),
      h("button", { type: "button", class: "see", "aria-pressed": String(this.#isSeen), onclick: () => this.toggleSeen() }, icon("eye"), words),
    );
  }

  #arrange(): void {
    const { value: study } = state.study;
    if (!study || !this.viewer) return;
    if (this.#isSeen) this.#seen ??= new SeenPanel(study);
    const side = (viewer: StudyViewer, label: string, ...more: Child[]) => h("div", { class: "side" }, h("h2", {}, label, ...more), viewer.element);
    const together = h("label", { class: "check" }, this.#together, "Move both");
    const shown = this.#prior
      ? h("div", { class: "sides" }, side(this.#prior, "Earlier"), side(this.viewer, "This study", together))
      : this.viewer.element;
    shown.hidden = this.#isSeen;
    if (this.#seen) this.#seen.element.hidden = !this.#isSeen;
    fill(this.#body, shown, this.#seen?.element);
  }

  #close(): void {
    this.viewer?.close();
    this.#prior?.close();
    this.#seen?.close();
    this.viewer = this.#prior = this.#seen = null;
  }
}

function welcome(): HTMLElement {
  return h(
    "div",
    { class: "welcome" },
    h("h1", {}, "Ask a study"),
    h("p", {}, "Drop an X-ray, a CT or MR series, a whole slide, a laboratory report or a FHIR record. It stays on the machine that runs this server, and is deleted from it after a while."),
    h("ul", {}, h("li", {}, "Look at it: films through windows, volumes in three planes, slides down to the pixel, pages, entries."), h("li", {}, "See the images exactly as the model sees them."), h("li", {}, "Ask, report, locate, compare, read laboratory rows, search a record.")),
  );
}
