// Long work: submitted, followed with its progress, cancelled.

import { el, keyed, part, setText } from "../ui/dom.ts";
import { plannedLayout, shopping, type PlanAnswer } from "./planned_layout.ts";
import { cancel, job, submit, type Job, type PlanLayout } from "./server.ts";

const FOLLOW_MS = 500;

const NAMES: Readonly<Record<string, string>> = { compare: "Comparison", plan: "What to buy" };
const AIMS: Readonly<Record<string, string>> = {
  mean_probability: "the mean probability of detection, outages counted,",
  worst_segment: "the worst segment, outages counted,",
  least_detected: "the least detected crossing, all sensors working,",
};
const STATES = { queued: "waits", running: "works", done: "done", failed: "not possible", cancelled: "cancelled" } as const;

export interface JobEvents {
  say(problem: string): void;
  /** A plan is done: its layout can be picked. */
  planned(layout: PlanLayout): void;
  show(layout: PlanLayout, side: "a" | "b"): void;
}

export class JobList {
  readonly #list = part<HTMLOListElement>("jobs");
  readonly #events: JobEvents;
  #jobs: Job[] = [];

  constructor(events: JobEvents) {
    this.#events = events;
  }

  #say(error: unknown): void {
    this.#events.say(error instanceof Error ? error.message : String(error));
  }

  async start(order: unknown): Promise<void> {
    try {
      const begun = await submit(order);
      this.#jobs = [begun, ...this.#jobs].slice(0, 8);
      this.#show();
      void this.#follow(begun.id);
    } catch (error) {
      this.#say(error);
    }
  }

  async #follow(id: string): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, FOLLOW_MS));
      try {
        const now = await job(id);
        this.#jobs = this.#jobs.map((one) => (one.id === id ? now : one));
        this.#show();
        if (now.state !== "queued" && now.state !== "running") {
          const layout = plannedLayout(now);
          if (layout !== null) this.#events.planned(layout);
          return;
        }
      } catch (error) {
        this.#say(error);
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
    const show = (side: "a" | "b", words: string) =>
      el("button", { type: "button", data: { testid: `job-show-${side}` }, on: { click: () => this.#pick(one.id, side) } }, words);
    const shows = el("p", { class: "shows", hidden: true }, show("a", "Show left"), show("b", "Show right"));
    return el("li", { data: { testid: "job", job: one.id } }, el("p", { class: "title" }), bar, el("p", { class: "answer" }), shows, stop);
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
    const shows = node.querySelector<HTMLElement>(".shows");
    if (shows !== null) shows.hidden = plannedLayout(one) === null;
  }

  #pick(id: string, side: "a" | "b"): void {
    const found = this.#jobs.find((one) => one.id === id);
    const layout = found === undefined ? null : plannedLayout(found);
    if (layout !== null) this.#events.show(layout, side);
  }

  async #cancel(id: string): Promise<void> {
    try {
      const now = await cancel(id);
      this.#jobs = this.#jobs.map((one) => (one.id === id ? now : one));
      this.#show();
    } catch (error) {
      this.#say(error);
    }
  }
}

function sentence(one: Job): string {
  const answer = (one.answer ?? {}) as PlanAnswer;
  if (answer.headline !== undefined) return answer.headline;
  if (answer.bought === undefined) return "";
  const gap = answer.gap === 0 ? "the best there is" : `at most ${percent(answer.gap)} below the best there is`;
  const cost = `${answer.currency ?? ""} ${Math.round(answer.cost ?? 0).toLocaleString("en")}`;
  return `Buy ${shopping(answer)} for ${cost}: ${AIMS[answer.objective ?? ""] ?? ""} from ${percent(answer.without)} to ${percent(answer.value)}, ${gap}.`;
}

function percent(share: number | undefined): string {
  return share === undefined ? "?" : `${(100 * share).toFixed(1)} %`;
}
