// What the parts of the page share.

import { get } from "./api";
import { isOver, listJobs, type Job } from "./job";
import { Signal } from "./signal";
import { listStudies, type Study } from "./study";

export interface Model {
  id: string;
  description: string;
  notice: string;
  reads_images: boolean;
  /** Only models that answer have one. */
  max_model_len?: number;
  /** The model that an adapter changes. */
  parent?: string;
}

export type Pane = "studies" | "view" | "work";

/** The model that the server runs, as it is without adapters. */
export const model = new Signal<Model | null>(null);
/** All that answer: the model itself first, then its adapters. */
export const models = new Signal<Model[]>([]);
export const studies = new Signal<Study[]>([]);
export const study = new Signal<Study | null>(null);
/** The study beside it, where two are compared. */
export const prior = new Signal<Study | null>(null);
export const jobs = new Signal<Job[]>([]);
/** The job whose result is shown. */
export const job = new Signal<Job | null>(null);
/** Which part a narrow screen shows. */
export const pane = new Signal<Pane>("studies");

const POLL_MS = 2500;
let timer = 0;

export async function loadModel(): Promise<void> {
  const found = await get<{ data: Model[] }>("/v1/models");
  model.set(found.data[0] ?? null);
  models.set(found.data.filter((one) => one.max_model_len !== undefined));
}

export async function loadStudies(): Promise<void> {
  studies.set(await listStudies());
}

/** Ask for the jobs, and again while any of them runs. */
export async function loadJobs(): Promise<void> {
  clearTimeout(timer);
  try {
    jobs.set(await listJobs());
  } finally {
    const isAny = jobs.value.some((one) => !isOver(one.status));
    if (isAny) timer = window.setTimeout(() => void loadJobs().catch(() => undefined), POLL_MS);
  }
}

export function choose(chosen: Study | null): void {
  if (chosen?.id === study.value?.id) return;
  prior.set(null);
  job.set(null);
  study.set(chosen);
  if (chosen) pane.set("view");
}

export function studyOf(id: string | null): Study | null {
  return studies.value.find((one) => one.id === id) ?? null;
}
