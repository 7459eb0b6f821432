// The band over the page while looking back: which time is shown, the slider, playing, and what is known now.

import { waitingIncidents } from "../model/incidents.ts";
import { readable } from "../model/parse.ts";
import type { Incident } from "../model/records.ts";
import { differences, GAP_MS, SPANS_MS, SPEEDS, type Difference } from "../model/replay.ts";
import type { Selection, State } from "../model/state.ts";
import { el, keyed, part, setData, setText } from "../ui/dom.ts";
import { clockFormat, utcClock } from "../words/format.ts";
import { dispositionName, stateName } from "../words/incident_words.ts";
import { say } from "../words/say.ts";
import { noteOf, parseTime, utcDay } from "./notes.ts";
import type { Replay, View } from "./replay.ts";

export interface BarActions {
  select(selection: Selection): void;
}

const MINUTE_MS = 60_000;

export class ReplayBar {
  readonly #replay: Replay;
  readonly #region = part("replay");
  readonly #title = el("strong", { class: "replay-title", data: { testid: "replay-title" } });
  readonly #date = el("span", { class: "replay-date", data: { testid: "replay-date" } });
  readonly #live = el("span", { class: "replay-live", data: { testid: "replay-live" } });
  readonly #back = button("replay-back", "b");
  readonly #note = el("p", { class: "replay-note", role: "status", data: { testid: "replay-note" } });
  readonly #previous = button("replay-previous", "j");
  readonly #next = button("replay-next", "n");
  readonly #play = button("replay-play", "k");
  readonly #speed = el("select", { data: { testid: "replay-speed" }, aria: { label: say("replay-speed") } });
  readonly #span = el("select", { data: { testid: "replay-span" }, aria: { label: say("replay-span") } });
  readonly #at = el("input", { class: "replay-at", type: "text", data: { testid: "replay-at" }, aria: { label: say("replay-at") } });
  readonly #compare = el("input", { type: "checkbox", data: { testid: "replay-compare" } });
  readonly #follow = button("replay-follow");
  readonly #slider = el("input", { type: "range", data: { testid: "replay-slider" }, aria: { label: say("replay-slider") } });
  readonly #marks = el("div", { class: "replay-marks", aria: { hidden: "true" } });
  readonly #start = el("span", { code: true });
  readonly #end = el("span", { code: true });
  readonly #present = el("span", {}, say("replay-present"));
  readonly #list = el("ul", { class: "replay-list", data: { testid: "replay-list" } });
  readonly #veil = el("p", { class: "replay-veil", data: { testid: "replay-veil" } });
  readonly #actions: BarActions;
  #zone = "UTC";
  #format = clockFormat("UTC");
  #waiting = 0;
  #jumped: string | null = null;

  constructor(replay: Replay, actions: BarActions) {
    this.#replay = replay;
    this.#actions = actions;
    setText(this.#back, say("replay-back"));
    setText(this.#previous, say("replay-previous"));
    setText(this.#next, say("replay-next"));
    options(this.#speed, SPEEDS.map((speed) => [speed, say("replay-speed-of", { speed })]));
    options(this.#span, SPANS_MS.map((span) => [span, say("replay-span-of", { minutes: span / MINUTE_MS })]));
    this.#at.maxLength = 19;
    this.#slider.step = "1";
    const compare = el("label", {}, this.#compare, say("replay-compare"));
    const controls = el(
      "div",
      { class: "replay-controls", role: "group", aria: { label: say("replay-controls.aria-label") } },
      this.#previous, this.#play, this.#speed, this.#next, this.#at, this.#span, compare, this.#follow,
    );
    const banner = el(
      "div",
      { class: "replay-banner", data: { testid: "replay-banner" } },
      this.#title, this.#date, el("span", { class: "spacer" }), this.#live, this.#back,
    );
    const ends = el("div", { class: "replay-ends" }, this.#start, this.#present, this.#end);
    const slider = el("div", { class: "replay-slider" }, this.#marks, this.#slider, ends);
    this.#region.append(banner, this.#note, controls, slider, this.#list);
    part("map-area").append(this.#veil);
    this.#listen();
    replay.onChange((view) => this.show(view));
  }

  /** What waits at present, which no one must miss while looking back. */
  hear(live: State): void {
    const zone = live.sector.value?.timeZone ?? "UTC";
    if (zone !== this.#zone) [this.#zone, this.#format] = [zone, clockFormat(zone)];
    this.#waiting = Object.values(waitingIncidents(live.incidents)).reduce((sum, count) => sum + count, 0);
    this.#showLive();
  }

  jump(direction: 1 | -1): void {
    const found = this.#replay.jump(direction);
    this.#jumped = found === null ? say("replay-no-incident", { where: direction > 0 ? "after" : "before" }) : null;
    this.show(this.#replay.view);
  }

  show(view: View | null): void {
    const opening = this.#region.hidden;
    const problem = this.#replay.problem;
    this.#region.hidden = view === null && problem === null;
    setData(document.documentElement, "replay", String(view !== null));
    part("replay-open").setAttribute("aria-pressed", String(view !== null));
    for (const node of this.#region.children) (node as HTMLElement).hidden = view === null && node !== this.#note;
    if (view === null) {
      setText(this.#veil, "");
      setText(this.#note, problem === null ? "" : say(problem));
      return;
    }
    this.#showTime(view);
    this.#showControls(view);
    this.#showMarks(view);
    this.#showNotes(view);
    this.#showList(view);
    this.#showLive();
    if (opening) this.#slider.focus();
  }

  #listen(): void {
    const replay = this.#replay;
    part("replay-open").addEventListener("click", () => (replay.view === null ? void replay.open() : replay.close()));
    this.#back.addEventListener("click", () => replay.close());
    this.#play.addEventListener("click", () => replay.play(replay.view?.playing !== true));
    this.#previous.addEventListener("click", () => this.jump(-1));
    this.#next.addEventListener("click", () => this.jump(1));
    this.#speed.addEventListener("change", () => replay.speed(Number(this.#speed.value)));
    this.#span.addEventListener("change", () => replay.span(Number(this.#span.value)));
    this.#compare.addEventListener("change", () => replay.compare(this.#compare.checked));
    this.#slider.addEventListener("input", () => this.#seek(Number(this.#slider.value) * 1000));
    this.#at.addEventListener("change", () => {
      const atMs = parseTime(this.#at.value);
      this.#at.setAttribute("aria-invalid", String(atMs === null));
      if (atMs !== null) this.#seek(atMs);
    });
    this.#follow.addEventListener("click", () => {
      const { selection } = replay.shown.state;
      void replay.follow(replay.view?.followed == null ? selection : null);
    });
  }

  #seek(atMs: number): void {
    this.#jumped = null;
    this.#replay.seek(atMs);
  }

  #local(atMs: number): string {
    return this.#format.format(atMs);
  }

  #showTime(view: View): void {
    const time = utcClock(view.atMs);
    setText(this.#title, say("replay-title", { time }));
    setText(this.#date, say("replay-date", { date: utcDay(view.atMs), local: this.#local(view.atMs) }));
    this.#slider.min = String(Math.floor(view.startMs / 1000));
    this.#slider.max = String(Math.ceil(view.endMs / 1000));
    this.#slider.step = String(Math.max(1, Math.round(view.spanMs / 3_600_000)));
    this.#slider.value = String(Math.round(view.atMs / 1000));
    const words = say("replay-slider-at", { time: `${utcDay(view.atMs)} ${time} UTC`, local: this.#local(view.atMs) });
    this.#slider.setAttribute("aria-valuetext", words);
    if (document.activeElement !== this.#at) {
      this.#at.value = `${utcDay(view.atMs)} ${time}`;
      this.#at.setAttribute("aria-invalid", "false");
    }
    setText(this.#start, `${utcDay(view.startMs)} ${utcClock(view.startMs)}`);
    setText(this.#end, `${utcDay(view.endMs)} ${utcClock(view.endMs)} UTC`);
  }

  #showControls(view: View): void {
    setText(this.#play, say("replay-play", { playing: view.playing }));
    setData(this.#play, "playing", String(view.playing));
    this.#speed.value = String(view.speed);
    this.#span.value = String(view.spanMs);
    this.#compare.checked = view.withNow;
    const kind = this.#replay.shown.state.selection?.kind ?? "";
    const followable = view.followed !== null || ["track", "incident", "alert", "unit"].includes(kind);
    this.#follow.hidden = !followable;
    setText(this.#follow, say("replay-follow", { kind: view.followed !== null ? "off" : kind === "incident" || kind === "unit" ? kind : "track" }));
  }

  #showMarks(view: View): void {
    const shown = view.opened.filter(({ openedMs }) => view.startMs <= openedMs && openedMs <= view.endMs);
    keyed(
      this.#marks,
      shown,
      ({ id }) => id,
      () => el("span"),
      (mark, { priority, openedMs }) => {
        setData(mark, "priority", priority);
        mark.style.left = `${(100 * (openedMs - view.startMs)) / view.spanMs}%`;
      },
    );
  }

  #showNotes(view: View): void {
    const { moment } = view;
    const erased = moment?.erased ?? [];
    const note = view.problem !== null ? say(view.problem) : (this.#jumped ?? noteOf(view));
    setText(this.#note, note);
    setText(this.#veil, erased.some(({ kind }) => kind === "tracks") || view.problem !== null ? note : "");
    const stamp = moment === null ? "" : new Date(moment.atMs).toISOString();
    setData(this.#region, "stamp", stamp);
    setData(this.#region, "gap", String(moment !== null && view.atMs - moment.atMs > GAP_MS));
  }

  #showLive(): void {
    setText(this.#live, say("replay-live", { count: this.#waiting }));
    setData(this.#live, "urgent", String(this.#waiting > 0));
  }

  /** Of what is followed the steps, and what is known now. */
  #showList(view: View): void {
    const { followed, moment } = view;
    const rows: { id: string; words: string; run: (() => void) | null }[] = [];
    if (followed !== null) {
      if (followed.track !== null)
        rows.push({ id: "path", words: say("replay-path", { track: readable(followed.track, 24) }), run: null });
      if (followed.selection.kind === "unit")
        rows.push({ id: "path", words: say("replay-path-unit", { unit: readable(followed.selection.id, 24) }), run: null });
      followed.revisions.filter(isStep).forEach((revision) => {
        const words = say("replay-step", { time: utcClock(revision.updatedMs), state: stateOf(revision) });
        rows.push({ id: `step ${revision.revision}`, words, run: () => this.#seek(revision.updatedMs) });
      });
    }
    if (view.withNow && moment?.now != null) {
      const found = differences(moment);
      rows.push(...found.flatMap((one) => this.#difference(one)));
      const tracks = tracksNow(found);
      const erased = moment.erased.some(({ kind }) => kind === "tracks");
      if (moment.now.tracks === null && !erased) rows.push({ id: "final", words: say("replay-not-final"), run: null });
      else if (found.length === 0 && !erased) rows.push({ id: "same", words: say("replay-same"), run: null });
      else if (tracks !== "") rows.push({ id: "tracks", words: tracks, run: null });
    }
    keyed(
      this.#list,
      rows,
      ({ id }) => id,
      ({ run }) => el("li", {}, run === null ? el("span", { class: "words" }) : el("button", { type: "button" })),
      (item, { words, run }) => {
        const node = item.firstElementChild as HTMLElement;
        setText(node, words);
        if (run !== null) node.onclick = run;
      },
    );
  }

  #difference(one: Difference): { id: string; words: string; run: () => void }[] {
    if (one.kind !== "outcome" && one.kind !== "opened-later") return [];
    const incident = one.now;
    const words = say(one.kind === "outcome" ? "replay-outcome" : "replay-opened-later", {
      name: incident.name,
      state: stateOf(incident),
    });
    const run = (): void => {
      if (one.kind === "outcome") this.#actions.select({ kind: "incident", id: incident.id });
      else this.#seek(incident.openedMs);
    };
    return [{ id: `${one.kind} ${incident.id}`, words, run }];
  }
}

/** A revision at which the state, the owner or the unit changed: others only follow the track. */
function isStep(revision: Incident, number: number, all: readonly Incident[]): boolean {
  const before = all[number - 1];
  return before === undefined || before.state !== revision.state || before.owner !== revision.owner || before.unit !== revision.unit;
}

function stateOf({ state, disposition }: Incident): string {
  return say("replay-state", {
    state: stateName(state),
    disposition: disposition === "" ? "none" : dispositionName(disposition),
  });
}

function tracksNow(found: readonly Difference[]): string {
  const count = (kind: Difference["kind"]): number => found.filter((one) => one.kind === kind).length;
  const [moved, fresh, gone] = [count("moved"), count("not-then"), count("not-now")];
  return moved + fresh + gone === 0 ? "" : say("replay-tracks-now", { moved, new: fresh, gone });
}

function button(id: string, key?: string): HTMLButtonElement {
  const node = el("button", { type: "button", data: { testid: id } });
  if (key !== undefined) node.setAttribute("aria-keyshortcuts", key);
  return node;
}

function options(select: HTMLSelectElement, choices: readonly (readonly [number, string])[]): void {
  select.append(
    ...choices.map(([value, label]) => {
      const option = el("option", {}, label);
      option.value = String(value);
      return option;
    }),
  );
}
