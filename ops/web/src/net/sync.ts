// Keeps the state equal to the server's: reads what stands still, follows the stream, and starts over when told to.

import type { FeatureCollection } from "geojson";
import { withRevision } from "../model/alerts.ts";
import { identified } from "../model/bearings.ts";
import { NO_FORCES, parseForces } from "../model/forces.ts";
import { NO_REFUSALS } from "../model/refused.ts";
import { withIncident } from "../model/incidents.ts";
import type { ServerClock } from "../model/clock.ts";
import {
  list,
  moment,
  object,
  parseAlert,
  parseBearing,
  parseCounts,
  parseDiskFull,
  parseDown,
  parseIncident,
  parseLayers,
  parseSector,
  parseSensor,
  parseTrack,
} from "../model/parse.ts";
import type { Alert, Track } from "../model/records.ts";
import { isThere } from "../model/selection.ts";
import type { Connection, Loaded, Selection, State } from "../model/state.ts";
import type { Store } from "../model/store.ts";
import { deadGroundFraction } from "../model/coverage.ts";
import type { Trails } from "../model/trails.ts";
import { failure, getJson, RequestFailed } from "./api.ts";
import { LatestPicture, pictureIntervalMs } from "./latest_picture.ts";
import { followStream } from "./shared_stream.ts";

type Part = "sector" | "border" | "segments" | "layout" | "layers";

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10_000;
const COUNTS_EVERY_MS = 2_000;
const LAYERS_EVERY_MS = 60_000;
const MISSING_AGAIN_MS = 5_000;
const HIDDEN_AGAIN_MS = 3_000;
const ALERT_LIMIT = 5000;
const INCIDENTS = "/v1/incidents?limit=1000";
const CLOSED_INCIDENTS = "/v1/incidents?state=closed&limit=200";

export class Sync {
  readonly #store: Store;
  readonly #clock: ServerClock;
  readonly #trails: Trails;
  readonly #palette: () => string;
  readonly #pictures: LatestPicture;
  #after: number | null = null;
  #stop = new AbortController();
  #wake: (() => void) | null = null;
  #again: ReturnType<typeof setTimeout> | null = null;
  #filling = false;
  /** What was selected when the stream started over: kept if the new picture contains it. */
  #unsure: Selection | null = null;
  /** How many times parts were asked for, and the last time that was answered of each: an older answer may come later. */
  #asked = 0;
  readonly #answered = new Map<Part, number>();
  /** With this event, all alerts and incidents of the new store have come. */
  #complete = 0;

  /** `palette`: in which colours the server should draw. */
  constructor(store: Store, clock: ServerClock, trails: Trails, palette: () => string) {
    this.#palette = palette;
    this.#store = store;
    this.#clock = clock;
    this.#trails = trails;
    this.#pictures = new LatestPicture(
      (data) => this.#takeTracks(data),
      () => pictureIntervalMs(this.#store.state.tracks.size),
    );
  }

  /** Follow the server until `close`. */
  async run(): Promise<void> {
    this.#every(COUNTS_EVERY_MS, () => this.#loadCounts());
    this.#every(LAYERS_EVERY_MS, () => this.#loadGround());
    this.#every(LAYERS_EVERY_MS, () => this.#loadSector());
    this.#every(MISSING_AGAIN_MS, () => this.#loadMissing());
    let retryMs = FIRST_RETRY_MS;
    while (!this.#stop.signal.aborted) {
      this.#connection({ phase: "connecting", retryMs: null });
      const opened = await this.#follow();
      if (this.#stop.signal.aborted) return;
      retryMs = opened ? FIRST_RETRY_MS : Math.min(retryMs * 2, LAST_RETRY_MS);
      const waitMs = retryMs * (0.75 + 0.5 * Math.random());
      this.#connection({ retryMs: performance.now() + waitMs });
      await this.#pause(waitMs);
    }
  }

  close(): void {
    this.#stop.abort();
    this.#wake?.();
  }

  /** Try again now instead of when the wait is over. */
  retryNow(): void {
    this.#wake?.();
  }

  /** One connection from beginning to end; whether it was ever open. */
  async #follow(): Promise<boolean> {
    let opened = false;
    try {
      await this.#loadAlerts(); // first: it tells whether the server is there at all
      const incidents = this.#loadIncidents();
      this.#loadStill(); // beside the incidents: the map waits for it
      await incidents;
      this.#keepSelected("alert", "incident");
      const handlers = {
        opened: () => {
          opened = true;
          this.#connection({ phase: "open", problem: null });
        },
        heard: () => this.#connection({ heardMs: performance.now() }),
        event: (name: string, data: string, id: string | null) => this.#take(name, data, id),
      };
      await followStream(this.#after, handlers, this.#stop.signal);
    } catch (error) {
      const problem = error instanceof RequestFailed ? error.problem : { id: "page-net-page", parameters: {} };
      if (!(error instanceof RequestFailed)) console.error(problem.id, error);
      this.#connection({ phase: "lost", problem });
    }
    return opened;
  }

  #take(name: string, data: string, id: string | null): void {
    if (id !== null && /^\d{1,15}$/.test(id)) this.#after = Number(id);
    if (name === "tracks") return this.#pictures.offer(data);
    const body = parse(data);
    if (body === null) return;
    if (name === "alert") this.#takeAlert(body);
    else if (name === "incident") this.#takeIncidents([body]);
    else if (name === "bearings") this.#takeBearings(body);
    else if (name === "forces") this.#takeForces(body);
    else if (name === "sensors") this.#takeSensors(body);
    else if (name === "layers") void this.#loadGround();
    else if (name === "heartbeat") this.#takeHeartbeat(body);
    else if (name === "reset") this.#startOver(typeof body["last"] === "number" ? body["last"] : 0);
    if ((this.#after ?? 0) >= this.#complete) this.#keepSelected("alert", "incident");
  }

  #takeTracks(data: string): void {
    const body = parse(data);
    const stampMs = moment(body?.["stamp"]);
    if (body === null || stampMs === null) return;
    const raw = list(body["tracks"]);
    const tracks = new Map<string, Track>();
    for (const entry of raw) {
      const track = parseTrack(entry);
      if (track !== null) tracks.set(track.id, track);
    }
    this.#clock.atLeast(stampMs, performance.now());
    this.#trails.take(tracks, stampMs);
    this.#store.update(() => ({ tracks, stampMs, unreadable: raw.length - tracks.size }));
    this.#keepSelected("track");
  }

  #takeAlert(body: unknown): void {
    const alert = parseAlert(body);
    if (alert !== null) this.#store.update((state) => ({ alerts: withRevision(state.alerts, alert) }));
  }

  #takeIncidents(raw: readonly unknown[]): void {
    const incidents = raw.map(parseIncident).filter((incident) => incident !== null);
    if (incidents.length > 0)
      this.#store.update((state) => ({ incidents: incidents.reduce(withIncident, state.incidents) }));
  }

  #takeBearings(body: Readonly<Record<string, unknown>>): void {
    const contacts = list(body["bearings"])
      .map(parseBearing)
      .filter((contact) => contact !== null);
    this.#store.update(({ bearings }) => ({ bearings: identified(bearings, contacts) }));
    this.#keepSelected("bearing");
  }

  #takeForces(body: Readonly<Record<string, unknown>>): void {
    const forces = parseForces(body["forces"]);
    if (forces === null) return;
    this.#store.update(() => ({ forces }));
    this.#keepSelected("unit", "base", "section");
  }

  #takeSensors(body: Readonly<Record<string, unknown>>): void {
    const sensors = list(body["sensors"])
      .map(parseSensor)
      .filter((sensor) => sensor !== null);
    this.#store.update(() => ({ sensors: new Map(sensors.map((sensor) => [sensor.id, sensor])) }));
    this.#keepSelected("sensor");
    void this.#loadGround(); // what can be seen may have changed with them
  }

  #takeHeartbeat(body: Readonly<Record<string, unknown>>): void {
    const serverMs = moment(body["at"]);
    if (serverMs !== null) this.#clock.add(serverMs, performance.now());
    const down = parseDown(body["down"], body["states"]);
    if (JSON.stringify([...down]) !== JSON.stringify([...this.#store.state.down])) this.#store.update(() => ({ down }));
  }

  /** The server has another store than the one we knew: nothing that we show is true any more. What is selected stays
      so until it is known to be gone. `complete`: number of the event with which all alerts and incidents have come. */
  #startOver(complete = 0): void {
    this.#after = null;
    this.#complete = complete;
    this.#unsure = this.#store.state.selection;
    this.#clock.reset();
    this.#pictures.drop();
    this.#trails.clear();
    this.#store.update(() => ({
      alerts: new Map(),
      incidents: new Map(),
      tracks: new Map(),
      bearings: new Map(),
      forces: NO_FORCES,
      refused: NO_REFUSALS,
      options: new Map(),
      stampMs: null,
    }));
    this.#loadStill();
  }

  /** End the selection of before the stream started over if the picture of its kind has come without it. */
  #keepSelected(...kinds: Selection["kind"][]): void {
    const { selection } = this.#store.state;
    if (this.#unsure === null || !kinds.includes(this.#unsure.kind)) return;
    const gone = selection === this.#unsure && !isThere(this.#unsure, this.#store.state);
    this.#unsure = null;
    if (gone) this.#store.update(() => ({ selection: null }));
  }

  async #loadAlerts(): Promise<void> {
    const body = object(await getJson(`/api/alerts?limit=${ALERT_LIMIT}`, this.#stop.signal));
    const alerts = list(body?.["alerts"])
      .map(parseAlert)
      .filter((alert) => alert !== null);
    const last = body?.["last"];
    if (typeof last === "number") {
      if (this.#after !== null && last < this.#after) this.#startOver();
      this.#after ??= last;
    }
    const truncated = body?.["more"] === true;
    this.#store.update((state) => ({
      alerts: truncated ? alerts.reduce(withRevision, state.alerts) : byId(alerts),
      alertsKnown: true,
      alertsTruncated: truncated,
    }));
  }

  /** A server without incidents shows its alerts. */
  async #loadIncidents(): Promise<void> {
    try {
      for (const path of [INCIDENTS, CLOSED_INCIDENTS])
        this.#takeIncidents(list(object(await getJson(path, this.#stop.signal))?.["incidents"]));
    } catch (error) {
      if (!(error instanceof RequestFailed) || error.status !== 404) throw error;
    }
    if (!this.#store.state.incidentsKnown) this.#store.update(() => ({ incidentsKnown: true }));
  }

  #loadStill(): void {
    void this.#loadSector();
    void this.#load("border", "/api/border", readCollection);
    void this.#load("layout", "/api/layout", readCollection);
    void this.#loadGround();
    void this.#loadCounts();
  }

  /** What the server could not give when it was asked, such as while its map process starts. */
  async #loadMissing(): Promise<void> {
    if (this.#filling) return;
    this.#filling = true;
    await Promise.allSettled([
      this.#failed("sector") && this.#loadSector(),
      this.#failed("border") && this.#load("border", "/api/border", readCollection),
      this.#failed("layout") && this.#load("layout", "/api/layout", readCollection),
      (this.#failed("segments") || this.#failed("layers")) && this.#loadGround(),
    ]);
    this.#filling = false;
  }

  #failed(name: Part): boolean {
    const { value, problem } = this.#store.state[name];
    return value === null && problem !== null;
  }

  async #loadSector(): Promise<void> {
    const sentMs = Date.now();
    const before = this.#store.state.sector;
    await this.#load("sector", "/api/sector", parseSector);
    const sector = this.#store.state.sector.value;
    if (sector?.clockMs == null || this.#store.state.sector === before) return;
    this.#clock.setRate(sector.clockRate);
    this.#clock.add(sector.clockMs, performance.now());
    this.#clock.compare(sector.clockMs, sentMs, Date.now());
  }

  /** What depends on which sensors work. The share that is hidden takes the server a while: asked again until known. */
  async #loadGround(): Promise<void> {
    const layers = this.#load("layers", `/api/layers?palette=${this.#palette()}`, parseLayers);
    await Promise.all([layers, this.#load("segments", "/api/segments", readCollection)]);
    const { segments, connection } = this.#store.state;
    if (segments.value === null || deadGroundFraction(segments.value) !== null || connection.phase !== "open") return;
    this.#again ??= setTimeout(() => {
      this.#again = null;
      void this.#loadGround();
    }, HIDDEN_AGAIN_MS);
  }

  /** Another palette has other legends. */
  repaint(): void {
    void this.#loadGround();
  }

  async #loadCounts(): Promise<void> {
    try {
      const body = object(object(await getJson("/api/counts", this.#stop.signal))?.["counts"]) ?? {};
      const rows = Object.entries(body).map(([sensor, raw]) => [sensor, parseCounts(raw)] as const);
      const counts = new Map(rows.flatMap(([id, row]) => (row === null ? [] : [[id, row]])));
      this.#store.update(() => ({ counts, diskFull: parseDiskFull(body) }));
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error; // old counts stay; the stream's state says how old all is
    }
  }

  async #load<K extends Part>(
    part: K,
    path: string,
    read: (raw: unknown) => NonNullable<State[K]["value"]> | null,
  ): Promise<void> {
    const asked = (this.#asked += 1);
    let loaded: Loaded<NonNullable<State[K]["value"]>>;
    try {
      const value = read(await getJson(path, this.#stop.signal));
      loaded = { value, problem: value === null ? { id: "page-net-unreadable", parameters: {} } : null };
    } catch (error) {
      const problem = failure(error);
      loaded = { value: this.#store.state[part].value as NonNullable<State[K]["value"]> | null, problem };
    }
    if (asked < (this.#answered.get(part) ?? 0)) return;
    this.#answered.set(part, asked);
    const known = this.#store.state[part];
    if (JSON.stringify(known) !== JSON.stringify(loaded)) this.#store.update(() => ({ [part]: loaded }));
  }

  #connection(change: Partial<Connection>): void {
    this.#store.update(({ connection }) => {
      const wanted = change.phase ?? connection.phase;
      // Trying again is no better than lost until it works: the operator sees one outage, not a flicker.
      const phase = connection.phase === "lost" && wanted === "connecting" ? "lost" : wanted;
      const sinceMs = phase === connection.phase ? connection.sinceMs : performance.now();
      return { connection: { ...connection, ...change, sinceMs, phase } };
    });
  }

  #every(periodMs: number, run: () => Promise<void>): void {
    const timer = setInterval(() => {
      if (this.#store.state.connection.phase === "open" && !document.hidden) void run();
    }, periodMs);
    this.#stop.signal.addEventListener("abort", () => clearInterval(timer));
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function parse(data: string): Readonly<Record<string, unknown>> | null {
  try {
    return object(JSON.parse(data));
  } catch {
    return null; // not of this server; the next picture replaces it
  }
}

function byId(alerts: readonly Alert[]): Map<string, Alert> {
  return new Map(alerts.map((alert) => [alert.id, alert]));
}

function readCollection(raw: unknown): FeatureCollection | null {
  const body = object(raw);
  return body?.["type"] === "FeatureCollection" && Array.isArray(body["features"]) ? (raw as FeatureCollection) : null;
}
