// The list of alerts: by priority, then age, each with its reason; Enter flies there, A acknowledges, R rejects.

import { duration } from "../words/format.ts";
import { closedAlerts, openAlerts } from "../model/alerts.ts";
import { waitingWork } from "../model/incidents.ts";
import { PRIORITIES, type Alert } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { el, keyed, part, setData, setText } from "../ui/dom.ts";
import { ActingKeys } from "../ui/acting_keys.ts";
import { Press } from "../ui/press.ts";
import { failure } from "../net/api.ts";
import { handledLine, headline, responseLine } from "../words/alert_words.ts";
import { PRIORITY_MARK, priorityName } from "../words/labels.ts";
import { say } from "../words/say.ts";

export interface AlertActions {
  select(alert: Alert): void;
  acknowledge(alert: Alert): Promise<void>;
  reject(alert: Alert): void;
}

/** At most so many rows; a note gives the number of all alerts. */
const ROWS = 200;

export class AlertList {
  readonly #actions: AlertActions;
  readonly #list = part<HTMLOListElement>("alert-list");
  readonly #keys = new ActingKeys();
  #closed = false;
  #state: State | null = null;
  #nowMs = Number.NaN;
  /** While a pointer is pressed on the list, its rows stay in place. */
  readonly #press = new Press(this.#list, () => this.#again());
  /** Alerts for which an action is on its way. */
  readonly #sending = new Map<string, number>();
  readonly #problems = new Map<string, { readonly revision: number; readonly sentence: string }>();

  constructor(actions: AlertActions) {
    this.#actions = actions;
    this.#list.addEventListener("keydown", (event) => this.#key(event));
  }

  show(state: State, nowMs: number): void {
    this.#state = state;
    this.#nowMs = nowMs;
    this.#showWaiting(state);
    if (this.#press.held) return;
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
    if (place === -1 || this.#focusedPlace() !== -1) return;
    const next = [...this.#list.children][Math.min(place, rows.length - 1)] as HTMLElement | undefined;
    this.#keys.moved(next);
    this.#focus(next);
  }

  /** Which row holds the focus; -1 for none. When its alert leaves the list, the focus goes to the next one. */
  #focusedPlace(): number {
    return [...this.#list.children].findIndex((row) => row.contains(document.activeElement));
  }

  /** Ages, and response estimates, which go out of date; their sentence is longer then. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#press.held) return;
    for (const row of this.#list.children) {
      const alert = this.#state?.alerts.get((row as HTMLElement).dataset["key"] ?? "");
      const age = row.querySelector(".alert-age");
      const response = row.querySelector(".alert-response");
      if (alert === undefined || age === null || response === null) continue;
      setText(age, this.#age(alert));
      setText(response, responseLine(alert, nowMs));
    }
  }

  focusFirst(): void {
    this.#list.querySelector<HTMLElement>(".alert-open[tabindex='0']")?.focus();
  }

  /** Show open alerts, or closed ones. */
  showClosed(closed: boolean): void {
    this.#closed = closed;
    if (this.#state !== null) this.show(this.#state, this.#nowMs);
  }

  #showWaiting(state: State): void {
    const { what, counts } = waitingWork(state);
    part("waiting").setAttribute("aria-label", say("page-alerts-waiting", { what }));
    keyed(
      part("waiting"),
      PRIORITIES,
      (priority) => priority,
      () => el("li"),
      (item, priority) => {
        setText(item, `${PRIORITY_MARK[priority]} ${state.alertsKnown ? counts[priority] : "–"}`);
        setData(item, "priority", priority);
        setData(item, "count", String(counts[priority]));
        item.title = state.alertsKnown ? say("page-alerts-waiting-of", { what, priority, count: counts[priority] }) : say("page-alerts-loading");
      },
    );
  }

  #note(state: State, all: number, shown: number): void {
    const note = part("alerts-note");
    let words = "";
    const { problem } = state.connection;
    if (!state.alertsKnown && state.replay !== null) words = say("replay-unknown");
    else if (!state.alertsKnown)
      words = problem === null ? say("page-alerts-loading") : say("page-alerts-unreadable", { why: problem });
    else if (all === 0) words = say(this.#closed ? "page-alerts-none-closed" : "page-alerts-none");
    else if (shown < all) words = say("page-alerts-first", { shown, all });
    else if (this.#closed && state.alertsTruncated) words = say("page-alerts-older");
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
        on: {
          click: run((alert) => {
            this.#keys.chosen();
            this.#actions.select(alert);
          }),
        },
      },
      el(
        "span",
        { class: "alert-top" },
        el("span", { class: "alert-priority" }),
        el("span", { class: "alert-status" }),
        el("span", { class: "alert-age" }),
      ),
      el("span", { class: "alert-sentence" }),
      el("span", { class: "alert-response", data: { testid: "alert-response" } }),
      el("span", { class: "alert-by" }),
    );
    const acknowledge = el(
      "button",
      {
        class: "alert-acknowledge",
        type: "button",
        data: { testid: "alert-acknowledge" },
        on: { click: run((alert) => void this.#acknowledge(alert)) },
      },
      say("page-alert-acknowledge"),
    );
    const reject = el(
      "button",
      {
        class: "alert-reject",
        type: "button",
        data: { testid: "alert-reject" },
        on: { click: run((alert) => this.#actions.reject(alert)) },
      },
      say("page-alert-reject"),
    );
    return el(
      "li",
      { class: "alert", data: { testid: "alert", alert: id } },
      open,
      el("div", { class: "alert-buttons" }, acknowledge, reject),
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
    write(".alert-priority", `${PRIORITY_MARK[alert.priority]} ${priorityName(alert.priority)}`);
    write(".alert-status", alert.status === "active" ? "" : say("alert-status", { status: alert.status }));
    write(".alert-age", this.#age(alert));
    write(".alert-sentence", headline(alert));
    write(".alert-response", responseLine(alert, this.#nowMs));
    write(".alert-by", handledLine(alert));
    if (this.#sending.has(alert.id) && this.#sending.get(alert.id) !== alert.revision) this.#sending.delete(alert.id);
    // A revision answers an action, even if its request failed: the problem is out of date.
    if (this.#problems.get(alert.id)?.revision !== alert.revision) this.#problems.delete(alert.id);
    write(".problem", this.#problems.get(alert.id)?.sentence ?? "");
    row.querySelector(".alert-open")?.setAttribute("tabindex", focusable ? "0" : "-1");
    this.#buttons(row, alert, focusable);
  }

  #buttons(row: HTMLElement, alert: Alert, focusable: boolean): void {
    const sending = this.#sending.has(alert.id);
    const acknowledge = row.querySelector<HTMLButtonElement>(".alert-acknowledge");
    const reject = row.querySelector<HTMLButtonElement>(".alert-reject");
    if (acknowledge === null || reject === null) return;
    const mayAct = this.#state?.rights.has("act") === true;
    acknowledge.hidden = !mayAct || alert.status !== "active";
    reject.hidden = !mayAct || (alert.status !== "active" && alert.status !== "acknowledged");
    setText(acknowledge, say(sending ? "page-alert-sending" : "page-alert-acknowledge"));
    for (const button of [acknowledge, reject]) {
      button.disabled = this.#state?.replay != null;
      button.setAttribute("aria-disabled", String(sending));
      button.tabIndex = focusable ? 0 : -1;
    }
  }

  async #acknowledge(alert: Alert): Promise<void> {
    if (this.#sending.has(alert.id)) return;
    this.#sending.set(alert.id, alert.revision);
    this.#problems.delete(alert.id);
    this.#again();
    try {
      await this.#actions.acknowledge(alert);
      setTimeout(() => this.#giveUp(alert), 10_000);
    } catch (error) {
      this.#sending.delete(alert.id);
      this.#problem(alert, say(failure(error)));
    }
    this.#again();
  }

  /** The action was accepted but no new revision followed. */
  #giveUp(alert: Alert): void {
    if (this.#sending.get(alert.id) !== alert.revision) return;
    this.#sending.delete(alert.id);
    this.#problem(alert, say("page-alert-unchanged"));
    this.#again();
  }

  #problem({ id, revision }: Alert, sentence: string): void {
    this.#problems.set(id, { revision, sentence });
  }

  #again(): void {
    if (this.#state !== null) this.show(this.#state, this.#nowMs);
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
    const action = ({ a: "acknowledge", r: "reject" } as const)[event.key.toLowerCase() as "a" | "r"];
    if (to !== undefined) this.#focus(rows[Math.max(0, Math.min(rows.length - 1, to))]);
    else if (action === undefined) return;
    else if (this.#keys.act(event, row)) row?.querySelector<HTMLButtonElement>(`.alert-${action}:not([hidden])`)?.click();
    event.preventDefault();
  }

  #focus(row: HTMLElement | undefined): void {
    if (row === undefined) return;
    row.querySelector<HTMLElement>(".alert-open")?.focus();
    this.#again();
    row.scrollIntoView({ block: "nearest" });
  }
}
