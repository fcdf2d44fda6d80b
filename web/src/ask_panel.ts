// Questions about a study, answered while you watch.

import { Speaker, announce } from "./announce";
import { wordsOf } from "./api";
import { answered, forgetTalk, keepTalk, recalled, type Turn } from "./chat";
import { fill, h, icon } from "./dom";
import { startJob } from "./job";
import { rendered } from "./markdown";
import { isChoice, modelAsked, modelSent, recallModel } from "./model_choice";
import * as state from "./state";
import type { Kind, Study } from "./study";
import { many, seconds } from "./words";

const EXAMPLES: Record<Kind, string[]> = {
  film: ["Describe this X-ray.", "Is there a pleural effusion?"],
  picture: ["Describe this picture.", "What stands out?"],
  volume: ["Describe the findings.", "Which organs are shown?"],
  slide: ["Describe the histology.", "Is there evidence of malignancy?"],
  document: ["Summarise this document.", "Which values are outside their range?"],
  record: ["Summarise this record.", "Which medications are current?"],
  other: ["Describe what is shown."],
};

export class AskPanel {
  readonly element: HTMLElement;
  readonly #turns: Turn[] = [];
  readonly #log = h("div", { class: "talk", "aria-label": "Conversation", role: "region" });
  readonly #question = h("textarea", { id: "question", rows: 2, placeholder: "Ask about this study", required: true });
  readonly #thinks = h("input", { type: "checkbox" });
  readonly #inBackground = h("input", { type: "checkbox" });
  readonly #most = h("input", { type: "number", min: 1, step: 1, placeholder: "no limit", "aria-label": "Tokens at most" });
  readonly #send = h("button", { type: "submit", class: "main" }, icon("sent"), "Ask");
  readonly #stop = h("button", { type: "button", hidden: true, class: "main", onclick: () => this.stop() }, icon("stop"), "Stop");
  readonly #anew = h("button", { type: "button", class: "plain", hidden: true, onclick: () => void this.#forget() }, "New conversation");
  #going: AbortController | null = null;

  constructor(readonly study: Study) {
    const form = h(
      "form",
      { class: "ask" },
      h("label", { class: "unseen", for: "question" }, "Question"),
      this.#question,
      h(
        "div",
        { class: "row" },
        h("label", { class: "check" }, this.#thinks, "Think first"),
        h("label", { class: "check", title: "It goes on when this page is closed" }, this.#inBackground, "In the background"),
        h("label", { class: "check" }, "Tokens", this.#most),
        h("span", { class: "space" }),
        this.#stop,
        this.#send,
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.ask(this.#question.value);
    });
    this.#question.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    this.element = h("div", { class: "panel asking" }, this.#anew, this.#log, form);
    this.#showExamples();
    void this.#recall();
  }

  focus(): void {
    this.#question.focus();
  }

  stop(): void {
    this.#going?.abort();
  }

  async ask(question: string): Promise<void> {
    const words = question.trim();
    if (!words || this.#going) return;
    if (this.#inBackground.checked) {
      await this.#start(words);
      return;
    }
    this.#question.value = "";
    if (!this.#turns.length) fill(this.#log);
    this.#turns.push({ role: "user", text: words, thinking: "", model: "", finish: "stop" });
    this.#log.append(asked(words));
    await this.#answer();
  }

  async #answer(): Promise<void> {
    const turn: Turn = { role: "assistant", text: "", thinking: "", model: modelAsked(this.study.id), finish: "" };
    const view = new TurnView(turn);
    const speaker = new Speaker();
    this.#log.append(view.element);
    view.element.scrollIntoView({ block: "end" });
    this.#going = new AbortController();
    this.#busy(true);
    announce(isChoice() ? `${turn.model} is answering.` : "Answering.");
    try {
      const options = { thinks: this.#thinks.checked, most: Number(this.#most.value) || null };
      for await (const heard of answered(turn.model, this.study.id, this.#turns, options, this.#going.signal)) {
        turn.model = heard.model ?? turn.model;
        turn.text += heard.text ?? "";
        turn.thinking += heard.thinking ?? "";
        turn.finish = heard.finish ?? turn.finish;
        if (heard.text) speaker.hear(heard.text);
        view.show(heard.usage ?? null);
        this.#keepInView();
      }
    } catch (error) {
      const words = wordsOf(error);
      turn.finish = words ? "failed" : "stopped";
      view.show(null, words);
    }
    speaker.end();
    this.#busy(false);
    this.#going = null;
    if (turn.text) this.#turns.push(turn);
    else this.#turns.pop();
    this.#keep();
    this.#question.focus({ preventScroll: true });
  }

  /** Go on where it was left, in whatever tab that was. */
  async #recall(): Promise<void> {
    const turns = await recalled(this.study.id).catch(() => []);
    if (!turns.length || this.#turns.length || this.#going) return;
    this.#turns.push(...turns);
    fill(this.#log, ...turns.map(shown));
    recallModel(this.study.id, turns.findLast((turn) => turn.role === "assistant")?.model ?? "");
    this.#anew.hidden = false;
  }

  /** Let it be found again; a server that cannot keep it (its disk is full) changes nothing here. */
  #keep(): void {
    this.#anew.hidden = !this.#turns.length;
    void keepTalk(this.study.id, this.#turns).catch(() => undefined);
  }

  async #forget(): Promise<void> {
    this.stop();
    this.#turns.length = 0;
    this.#anew.hidden = true;
    this.#showExamples();
    await forgetTalk(this.study.id).catch(() => undefined);
    this.focus();
  }

  async #start(question: string): Promise<void> {
    try {
      const most = Number(this.#most.value);
      const limit = most ? { max_new_tokens: most } : {};
      const job = await startJob({ task: "ask", study_id: this.study.id, question, thinking: this.#thinks.checked, ...limit, ...modelSent(this.study.id) });
      this.#question.value = "";
      state.job.set(job);
      await state.loadJobs();
    } catch (error) {
      this.#log.append(h("p", { class: "bad", role: "alert" }, wordsOf(error)));
    }
  }

  #busy(isBusy: boolean): void {
    this.#stop.hidden = !isBusy;
    this.#send.hidden = isBusy;
  }

  #keepInView(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    if (scrollHeight - scrollTop - clientHeight < 160) this.#log.scrollTop = scrollHeight;
  }

  #showExamples(): void {
    const buttons = EXAMPLES[this.study.kind].map((words) =>
      h("button", { type: "button", class: "chip", onclick: () => {
        this.#question.value = words;
        this.#question.focus();
      } }, words),
    );
    fill(this.#log, h("div", { class: "examples" }, h("p", { class: "quiet" }, "For example"), ...buttons));
  }
}

function asked(words: string): HTMLElement {
  return h("div", { class: "turn user" }, h("p", {}, words));
}

/** A turn of an earlier visit. */
function shown(turn: Turn): HTMLElement {
  if (turn.role === "user") return asked(turn.text);
  const view = new TurnView(turn);
  view.show(null);
  return view.element;
}

/** One answer while it grows. */
class TurnView {
  readonly #thought = h("div");
  readonly #thinking = h("details", { class: "thinking", hidden: true }, h("summary", {}, "Thinking"), this.#thought);
  readonly #text = h("div", { class: "answer" });
  readonly #end = h("p", { class: "ending" });
  readonly #copy = h("button", { type: "button", class: "tool", hidden: true, title: "Copy", "aria-label": "Copy this answer", onclick: () => void navigator.clipboard.writeText(this.turn.text) }, icon("copy"));
  readonly element = h("div", { class: "turn model", "aria-busy": "true" }, this.#thinking, this.#text, h("div", { class: "row" }, this.#end, this.#copy));
  readonly #began = performance.now();

  constructor(readonly turn: Turn) {
    fill(this.#text, h("p", { class: "waiting" }, "Reading the study…"));
  }

  show(usage: { prompt_tokens: number; completion_tokens: number } | null, failed = ""): void {
    const { turn } = this;
    this.#thinking.hidden = !turn.thinking;
    if (turn.thinking) fill(this.#thought, rendered(turn.thinking));
    if (turn.text || turn.finish) fill(this.#text, rendered(turn.text));
    else if (turn.thinking) fill(this.#text, h("p", { class: "waiting" }, "Thinking…"));
    if (turn.finish) this.#showEnd(usage, failed);
  }

  #showEnd(usage: { prompt_tokens: number; completion_tokens: number } | null, failed: string): void {
    const took = seconds((performance.now() - this.#began) / 1000);
    const ends: Record<string, string> = { length: "Cut off at its limit.", stopped: "Stopped.", failed };
    const counted = usage ? `${many(usage.completion_tokens, "token")} in ${took}` : "";
    const who = this.turn.model && h("span", { class: "answerer" }, this.turn.model);
    const how = [ends[this.turn.finish], counted].filter(Boolean).join(" ");
    fill(this.#end, who, who && how && " · ", how);
    this.#end.classList.toggle("bad", this.turn.finish === "length" || this.turn.finish === "failed");
    this.#copy.hidden = !this.turn.text;
    this.element.setAttribute("aria-busy", "false");
  }
}
