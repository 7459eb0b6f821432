// Long work: submitted, followed with its progress, cancelled.

import { el, keyed, part, setText } from "../ui/dom.ts";
import { cancel, job, submit, type Job } from "./server.ts";

const FOLLOW_MS = 500;

const NAMES: Readonly<Record<string, string>> = { compare: "Comparison", plan: "What to buy" };
const STATES = { queued: "waits", running: "works", done: "done", failed: "not possible", cancelled: "cancelled" } as const;

export class JobList {
  readonly #list = part<HTMLOListElement>("jobs");
  readonly #say: (problem: string) => void;
  #jobs: Job[] = [];

  constructor(say: (problem: string) => void) {
    this.#say = say;
  }

  async start(order: unknown): Promise<void> {
    try {
      const begun = await submit(order);
      this.#jobs = [begun, ...this.#jobs].slice(0, 8);
      this.#show();
      void this.#follow(begun.id);
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error));
    }
  }

  async #follow(id: string): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, FOLLOW_MS));
      try {
        const now = await job(id);
        this.#jobs = this.#jobs.map((one) => (one.id === id ? now : one));
        this.#show();
        if (now.state !== "queued" && now.state !== "running") return;
      } catch (error) {
        this.#say(error instanceof Error ? error.message : String(error));
        return;
      }
    }
  }

  #show(): void {
    keyed(this.#list, this.#jobs, (one) => one.id, (one) => this.#row(one), (node, one) => this.#tell(node, one));
  }

  #row(one: Job): HTMLLIElement {
    const stop = el("button", { type: "button", class: "stop", data: { testid: "job-cancel" }, on: { click: () => void this.#cancel(one.id) } }, "Cancel");
    const bar = el("progress", { aria: { label: "Progress" } });
    return el("li", { data: { testid: "job", job: one.id } }, el("p", { class: "title" }), bar, el("p", { class: "answer" }), stop);
  }

  #tell(node: HTMLElement, one: Job): void {
    node.dataset["state"] = one.state;
    const going = one.state === "queued" || one.state === "running";
    const [title, answer] = [node.querySelector(".title"), node.querySelector(".answer")];
    const doing = one.state === "running" && one.doing !== "" ? `, ${one.doing}` : "";
    if (title !== null) setText(title, `${NAMES[one.kind] ?? one.kind}: ${STATES[one.state]}${doing}`);
    if (answer !== null) setText(answer, one.state === "failed" ? one.problem : one.state === "done" ? sentence(one) : "");
    const bar = node.querySelector("progress");
    if (bar !== null) {
      bar.hidden = !going;
      if (one.total > 0) {
        bar.max = one.total;
        bar.value = one.done;
      }
    }
    const stop = node.querySelector<HTMLButtonElement>(".stop");
    if (stop !== null) stop.hidden = !going;
  }

  async #cancel(id: string): Promise<void> {
    try {
      const now = await cancel(id);
      this.#jobs = this.#jobs.map((one) => (one.id === id ? now : one));
      this.#show();
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error));
    }
  }
}

interface PlanAnswer {
  readonly headline?: string;
  readonly value?: number;
  readonly without?: number;
  readonly gap?: number;
  readonly cost?: number;
  readonly currency?: string;
  readonly bought?: readonly { readonly item: string | null; readonly id: string }[];
}

function sentence(one: Job): string {
  const answer = (one.answer ?? {}) as PlanAnswer;
  if (answer.headline !== undefined) return answer.headline;
  if (answer.bought === undefined) return "";
  const counts = new Map<string, number>();
  for (const { item, id } of answer.bought) counts.set(item ?? id, (counts.get(item ?? id) ?? 0) + 1);
  const bought = [...counts].map(([name, count]) => `${count} ${name}`).join(", ") || "nothing";
  const gap = answer.gap === 0 ? "the best there is" : `at most ${percent(answer.gap)} below the best there is`;
  const cost = `${answer.currency ?? ""} ${Math.round(answer.cost ?? 0).toLocaleString("en")}`;
  return `Buy ${bought} for ${cost}: ${percent(answer.without)} becomes ${percent(answer.value)}, ${gap}.`;
}

function percent(share: number | undefined): string {
  return share === undefined ? "?" : `${(100 * share).toFixed(1)} %`;
}
