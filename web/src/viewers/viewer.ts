// What every viewer can do, and how the server describes them.

import type { Sight } from "./stage";

/** A rectangle in the full-size pixels of its picture. */
export interface Box {
  label: string;
  /** Which colour: boxes of one thing share it. */
  tone: number;
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

export interface Viewer {
  readonly element: HTMLElement;
  /** Draw boxes on the picture of a number, from 1, and bring the one that is meant into view; none clears them. */
  drawBoxes?(boxes: Box[], picture: number, meant?: number): void;
  /** Bring a page, an image or an entry into view. */
  goTo?(place: number | string): void;
  /** Tell of each movement by a person, so that another viewer can follow it. */
  onSight?(act: (sight: Sight) => void): void;
  follow?(sight: Sight): void;
  /** Let go of what it holds. */
  close(): void;
}

export interface Window {
  lowest: number;
  highest: number;
  low: number;
  high: number;
  unit: string;
}

export interface FilmSource {
  kind: "film" | "picture";
  label: string;
  images: string[];
}

export interface VolumeSource {
  kind: "volume";
  label: string;
  volumes: {
    url: string;
    label: string;
    modality: string;
    shape: [number, number, number];
    unit: string;
    windows: { name: string; low: number; high: number }[];
    stride: number;
  }[];
}

export interface SlideSource {
  kind: "slide";
  label: string;
  tiles: string;
  width_px: number;
  height_px: number;
  tile_px: number;
  first_level: number;
  last_level: number;
  mpp_um: number | null;
  objective: number | null;
}

export interface DocumentSource {
  kind: "document";
  label: string;
  pages: { url: string; width_pt: number; height_pt: number }[];
}

export interface RecordSource {
  kind: "record";
  label: string;
  url: string;
  patient: string;
  counts: Record<string, number>;
}

export type ViewerSource = FilmSource | VolumeSource | SlideSource | DocumentSource | RecordSource;
