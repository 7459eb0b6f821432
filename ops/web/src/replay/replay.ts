// Looking back: which time is shown, whether it plays, and the state that the page shows meanwhile. The live state goes
// on underneath: alarms sound, and the way back needs one key.

import { leadOf } from "../model/incidents.ts";
import type { Incident } from "../model/records.ts";
import {
  asKnownThen, covers, neighbour, playedTo, spanAround, SPANS_MS, within, type Extent, type Moment, type Opened,
} from "../model/replay.ts";
import type { Selection, State } from "../model/state.ts";
import { Store } from "../model/store.ts";
import { failure, RequestFailed } from "../net/api.ts";
import type { Message } from "../words/catalogue.ts";
import { loadExtent, loadMoment, loadOpened, loadPath, loadRevisions, type Path } from "./requests.ts";
import type { ShownClock, ShownTrails } from "./shown.ts";

/** One track, unit or incident through time. */
export interface Followed {
  readonly selection: Selection;
  /** The track whose path is drawn; null for a unit, and for an incident without one. */
  readonly track: string | null;
  readonly path: Path | null;
  readonly revisions: readonly Incident[];
}

/** What the bar shows; the same object while nothing changes. */
export interface View {
  readonly atMs: number;
  readonly extent: Extent;
  readonly startMs: number;
  readonly endMs: number;
  readonly spanMs: number;
  readonly playing: boolean;
  readonly speed: number;
  readonly withNow: boolean;
  readonly moment: Moment | null;
  readonly problem: Message | null;
  readonly opened: readonly Opened[];
  readonly followed: Followed | null;
}

const TICK_MS = 200;
/** How much of the time since the last tick playing goes on by: a page that stood still skips nothing. */
const LONGEST_TICK_MS = 1_000;
const EXTENT_EVERY_MS = 30_000;
/** How far back the first look goes. */
const BACK_MS = 60_000;
const PATH_MS = 3_600_000;

export class Replay {
  readonly shown: Store;
  readonly #live: Store;
  readonly #clock: ShownClock;
  readonly #trails: ShownTrails;
  readonly #listeners: ((view: View | null) => void)[] = [];
  #view: View | null = null;
  #problem: Message | null = null;
  #loading: AbortController | null = null;
  #tickedMs = 0;
  #extentMs = 0;
  /** How often looking back was asked for or ended: what was asked for before that does not begin any more. */
  #asked = 0;
  /** That number of the looking back whose incidents are being loaded. */
  #opening: number | null = null;
  /** The same of following. */
  #follows = 0;

  constructor(live: Store, clock: ShownClock, trails: ShownTrails) {
    this.#live = live;
    this.#clock = clock;
    this.#trails = trails;
    this.shown = new Store(live.state, (run) => run());
    live.subscribe(() => this.#show());
    setInterval(() => this.#tick(), TICK_MS);
  }

  get view(): View | null {
    return this.#view;
  }

  /** Why looking back could not begin; null once it has. */
  get problem(): Message | null {
    return this.#problem;
  }

  onChange(listener: (view: View | null) => void): void {
    this.#listeners.push(listener);
  }

  /** The selection of what is shown; it stays when looking back begins or ends. */
  select(selection: Selection | null): void {
    this.#live.update(() => ({ selection }));
    this.#show();
    this.#tell(); // whether it can be followed
  }

  async open(atMs: number | null = null): Promise<void> {
    if (this.#view !== null) {
      if (atMs !== null) this.seek(atMs);
      return;
    }
    const asked = (this.#asked += 1);
    try {
      const extent = await loadExtent();
      if (asked !== this.#asked) return;
      this.#problem = extent === null ? { id: "replay-nothing", parameters: {} } : null;
      if (extent === null) return this.#tell();
      const spanMs = SPANS_MS[1];
      const at = within(atMs ?? extent.lastMs - BACK_MS, extent);
      const [startMs, endMs] = spanAround(at, spanMs, extent.lastMs - spanMs, extent);
      this.#extentMs = performance.now();
      this.#change({
        atMs: at, extent, startMs, endMs, spanMs, playing: false, speed: 10, withNow: false, moment: null, problem: null,
        opened: [], followed: null,
      });
      void this.#loadOpened(extent);
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#problem = failure(error);
      this.#tell();
    }
  }

  /** Back to the live picture. */
  close(): void {
    this.#asked += 1;
    this.#follows += 1;
    this.#problem = null;
    if (this.#view === null) return this.#tell();
    this.#loading?.abort();
    this.#loading = null;
    this.#view = null;
    this.#clock.atMs = null;
    this.#trails.end();
    this.#show();
    this.#tell();
  }

  seek(atMs: number): void {
    this.#update((view) => {
      const at = within(atMs, view.extent);
      const [startMs, endMs] = spanAround(at, view.spanMs, view.startMs, view.extent);
      return { atMs: at, startMs, endMs };
    });
  }

  /** How long a time the slider spans. */
  span(spanMs: number): void {
    this.#update((view) => {
      const [startMs, endMs] = spanAround(view.atMs, spanMs, view.atMs - spanMs / 2, view.extent);
      return { spanMs, startMs, endMs };
    });
  }

  play(playing: boolean): void {
    this.#tickedMs = performance.now();
    this.#update(() => ({ playing }));
  }

  speed(speed: number): void {
    this.#update(() => ({ speed }));
  }

  compare(withNow: boolean): void {
    this.#update(() => ({ withNow, moment: null }));
  }

  /** To the opening of the incident before or after, which is selected. */
  jump(direction: 1 | -1): Opened | null {
    const view = this.#view;
    const found = view === null ? null : neighbour(view.opened, view.atMs, direction);
    if (found === null) return null;
    this.seek(found.openedMs);
    this.select({ kind: "incident", id: found.id });
    return found;
  }

  /** Follow the selected track, unit or incident through time, or stop. */
  async follow(selection: Selection | null): Promise<void> {
    const view = this.#view;
    if (view === null) return;
    const follows = (this.#follows += 1);
    if (selection === null) return this.#update(() => ({ followed: null }));
    try {
      const revisions = selection.kind === "incident" ? await loadRevisions(selection.id) : [];
      const track = trackOf(selection, this.shown.state, revisions);
      const [from, until] = [view.atMs - PATH_MS, view.atMs + PATH_MS].map((ms) => within(ms, view.extent));
      const part = selection.kind === "unit" ? "units" : "tracks";
      const id = part === "units" ? selection.id : track;
      const path = id === null ? null : await loadPath(part, id, from ?? view.atMs, until ?? view.atMs);
      if (follows === this.#follows) this.#update(() => ({ followed: { selection, track, path, revisions } }));
    } catch (error) {
      if (follows === this.#follows) this.#update(() => ({ problem: failure(error) }));
    }
  }

  #update(change: (view: View) => Partial<View>): void {
    if (this.#view !== null) this.#change({ ...this.#view, ...change(this.#view) });
  }

  #change(view: View): void {
    const { moment } = view;
    this.#view = view;
    this.#clock.atMs = view.atMs;
    this.#show();
    this.#tell();
    if (moment === null || !covers(moment, view.atMs) || (moment.now !== null) !== view.withNow) void this.#load();
  }

  #show(): void {
    const view = this.#view;
    const { state } = this.#live;
    this.shown.update(() => (view === null ? state : asKnownThen(state, state.selection, view.atMs, view.moment)));
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.#view);
  }

  /** One request at a time; what is wanted by then follows it. */
  async #load(): Promise<void> {
    const view = this.#view;
    if (view === null || this.#loading !== null) return;
    const loading = (this.#loading = new AbortController());
    let change: Partial<View>;
    try {
      const moment = await loadMoment(view.atMs, view.withNow, view.moment?.bearings ?? new Map(), loading.signal);
      change = { moment, problem: null };
    } catch (error) {
      change = { problem: failure(error), playing: false };
      if (error instanceof RequestFailed && error.status === 404) change = { ...change, moment: null };
    }
    if (this.#loading !== loading) return; // back to live meanwhile
    this.#loading = null;
    if (change.moment != null) this.#trails.show(change.moment.tracks, change.moment.atMs);
    const failed = change.problem !== null;
    const wanted = this.#view;
    if (wanted === null) return;
    if (failed) {
      this.#view = { ...wanted, ...change };
      this.#show();
      this.#tell();
      if (wanted.atMs !== view.atMs) void this.#load();
    } else this.#change({ ...wanted, ...change });
  }

  /** One at a time; it ends with this looking back. */
  async #loadOpened(extent: Extent): Promise<void> {
    const asked = this.#asked;
    if (this.#opening === asked) return;
    this.#opening = asked;
    try {
      for await (const opened of loadOpened(extent, this.#view?.opened)) {
        if (asked !== this.#asked) return;
        this.#update(() => ({ opened }));
      }
    } catch (error) {
      if (asked === this.#asked) this.#update(() => ({ problem: failure(error) }));
    }
    if (asked === this.#opening) this.#opening = null;
  }

  #tick(): void {
    const view = this.#view;
    if (view === null) return;
    const now = performance.now();
    if (now - this.#extentMs > EXTENT_EVERY_MS) void this.#refresh(now);
    const elapsedMs = Math.min(now - this.#tickedMs, LONGEST_TICK_MS);
    this.#tickedMs = now;
    if (!view.playing || this.#loading !== null) return; // a slow answer slows playing down, nothing is left out
    const to = playedTo(view.atMs, view.speed, elapsedMs, view.moment, view.extent);
    if (to === view.atMs) this.#update(() => ({ playing: false }));
    else this.seek(to);
  }

  /** The newest moment is later than when looking back began. */
  async #refresh(now: number): Promise<void> {
    this.#extentMs = now;
    try {
      const extent = await loadExtent();
      if (extent === null) return;
      this.#update(() => ({ extent }));
      await this.#loadOpened(extent);
    } catch {
      // what is known of the extent stays; a moment that cannot be read says so
    }
  }
}

function trackOf(selection: Selection, state: State, revisions: readonly Incident[]): string | null {
  if (selection.kind === "track") return selection.id;
  if (selection.kind === "alert") return state.alerts.get(selection.id)?.track ?? null;
  if (selection.kind !== "incident") return null;
  const incident = state.incidents.get(selection.id) ?? revisions.at(-1);
  if (incident === undefined) return null;
  return incident.tracks[0]?.track ?? leadOf(incident, state.alerts)?.track ?? null;
}
