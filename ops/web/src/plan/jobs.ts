// Background jobs: submitted, followed with their progress, cancelled.

import { el, keyed, part, setText } from "../ui/dom.ts";
import { readMessage } from "../model/parse.ts";
import { failure, isPassing, RequestFailed } from "../net/api.ts";
import { GrowingPause } from "../net/growing_pause.ts";
import { canSay, say } from "../words/say.ts";
import { additions, foundLayouts, numberOf, plannedLayout, type PlanAnswer, type FoundLayout } from "./planned_layout.ts";
import { comparedTable } from "./results/compared.ts";
import { cancel, job, reportOf, submit, type Job, type PlanLayout } from "./server.ts";

const FOLLOW_MS = 500;
const MOST_JOBS = 8;

export interface JobEvents {
  say(problem: string): void;
  /** A plan is done, just now or before the page was opened: its layout can be picked, and those that it found for less money. */
  planned(layout: PlanLayout, found: readonly FoundLayout[], isNew: boolean): void;
  /** These jobs are listed. */
  listed(jobs: readonly string[]): void;
  show(layout: PlanLayout, side: "a" | "b"): void;
}

export class JobList {
  readonly #rows = part<HTMLOListElement>("jobs");
  readonly #events: JobEvents;
  #jobs: Job[] = [];
  /** Ids of jobs from before the page was opened, until the server has answered. */
  #before: readonly string[] = [];

  constructor(events: JobEvents) {
    this.#events = events;
  }

  #say(error: unknown): void {
    this.#events.say(say(failure(error)));
  }

  async start(order: unknown): Promise<void> {
    try {
      const begun = await submit(order);
      this.#events.say("");
      this.#list([begun, ...this.#jobs]);
      void this.#follow(begun.id);
    } catch (error) {
      this.#say(error);
    }
  }

  /** List jobs from before the page was opened, except those that the server no longer has. */
  async restore(ids: readonly string[]): Promise<void> {
    this.#before = ids;
    const found = (await Promise.all(ids.map((id) => this.#known(id)))).filter((one) => one !== null);
    this.#before = [];
    this.#list([...this.#jobs, ...found]);
    for (const one of found.reverse()) if (!this.#hasEnded(one, false)) void this.#follow(one.id);
  }

  /** A job; null: the server no longer has it. Asked again where it could not answer, also while the login page opens. */
  async #known(id: string): Promise<Job | null> {
    const pause = new GrowingPause();
    for (let failed = false; ; failed = true) {
      try {
        const one = await job(id);
        if (failed) this.#events.say("");
        return one;
      } catch (error) {
        if (!isPassing(error) && !(error instanceof RequestFailed && error.status === 401)) {
          if (failed) this.#events.say("");
          return null;
        }
        this.#say(error);
        await pause.next();
      }
    }
  }

  #list(jobs: readonly Job[]): void {
    this.#jobs = jobs.slice(0, MOST_JOBS);
    this.#events.listed([...this.#jobs.map(({ id }) => id), ...this.#before].slice(0, MOST_JOBS));
    this.#show();
  }

  #hasEnded(one: Job, isNew: boolean): boolean {
    if (one.state === "queued" || one.state === "running") return false;
    const layout = plannedLayout(one);
    if (layout !== null) this.#events.planned(layout, foundLayouts(one), isNew);
    if (one.state === "done") this.#report(one);
    return true;
  }

  #take(now: Job): void {
    this.#jobs = this.#jobs.map((one) => (one.id === now.id ? now : one));
    this.#show();
  }

  /** Until it ends. Asked again where the server could not answer, as while it is started again. */
  async #follow(id: string): Promise<void> {
    const pause = new GrowingPause();
    let failed = false;
    for (;;) {
      if (failed) await pause.next();
      else await new Promise((resolve) => setTimeout(resolve, FOLLOW_MS));
      try {
        const now = await job(id);
        if (failed) this.#events.say("");
        failed = false;
        pause.reset();
        this.#take(now);
        if (this.#hasEnded(now, true)) return;
      } catch (error) {
        const known = this.#jobs.find((one) => one.id === id);
        if (known === undefined) return;
        if (!isPassing(error)) {
          this.#events.say("");
          return this.#take({ ...known, state: "failed", problem: say(failure(error)), message: null });
        }
        this.#say(error);
        failed = true;
      }
    }
  }

  /** The latest report is at hand beside the pictures as well. */
  #report(one: Job): void {
    const link = part<HTMLAnchorElement>("report");
    link.href = reportOf(one.id);
    link.hidden = false;
    part("report-none").hidden = true;
    setText(link, say("planner-report-of", { kind: one.kind, number: numberOf(one) }));
  }

  #show(): void {
    keyed(this.#rows, this.#jobs, (one) => one.id, (one) => this.#row(one), (node, one) => this.#tell(node, one));
  }

  #row(one: Job): HTMLLIElement {
    const stop = el("button", { type: "button", class: "stop", data: { testid: "job-cancel" }, on: { click: () => void this.#cancel(one.id) } }, say("planner-cancel"));
    const bar = el("progress", { aria: { label: say("planner-progress.aria-label") } });
    const show = (side: "a" | "b", words: string) =>
      el("button", { type: "button", data: { testid: `job-show-${side}` }, on: { click: () => this.#pick(one.id, side) } }, words);
    const shows = el("p", { class: "shows", hidden: true }, show("a", say("planner-show-left")), show("b", say("planner-show-right")));
    const report = el("a", { class: "button", data: { testid: "job-report" } }, say("planner-report"));
    report.href = reportOf(one.id);
    report.download = "";
    shows.append(report);
    const more = el("details", { class: "more", hidden: true }, el("summary", {}, say("planner-more")), el("p", {}));
    return el("li", { data: { testid: "job", job: one.id } }, el("p", { class: "title" }), bar, el("p", { class: "answer" }), shows, more, stop);
  }

  #tell(node: HTMLElement, one: Job): void {
    node.dataset["state"] = one.state;
    const going = one.state === "queued" || one.state === "running";
    const [title, answer] = [node.querySelector(".title"), node.querySelector(".answer")];
    const doing = one.state === "running" && one.doing !== "";
    if (title !== null) setText(title, say(doing ? "planner-job-doing" : "planner-job-title", titleOf(one)));
    const [first = "", ...rest] = one.state === "done" ? sentences(one) : [];
    if (answer !== null) setText(answer, one.state === "failed" ? problem(one) : first);
    const [more, text] = [node.querySelector<HTMLElement>(".more"), node.querySelector(".more p")];
    if (more !== null) more.hidden = rest.length === 0;
    if (text !== null) setText(text, rest.join(" "));
    this.#picture(node, one);
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
    if (shows !== null) {
      shows.hidden = one.state !== "done";
      for (const button of shows.querySelectorAll("button")) button.hidden = plannedLayout(one) === null;
    }
  }

  /** The picture of a comparison, once it is done. */
  #picture(node: HTMLElement, one: Job): void {
    if (one.kind !== "compare" || one.state !== "done" || node.querySelector(".compared") !== null) return;
    const table = comparedTable((one.answer ?? {}) as PlanAnswer);
    if (table !== null) node.querySelector(".answer")?.after(table);
  }

  #pick(id: string, side: "a" | "b"): void {
    const found = this.#jobs.find((one) => one.id === id);
    const layout = found === undefined ? null : plannedLayout(found);
    if (layout !== null) this.#events.show(layout, side);
  }

  async #cancel(id: string): Promise<void> {
    try {
      this.#take(await cancel(id));
      this.#events.say("");
    } catch (error) {
      this.#say(error);
    }
  }
}

function titleOf({ kind, state, doing }: Job): { kind: string; state: string; doing: string } {
  return { kind, state, doing };
}

/** Why a job failed: its message where the catalogue has it, else the server's sentence. */
function problem(one: Job): string {
  const message = readMessage(one.message);
  return canSay(message) ? say(message) : one.problem;
}

/** The answer in sentences, the first of which says the most. */
function sentences(one: Job): string[] {
  const answer = (one.answer ?? {}) as PlanAnswer;
  if (answer.headline !== undefined)
    return [answer.headline, ...(answer.details ?? [])].map((sentence, index) => {
      const message = readMessage(answer.messages?.[index]);
      const said = canSay(message) ? say(message) : sentence;
      return /[.!?]$/.test(said) ? said : `${said}.`;
    });
  if (answer.bought === undefined) return [];
  const plan = say("planner-answer", {
    items: additions(answer),
    currency: answer.currency ?? "",
    cost: Math.round(answer.cost ?? 0),
    objective: answer.objective ?? "",
    without: answer.without ?? null,
    value: answer.value ?? null,
    optimal: answer.gap === 0,
    gap: answer.gap ?? null,
  });
  return [plan];
}
