// The list of alerts: by priority, then age, each with its reason; Enter flies there, A acknowledges, C clears, R rejects.

import { duration } from "../words/format.ts";
import { adviceAgeS, adviceLine, closedAlerts, openAlerts, waiting } from "../model/alerts.ts";
import { PRIORITIES, type Alert } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { el, keyed, part, setData, setText } from "../ui/dom.ts";
import { PRIORITY_MARK, PRIORITY_LABEL } from "../words/labels.ts";

export interface AlertActions {
  select(alert: Alert): void;
  acknowledge(alert: Alert): Promise<void>;
  clear(alert: Alert): Promise<void>;
  reject(alert: Alert): void;
}

/** More rows than this help nobody; the list says how many it leaves out. */
const ROWS = 200;

export class AlertList {
  readonly #actions: AlertActions;
  readonly #list = part<HTMLOListElement>("alert-list");
  #closed = false;
  #state: State | null = null;
  #nowMs = Number.NaN;
  /** Alerts for which an action is on its way. */
  readonly #sending = new Map<string, number>();
  readonly #problems = new Map<string, { readonly revision: number; readonly sentence: string }>();

  constructor(actions: AlertActions) {
    this.#actions = actions;
    part("show-open").addEventListener("click", () => this.#switch(false));
    part("show-closed").addEventListener("click", () => this.#switch(true));
    this.#list.addEventListener("keydown", (event) => this.#key(event));
  }

  show(state: State, nowMs: number): void {
    this.#state = state;
    this.#nowMs = nowMs;
    this.#showWaiting(state);
    const all = this.#closed ? closedAlerts(state.alerts) : openAlerts(state.alerts);
    const rows = all.slice(0, ROWS);
    this.#note(state, all.length, rows.length);
    const focusable = this.#focusable(rows);
    const place = this.#focusedPlace();
    keyed(
      this.#list,
      rows,
      ({ id }) => id,
      (alert) => this.#create(alert.id),
      (row, alert) => this.#update(row, alert, alert.id === focusable),
    );
    const lost = place !== -1 && this.#focusedPlace() === -1;
    if (lost) this.#focus([...this.#list.children][Math.min(place, rows.length - 1)] as HTMLElement | undefined);
  }

  /** Which row holds the focus; -1 for none. When its alert leaves the list, the focus goes to the next one. */
  #focusedPlace(): number {
    return [...this.#list.children].findIndex((row) => row.contains(document.activeElement));
  }

  /** Ages, and advice, which holds for a while only. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const row of this.#list.children) {
      const alert = this.#state?.alerts.get((row as HTMLElement).dataset["key"] ?? "");
      const age = row.querySelector(".alert-age");
      const advice = row.querySelector(".alert-advice");
      if (alert === undefined || age === null || advice === null) continue;
      setText(age, this.#age(alert));
      setText(advice, this.#advice(alert));
    }
  }

  focusFirst(): void {
    this.#list.querySelector<HTMLElement>(".alert-open[tabindex='0']")?.focus();
  }

  #switch(closed: boolean): void {
    this.#closed = closed;
    part("show-open").setAttribute("aria-pressed", String(!closed));
    part("show-closed").setAttribute("aria-pressed", String(closed));
    if (this.#state !== null) this.show(this.#state, this.#nowMs);
  }

  #showWaiting(state: State): void {
    const counts = waiting(state.alerts);
    keyed(
      part("waiting"),
      PRIORITIES,
      (priority) => priority,
      () => el("li"),
      (item, priority) => {
        setText(item, `${PRIORITY_MARK[priority]} ${counts[priority]}`);
        setData(item, "priority", priority);
        setData(item, "count", String(counts[priority]));
        item.title = `${counts[priority]} ${PRIORITY_LABEL[priority].toLowerCase()} waiting`;
      },
    );
  }

  #note(state: State, all: number, shown: number): void {
    const note = part("alerts-note");
    let words = "";
    if (!state.alertsKnown)
      words =
        state.connection.problem === ""
          ? "Reading the alerts …"
          : `The alerts could not be read. ${state.connection.problem}`;
    else if (all === 0)
      words = this.#closed
        ? "No alert has been closed yet."
        : "No open alerts. What no sensor sees raises none: see the line above.";
    else if (shown < all) words = `The first ${shown} of ${all}.`;
    else if (this.#closed && state.alertsTruncated) words = "Older alerts are not shown.";
    note.hidden = words === "";
    setText(note, words);
  }

  /** One row takes the Tab stop: the selected one, the focused one, or the first. */
  #focusable(rows: readonly Alert[]): string | undefined {
    const focused = (document.activeElement?.closest(".alert") as HTMLElement | null)?.dataset["key"];
    const wanted = focused ?? (this.#state?.selection?.kind === "alert" ? this.#state.selection.id : undefined);
    return rows.some(({ id }) => id === wanted) ? wanted : rows[0]?.id;
  }

  #create(id: string): HTMLLIElement {
    const find = (): Alert | undefined => this.#state?.alerts.get(id);
    const run = (action: (alert: Alert) => void) => () => {
      const alert = find();
      if (alert !== undefined) action(alert);
    };
    const open = el(
      "button",
      {
        class: "alert-open",
        type: "button",
        data: { testid: "alert-open" },
        on: { click: run((alert) => this.#actions.select(alert)) },
      },
      el(
        "span",
        { class: "alert-top" },
        el("span", { class: "alert-priority" }),
        el("span", { class: "alert-status" }),
        el("span", { class: "alert-age" }),
      ),
      el("span", { class: "alert-sentence" }),
      el("span", { class: "alert-advice", data: { testid: "alert-advice" } }),
      el("span", { class: "alert-by" }),
    );
    const acknowledge = el(
      "button",
      {
        class: "alert-acknowledge",
        type: "button",
        data: { testid: "alert-acknowledge" },
        on: { click: run((alert) => this.#send(alert, "acknowledge")) },
      },
      "Acknowledge",
    );
    const clear = el(
      "button",
      {
        class: "alert-clear",
        type: "button",
        title: "It is over",
        data: { testid: "alert-clear" },
        on: { click: run((alert) => this.#send(alert, "clear")) },
      },
      "Clear",
    );
    const reject = el(
      "button",
      {
        class: "alert-reject",
        type: "button",
        data: { testid: "alert-reject" },
        on: { click: run((alert) => this.#actions.reject(alert)) },
      },
      "Reject …",
    );
    return el(
      "li",
      { class: "alert", data: { testid: "alert", alert: id } },
      open,
      el("div", { class: "alert-buttons" }, acknowledge, clear, reject),
      el("p", { class: "problem", role: "alert" }),
    );
  }

  #update(row: HTMLElement, alert: Alert, focusable: boolean): void {
    setData(row, "priority", alert.priority);
    setData(row, "status", alert.status);
    setData(row, "revision", String(alert.revision));
    setData(row, "selected", String(this.#state?.selection?.kind === "alert" && this.#state.selection.id === alert.id));
    const write = (name: string, text: string): void => {
      const node = row.querySelector(name);
      if (node !== null) setText(node, text);
    };
    write(".alert-priority", `${PRIORITY_MARK[alert.priority]} ${PRIORITY_LABEL[alert.priority]}`);
    write(".alert-status", alert.status === "active" ? "" : alert.status);
    write(".alert-age", this.#age(alert));
    write(".alert-sentence", alert.sentence);
    write(".alert-advice", this.#advice(alert));
    write(".alert-by", byLine(alert));
    if (this.#sending.has(alert.id) && this.#sending.get(alert.id) !== alert.revision) this.#sending.delete(alert.id);
    // A revision answers an action, whatever became of its request: what was said of that is not true any more.
    if (this.#problems.get(alert.id)?.revision !== alert.revision) this.#problems.delete(alert.id);
    write(".problem", this.#problems.get(alert.id)?.sentence ?? "");
    row.querySelector(".alert-open")?.setAttribute("tabindex", focusable ? "0" : "-1");
    this.#buttons(row, alert, focusable);
  }

  #buttons(row: HTMLElement, alert: Alert, focusable: boolean): void {
    const sending = this.#sending.has(alert.id);
    const acknowledge = row.querySelector<HTMLButtonElement>(".alert-acknowledge");
    const clear = row.querySelector<HTMLButtonElement>(".alert-clear");
    const reject = row.querySelector<HTMLButtonElement>(".alert-reject");
    if (acknowledge === null || clear === null || reject === null) return;
    acknowledge.hidden = alert.status !== "active";
    clear.hidden = alert.status !== "acknowledged";
    reject.hidden = alert.status !== "active" && alert.status !== "acknowledged";
    setText(acknowledge, sending ? "Sending …" : "Acknowledge");
    setText(clear, sending ? "Sending …" : "Clear");
    for (const button of [acknowledge, clear, reject]) {
      button.setAttribute("aria-disabled", String(sending));
      button.tabIndex = focusable ? 0 : -1;
    }
  }

  async #send(alert: Alert, action: "acknowledge" | "clear"): Promise<void> {
    if (this.#sending.has(alert.id)) return;
    this.#sending.set(alert.id, alert.revision);
    this.#problems.delete(alert.id);
    this.#again();
    try {
      await this.#actions[action](alert);
      setTimeout(() => this.#giveUp(alert), 10_000);
    } catch (error) {
      this.#sending.delete(alert.id);
      this.#problem(alert, error instanceof Error ? error.message : String(error));
    }
    this.#again();
  }

  /** The action was taken but no new revision followed: say so rather than wait for ever. */
  #giveUp(alert: Alert): void {
    if (this.#sending.get(alert.id) !== alert.revision) return;
    this.#sending.delete(alert.id);
    this.#problem(alert, "The server took the action, but the alert has not changed yet.");
    this.#again();
  }

  #problem({ id, revision }: Alert, sentence: string): void {
    this.#problems.set(id, { revision, sentence });
  }

  #again(): void {
    if (this.#state !== null) this.show(this.#state, this.#nowMs);
  }

  #advice(alert: Alert): string {
    const ageS = adviceAgeS(alert, this.#nowMs);
    return adviceLine(alert, ageS, duration(ageS));
  }

  #age(alert: Alert): string {
    return Number.isFinite(this.#nowMs) ? duration((this.#nowMs - alert.raisedMs) / 1000) : "";
  }

  #key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const row = (event.target as Element).closest<HTMLElement>(".alert");
    const rows = [...this.#list.children] as HTMLElement[];
    const index = row === null ? -1 : rows.indexOf(row);
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: rows.length - 1 }[event.key];
    const key = event.key.toLowerCase();
    if (to !== undefined) this.#focus(rows[Math.max(0, Math.min(rows.length - 1, to))]);
    else if (key === "a") row?.querySelector<HTMLButtonElement>(".alert-acknowledge:not([hidden])")?.click();
    else if (key === "c") row?.querySelector<HTMLButtonElement>(".alert-clear:not([hidden])")?.click();
    else if (key === "r") row?.querySelector<HTMLButtonElement>(".alert-reject:not([hidden])")?.click();
    else return;
    event.preventDefault();
  }

  #focus(row: HTMLElement | undefined): void {
    if (row === undefined) return;
    row.querySelector<HTMLElement>(".alert-open")?.focus();
    this.#again();
    row.scrollIntoView({ block: "nearest" });
  }
}

function byLine(alert: Alert): string {
  if (alert.status === "active") return "";
  const who = alert.by === "" ? "" : ` by ${alert.by}`;
  const why = alert.reason === "" ? "" : `: ${alert.reason}`;
  return `${alert.status.charAt(0).toUpperCase()}${alert.status.slice(1)}${who}${why}`;
}
