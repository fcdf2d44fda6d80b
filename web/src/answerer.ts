// Who did a job: by what its result says of itself, and until then by what was asked for.

import { isOver, type Job } from "./job";
import * as state from "./state";

/** How a person knows the model of a job; "" where nothing tells it. */
export function answererOf(job: Job): string {
  const told = describedIn(job.result);
  if (told) return state.models.value.find((one) => one.description === told)?.id ?? told;
  return adapterOf(job) || (isOver(job.status) ? "" : (state.model.value?.id ?? ""));
}

/** The same at length, for paper. */
export function describedOf(job: Job): string {
  return describedIn(job.result) || answererOf(job);
}

/** The adapter that was asked for; the server notes none for the model itself. */
export function adapterOf(job: Job): string {
  return typeof job.request.model === "string" ? job.request.model : "";
}

/** A model's description as a result tells it: a record's at its top, others' with each reply. */
function describedIn(result: unknown): string {
  if (isObject(result) && typeof result.model === "string") return result.model;
  return provenIn(result);
}

function provenIn(result: unknown): string {
  if (!isObject(result)) return "";
  if (isObject(result.provenance) && typeof result.provenance.model === "string") return result.provenance.model;
  for (const value of Object.values(result)) {
    const found = provenIn(value);
    if (found) return found;
  }
  return "";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
