// The same files read differently: another series, plane, window, magnification, pages. It makes a study of its own.

import { wordsOf } from "./api";
import { h } from "./dom";
import * as state from "./state";
import { fileIdsOf, makeStudy, type Kind, type Study } from "./study";

const PLANES = ["axial", "coronal", "sagittal"];

type Read = () => unknown;

interface Field {
  option: string;
  label: string;
  hint: string;
  /** What is typed as the server wants it; undefined for what makes no sense. */
  parse: (typed: string) => unknown;
}

const pair = (typed: string) => numbers(typed, 2);
const one = (typed: string) => numbers(typed, 1)?.[0];

const FIELDS: Record<string, Field> = {
  slices: { option: "slices", label: "Slices", hint: "first to last, such as 20-60", parse: pair },
  max_slices: { option: "max_slices", label: "Slices at most", hint: "85", parse: one },
  window: { option: "window", label: "Window", hint: "centre and width, such as 40, 400", parse: pair },
  tiles: { option: "tiles", label: "Parts", hint: "columns and rows, such as 2, 2", parse: pair },
  magnification: { option: "magnification", label: "Magnification", hint: "10", parse: one },
  max_patches: { option: "max_patches", label: "Patches at most", hint: "125", parse: one },
  pages: { option: "pages", label: "Pages", hint: "first to last, such as 1-3", parse: pair },
  dpi: { option: "dpi", label: "Dots an inch", hint: "150", parse: one },
};

const OFFERED: Record<Kind, string[]> = {
  film: ["window", "tiles"],
  picture: ["window", "tiles"],
  volume: ["slices", "max_slices", "window"],
  slide: ["magnification", "max_patches"],
  document: ["pages", "dpi", "tiles"],
  record: [],
  other: [],
};

/** A form for reading a study differently; null where nothing can be chosen. */
export function readingForm(study: Study): HTMLElement | null {
  const offered = OFFERED[study.kind];
  if (!offered.length) return null;
  const reads: Record<string, Read> = {};
  const told = h("p", { class: "bad", role: "alert", hidden: true });
  const fields = offered.map((name) => typedField(FIELDS[name] as Field, reads));
  const form = h("form", { class: "reading" }, seriesField(study, reads), study.kind === "volume" && planeField(reads), ...fields, fitField(reads), h("button", { type: "submit" }, "Read again"), told);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void again(study, reads).catch((error: unknown) => {
      told.textContent = wordsOf(error);
      told.hidden = false;
    });
  });
  return h("details", { class: "words" }, h("summary", {}, "Read it differently"), form);
}

async function again(before: Study, reads: Record<string, Read>): Promise<void> {
  const options = Object.fromEntries(Object.entries(reads).map(([name, read]) => [name, read()]).filter(([, value]) => value !== undefined));
  const study = await makeStudy(await fileIdsOf(before), options);
  await state.loadStudies();
  state.choose(study);
}

function seriesField(study: Study, reads: Record<string, Read>): HTMLElement | null {
  if (study.series.length < 2) return null;
  const select = h("select", {}, ...study.series.map((series) => h("option", { value: series.name, selected: series.is_chosen, title: series.note }, `${series.name}: ${series.modality} ${series.plane || series.kind}, ${series.num_images}`)));
  const chosen = select.value;
  reads["series"] = () => (select.value === chosen ? undefined : [select.value]);
  return h("label", { class: "field" }, "Series", select);
}

function planeField(reads: Record<string, Read>): HTMLElement {
  const select = h("select", {}, h("option", { value: "" }, "as acquired"), ...PLANES.map((plane) => h("option", {}, plane)));
  reads["plane"] = () => select.value || undefined;
  return h("label", { class: "field" }, "Plane", select);
}

function fitField(reads: Record<string, Read>): HTMLElement {
  const input = h("input", { type: "checkbox" });
  reads["fit"] = () => input.checked || undefined;
  return h("label", { class: "check" }, input, "Send fewer where the context is too small");
}

function typedField(field: Field, reads: Record<string, Read>): HTMLElement {
  const input = h("input", { type: "text", inputmode: "decimal", placeholder: field.hint });
  reads[field.option] = () => {
    const typed = input.value.trim();
    if (!typed) return undefined;
    const value = field.parse(typed);
    if (value === undefined) throw new Error(`${field.label}: expected ${field.hint}`);
    return value;
  };
  return h("label", { class: "field" }, field.label, input);
}

/** So many numbers of what was typed; a dash between two is no minus. */
function numbers(typed: string, count: number): number[] | undefined {
  const found = typed.match(/(?<!\d\s*)-?\d+(\.\d+)?/g)?.map(Number) ?? [];
  return found.length === count ? found : undefined;
}
