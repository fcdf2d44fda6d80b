// A conversation about a study, through the same route that every other client uses.

import { asJson, events, get, post, remove } from "./api";

export interface Turn {
  role: "user" | "assistant";
  text: string;
  thinking: string;
  /** Who answered, by its name in /v1/models; "" for a question. */
  model: string;
  /** Why it ended: "" while it goes on. */
  finish: "" | "stop" | "length" | "stopped" | "failed";
}

interface Piece {
  model: string;
  choices: { delta: { content?: string; reasoning_content?: string }; finish_reason: string | null }[];
  usage?: { prompt_tokens: number; completion_tokens: number } | null;
}

export interface Heard {
  model?: string;
  text?: string;
  thinking?: string;
  finish?: "stop" | "length";
  usage?: { prompt_tokens: number; completion_tokens: number };
}

/** The pieces of the next answer; the study goes with the first question. */
export async function* answered(
  model: string,
  studyId: string,
  turns: Turn[],
  options: { thinks: boolean; most: number | null },
  signal: AbortSignal,
): AsyncGenerator<Heard> {
  const sent = {
    model,
    messages: turns.map((turn, index) => ({ role: turn.role, content: contentOf(turn, index === 0 ? studyId : null) })),
    stream: true,
    stream_options: { include_usage: true },
    ...(options.thinks ? { reasoning_effort: "medium" } : {}),
    ...(options.most ? { max_completion_tokens: options.most } : {}),
  };
  for await (const piece of events<Piece>("/v1/chat/completions", asJson(sent, signal))) {
    const choice = piece.choices[0];
    if (choice) yield { model: piece.model };
    if (choice?.delta.reasoning_content) yield { thinking: choice.delta.reasoning_content };
    if (choice?.delta.content) yield { text: choice.delta.content };
    if (choice?.finish_reason) yield { finish: choice.finish_reason === "length" ? "length" : "stop" };
    if (piece.usage) yield { usage: piece.usage };
  }
}

/** What was asked of a study before, in this tab or another. */
export async function recalled(studyId: string): Promise<Turn[]> {
  return (await get<{ turns: Turn[] }>(talkOf(studyId))).turns;
}

export async function keepTalk(studyId: string, turns: Turn[]): Promise<void> {
  await post(talkOf(studyId), { turns });
}

export function forgetTalk(studyId: string): Promise<void> {
  return remove(talkOf(studyId));
}

function talkOf(studyId: string): string {
  return `/v1/studies/${studyId}/conversation`;
}

function contentOf(turn: Turn, studyId: string | null): unknown {
  if (!studyId) return turn.text;
  return [
    { type: "file", file: { file_id: studyId } },
    { type: "text", text: turn.text },
  ];
}
