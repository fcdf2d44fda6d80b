// Studies on the server, as its API has them.

import { get, post, remove } from "./api";

export type Kind = "film" | "picture" | "volume" | "slide" | "document" | "record" | "other";

export interface Series {
  name: string;
  modality: string;
  kind: string;
  num_images: number;
  plane: string;
  is_chosen: boolean;
  note: string;
}

export interface Study {
  id: string;
  kind: Kind;
  name: string;
  num_files: number;
  digest: string;
  num_images: number;
  sources: { kind: Kind; label: string; num_images: number }[];
  series: Series[];
  notes?: string[];
  created_at: number;
  expires_at: number;
}

export interface Origin {
  kind: "frame" | "slice" | "patch" | "tile" | "page";
  number: number;
  total: number;
  plane: string;
  position_mm: number | null;
  region_px: [number, number, number, number] | null;
  magnification: number | null;
  windows: [number, number][];
}

/** One image as the model sees it. */
export interface Seen {
  number: number;
  url: string;
  file: { name: string; sha256: string; kind: string } | null;
  width_px: number;
  height_px: number;
  steps: string[];
  origin: Origin | null;
}

export interface Source {
  kind: string;
  series: string;
  reason: string;
  choices: Record<string, unknown>;
  num_available: number;
  num_sent: number;
  notes: string[];
}

export interface Views {
  prompt: string;
  prompt_tokens: number;
  sources: Source[];
  data: Seen[];
}

export async function listStudies(): Promise<Study[]> {
  return (await get<{ data: Study[] }>("/v1/studies")).data;
}

export function makeStudy(fileIds: string[], options: Record<string, unknown> = {}): Promise<Study> {
  return post<Study>("/v1/studies", { file_ids: fileIds, options });
}

/** The uploads that a study was made of. */
export async function fileIdsOf(study: Study): Promise<string[]> {
  return (await get<{ files: { id: string }[] }>(`/v1/studies/${study.id}`)).files.map((file) => file.id);
}

export function deleteStudy(study: Study): Promise<void> {
  return remove(`/v1/studies/${study.id}`);
}

const seen = new Map<string, Promise<Views>>();

/** What the model sees of a study; asked for once. */
export function viewsOf(study: Study): Promise<Views> {
  let views = seen.get(study.id);
  if (!views) {
    views = get<Views>(`/v1/studies/${study.id}/views`);
    views.catch(() => seen.delete(study.id));
    seen.set(study.id, views);
  }
  return views;
}

const KINDS: Record<Kind, string> = {
  film: "Film",
  picture: "Picture",
  volume: "Volume",
  slide: "Slide",
  document: "Document",
  record: "Record",
  other: "Study",
};

export function kindName(kind: Kind): string {
  return KINDS[kind] ?? KINDS.other;
}

/** "chest.dcm", "CT volume, 85 files", "a.png and 3 more". */
export function titleOf(study: Study): string {
  const name = study.name || kindName(study.kind);
  if (study.num_files < 2) return name;
  const modality = study.series.find((one) => one.is_chosen)?.modality;
  if (modality) return `${modality} ${kindName(study.kind).toLowerCase()}, ${study.num_files} files`;
  return `${name} and ${study.num_files - 1} more`;
}
