// The status strip and the banners: state of the stream, clocks, sector, demonstration mark.

import { sentenceOf } from "../words/alert_words.ts";
import { coverageLine } from "../words/coverage_words.ts";
import { clockFormat, duration, utcClock } from "../words/format.ts";
import { formats, say } from "../words/say.ts";
import { waitingWork } from "../model/incidents.ts";
import type { ServerClock } from "../model/clock.ts";
import { streamState, type State, type StreamState } from "../model/state.ts";
import { part, setData, setText } from "../ui/dom.ts";

const CLOCK_TOLERANCE_MS = 2000;
const PARTS = ["sector", "border", "layout", "segments", "layers"] as const;

export class StatusBar {
  readonly #clock: ServerClock;
  readonly #isPressed: () => boolean;
  #format = clockFormat("UTC");
  #zone = "UTC";

  /** `isPressed`: whether a pointer presses something on the page, which must stay where it is. */
  constructor(clock: ServerClock, isPressed: () => boolean) {
    this.#clock = clock;
    this.#isPressed = isPressed;
  }

  /** What does not depend on the time. */
  show(state: State): void {
    const sector = state.sector.value;
    part("demo-mark").hidden = sector?.demo !== true;
    const context = [
      sector?.layout && say("page-layout", { layout: sector.layout }),
      sector?.operator && say("page-operator", { operator: sector.operator }),
    ].filter(Boolean);
    const name = sector?.title || sector?.name || "";
    for (const [id, words] of [["sector-name", name], ["operator", context.join(", ")]] as const) {
      setText(part(id), words);
      part(id).title = words; // where the header cuts them off
    }
    const waiting = Object.values(waitingWork(state).counts).reduce((sum, count) => sum + count, 0);
    document.title = say("page-document-title", { waiting, demo: sector?.demo === true, sector: name }).trim();
    if (sector !== null && sector.timeZone !== this.#zone) {
      this.#zone = sector.timeZone;
      this.#format = clockFormat(sector.timeZone);
    }
  }

  /** What changes with time, and what moves the page below it; called a few times per second. */
  tick(state: State): void {
    const monotonicMs = performance.now();
    const nowMs = this.#clock.now(monotonicMs);
    const ageS = this.#ageS(state, nowMs);
    const stream = streamState(state.connection, ageS, monotonicMs, state.down.size > 0, isStarting(state));
    this.#showStream(stream, ageS, state);
    this.#showClocks(nowMs);
    if (this.#isPressed()) return;
    showBanner("stream", this.#sentence(stream, ageS, state, monotonicMs));
    showBanner("disk", state.diskFull ? say("page-banner-disk") : "");
    showBanner("clock", clockLine(this.#clock.browserAheadMs()));
    showBanner("parts", state.connection.phase === "open" ? missingLine(state) : "");
    this.#showCoverage(state, nowMs, stream);
  }

  /** Wall seconds since the picture was true; null while there is none. */
  #ageS(state: State, nowMs: number): number | null {
    if (state.stampMs === null || !Number.isFinite(nowMs)) return null;
    return Math.max(0, (nowMs - state.stampMs) / 1000 / this.#clock.rate);
  }

  #showStream(stream: StreamState, ageS: number | null, state: State): void {
    const lost = stream === "lost";
    const age = lost ? duration(ageS) : formats().number(ageS, ageS !== null && ageS < 10 ? 1 : 0);
    const words = say("page-stream", {
      state: lost && ageS === null ? "lost-empty" : stream,
      age,
      parts: downNames(state),
    });
    setText(part("stream-state"), words);
    setData(part("stream-state"), "state", stream);
    setData(document.documentElement, "stream", stream);
  }

  #sentence(stream: StreamState, ageS: number | null, state: State, monotonicMs: number): string {
    if (stream === "lost")
      return say("page-banner-lost", { picture: ageS !== null, why: say(state.connection.problem ?? "page-net-silent") });
    if (stream === "starting")
      return say("page-banner-starting", { parts: downNames(state) });
    if (stream === "down" || (stream === "stale" && state.down.size > 0)) {
      const parts = [...state.down].map(([name, { why }]) => partWhy(name, sentenceOf(why))).join("; ");
      return say(stream === "down" ? "page-banner-down" : "page-banner-stale-down", { parts });
    }
    if (stream === "stale") {
      const { heardMs } = state.connection;
      // Only data that came after the picture shows that the server is still connected.
      const connected = ageS !== null && monotonicMs - heardMs < (ageS - 1) * 1000;
      return say("page-banner-stale", { why: connected ? "fusion" : "server" });
    }
    return "";
  }

  #showClocks(nowMs: number): void {
    const known = Number.isFinite(nowMs);
    setText(part("clock-utc"), known ? utcClock(nowMs) : "--:--:--");
    const parts = known ? this.#format.formatToParts(nowMs) : [];
    const zone = parts.find(({ type }) => type === "timeZoneName")?.value ?? say("page-local");
    part("local-clock").hidden = zone === "UTC" && this.#clock.rate === 1; // the same clock twice
    setText(part("clock-local-zone"), this.#clock.rate === 1 ? zone : `${zone}, ×${this.#clock.rate}`);
    const digits = parts.filter(({ type }) => ["hour", "minute", "second"].includes(type)).map(({ value }) => value);
    setText(part("clock-local"), known ? digits.join(":") : "--:--:--");
  }

  #showCoverage(state: State, nowMs: number, stream: StreamState): void {
    const { sensors, urgent, deadGround, unknown, tracks } = coverageLine(state, nowMs);
    const current = stream === "live" || stream === "connecting";
    setText(part("coverage-sensors"), current ? sensors : say("page-coverage-as-of", { coverage: sensors }));
    setData(part("coverage-sensors"), "urgent", String(urgent));
    setText(part("coverage-dead-ground"), deadGround);
    setText(part("coverage-unknown"), unknown);
    setText(part("coverage-tracks"), tracks);
  }
}

function showBanner(name: "stream" | "disk" | "clock" | "parts", sentence: string): void {
  const banner = part(`banner-${name}`);
  banner.hidden = sentence === "";
  setText(banner, sentence);
}

function clockLine(aheadMs: number): string {
  if (Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS) return "";
  return say("page-banner-clock", { ahead: aheadMs > 0, by: Math.abs(aheadMs) / 1000 });
}

/** Parts of the picture that could not be loaded, each reason once. */
function missingLine(state: State): string {
  const missing = PARTS.filter((name) => state[name].value === null && state[name].problem !== null);
  const whys = missing.map((name) => say(state[name].problem ?? "page-net-page"));
  const sentences = [...new Set(whys)].map((why) => {
    const names = missing.filter((_, index) => whys[index] === why);
    return say("page-banner-parts", { parts: names.map((name) => say("page-missing", { part: name })).join(", "), why });
  });
  return sentences.join(" ");
}

function downNames(state: State): string {
  return formats().names([...state.down.keys()].map((name) => say("page-part", { part: name })));
}

/** Whether the parts that do not work compile kernels, all of them. */
function isStarting(state: State): boolean {
  return state.down.size > 0 && [...state.down.values()].every(({ starting }) => starting);
}

/** A part of the server, or of the picture, and the problem with it. */
function partWhy(name: string, why: string): string {
  return say("page-part-why", { part: say("page-part", { part: name }), why: why.replace(/\.$/, "") });
}
