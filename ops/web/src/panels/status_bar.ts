// The status strip and the banners: is the picture live, what time is it, whose picture is it, and is it a demonstration.

import { clockFormat, duration, utcTime } from "../words/format.ts";
import { waiting } from "../model/alerts.ts";
import type { ServerClock } from "../model/clock.ts";
import { streamState, type State, type StreamState } from "../model/state.ts";
import { blindSpots } from "../model/blind_spots.ts";
import { part, setData, setText } from "../ui/dom.ts";

const CLOCK_TOLERANCE_MS = 2000;
const DISK_FULL =
  "DISK FULL at ingest. What sensors send now is not read: it waits at their senders, and what moves now is not shown. " +
  "Calls for help, alerts and your actions go on. Make room on the server's disk; the rest goes on by itself.";
const PARTS = ["sector", "border", "layout", "segments", "layers"] as const;

export class StatusBar {
  readonly #clock: ServerClock;
  #format = clockFormat("UTC");
  #zone = "UTC";

  constructor(clock: ServerClock) {
    this.#clock = clock;
  }

  /** What does not depend on the time. */
  show(state: State): void {
    const sector = state.sector.value;
    part("demo-mark").hidden = sector?.demo !== true;
    const context = [sector?.layout && `layout ${sector.layout}`, sector?.operator && `operator ${sector.operator}`]
      .filter(Boolean)
      .join(", ");
    setText(part("sector-name"), sector?.title || sector?.name || "");
    setText(part("operator"), context);
    const open = Object.values(waiting(state.alerts)).reduce((sum, count) => sum + count, 0);
    document.title = `${open > 0 ? `(${open}) ` : ""}${sector?.demo === true ? "DEMO: " : ""}Watchline${sector === null ? "" : ` ${sector.title || sector.name}`}`;
    if (sector !== null && sector.timeZone !== this.#zone) {
      this.#zone = sector.timeZone;
      this.#format = clockFormat(sector.timeZone);
    }
    const disk = part("banner-disk");
    disk.hidden = !state.diskFull;
    setText(disk, state.diskFull ? DISK_FULL : "");
    const missing = PARTS.filter((name) => state[name].value === null && state[name].problem !== "");
    const banner = part("banner-parts");
    banner.hidden = missing.length === 0 || state.connection.phase !== "open";
    setText(banner, `Not shown: ${missing.map((name) => `${name} (${state[name].problem})`).join("; ")}`);
  }

  /** What changes with time; called a few times a second. */
  tick(state: State): StreamState {
    const monotonicMs = performance.now();
    const nowMs = this.#clock.now(monotonicMs);
    const ageS = this.#ageS(state, nowMs);
    const stream = streamState(state.connection, ageS, monotonicMs, state.down.size > 0);
    this.#showStream(stream, ageS, state, monotonicMs);
    this.#showClocks(nowMs);
    this.#warnOfClock();
    this.#showUnseen(state, nowMs, stream);
    return stream;
  }

  /** Wall seconds since the picture was true; null while there is none. */
  #ageS(state: State, nowMs: number): number | null {
    if (state.stampMs === null || !Number.isFinite(nowMs)) return null;
    return Math.max(0, (nowMs - state.stampMs) / 1000 / this.#clock.rate);
  }

  #showStream(stream: StreamState, ageS: number | null, state: State, monotonicMs: number): void {
    const age = ageS === null ? "" : `picture ${ageS < 10 ? ageS.toFixed(1) : Math.round(ageS)} s old`;
    const words = {
      connecting: "Connecting …",
      live: `LIVE, ${age}`,
      down: `NOT WORKING: ${[...state.down.keys()].join(", ")}`,
      stale: `STALE, ${age}`,
      lost: "LOST",
    }[stream];
    setText(part("stream-state"), stream === "lost" && ageS !== null ? `LOST, picture ${duration(ageS)} old` : words);
    setData(part("stream-state"), "state", stream);
    setData(document.documentElement, "stream", stream);
    const banner = part("banner-stream");
    const sentence = this.#sentence(stream, ageS, state, monotonicMs);
    banner.hidden = sentence === "";
    setText(banner, sentence);
  }

  #sentence(stream: StreamState, ageS: number | null, state: State, monotonicMs: number): string {
    const old = ageS === null ? "There is no picture." : "The picture below is old.";
    if (stream === "lost") {
      const retry = state.connection.retryMs;
      const next = retry === null || retry <= monotonicMs ? "Trying again now." : "Trying again.";
      return `Connection lost. ${state.connection.problem || "The stream fell silent."} ${old} New alerts do not arrive. ${next}`;
    }
    if (stream === "down") return downSentence(state.down);
    if (stream === "stale" && state.down.size > 0)
      return `The picture is stale. ${downSentence(state.down)}`;
    if (stream === "stale") {
      const { heardMs } = state.connection;
      // Only what came after the picture shows that the server is still there.
      const there = ageS !== null && monotonicMs - heardMs < (ageS - 1) * 1000;
      const why = there ? "the server is there, but fusion has written nothing new" : "nothing new has come from the server";
      return `The picture is stale: ${why}. What moves now is not shown.`;
    }
    return "";
  }

  #showClocks(nowMs: number): void {
    const known = Number.isFinite(nowMs);
    setText(part("clock-utc"), known ? utcTime(nowMs).slice(0, 8) : "--:--:--");
    const parts = known ? this.#format.formatToParts(nowMs) : [];
    const zone = parts.find(({ type }) => type === "timeZoneName")?.value ?? "Local";
    setText(part("clock-local-zone"), this.#clock.rate === 1 ? zone : `${zone}, ×${this.#clock.rate}`);
    const digits = parts.filter(({ type }) => ["hour", "minute", "second"].includes(type)).map(({ value }) => value);
    setText(part("clock-local"), known ? digits.join(":") : "--:--:--");
  }

  #warnOfClock(): void {
    const aheadMs = this.#clock.browserAheadMs();
    const banner = part("banner-clock");
    banner.hidden = Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS;
    if (banner.hidden) return;
    const by = duration(Math.abs(aheadMs) / 1000);
    setText(
      banner,
      `This computer's clock is ${by} ${aheadMs > 0 ? "ahead of" : "behind"} the server's. All times on this page are the server's.`,
    );
  }

  #showUnseen(state: State, nowMs: number, stream: StreamState): void {
    const said = blindSpots(state, nowMs);
    const trusted = stream === "live" || stream === "connecting";
    setText(part("unseen-sensors"), trusted ? said.sensors : `${said.sensors}, as of the last picture`);
    setData(part("unseen-sensors"), "urgent", String(said.urgent));
    setText(part("unseen-hidden"), said.hidden);
    setText(part("unseen-tracks"), said.tracks);
  }
}

function downSentence(down: ReadonlyMap<string, string>): string {
  const parts = [...down].map(([name, why]) => `${name} (${why.replace(/\.$/, "")})`).join("; ");
  return `Not working: ${parts}. Detections may be missing from the picture, and alerts may not reach the units.`;
}
