// Requests of the planner's page. Answers are checked as far as they are used.

import { openLogin, problemOf, RequestFailed } from "../net/api.ts";

export interface PlanSensor {
  /** What edits know it by; the same as the id unless it is renamed. */
  readonly key?: string;
  readonly id: string;
  readonly kind: string;
  readonly lon: number;
  readonly lat: number;
  readonly azimuth_deg: number;
  readonly field_of_view_deg: number;
  readonly max_range_m: number;
  readonly item: string | null;
  /** A plan buys it. */
  readonly fresh?: boolean;
  /** Where a mobile sensor is planned to go. */
  readonly course?: readonly [number, number][];
}

/** A segment of the border. */
export interface Segment {
  readonly start_km: number;
  readonly end_km: number;
  readonly lines: [number, number][][];
}

export interface PlanLayout {
  readonly name: string;
  readonly title: string;
  /** A shorter title, for lists. */
  readonly short?: string;
  readonly sensors: readonly PlanSensor[];
}

export type Corners = [[number, number], [number, number], [number, number], [number, number]];

export interface Setup {
  readonly sector: string;
  readonly title: string;
  readonly corners: Corners;
  readonly border: [number, number][][];
  readonly currency: string;
  /** Years of the life-cycle cost. */
  readonly years: number;
  readonly equipment: readonly Equipment[];
  readonly layouts: readonly PlanLayout[];
  readonly legend: Legends;
  readonly change_legend: Legends;
  readonly segments: readonly Segment[];
}

/** An item of the catalogue, per unit. */
export interface Equipment {
  readonly item: string;
  readonly title: string;
  readonly kind: string;
  readonly max_range_m: number;
  readonly field_of_view_deg: number;
  /** 0: it is leased, at `opex_per_year`, or needs no equipment. */
  readonly first_cost: number;
  readonly opex_per_year: number;
  readonly life_cycle_cost: number;
  readonly crew: number;
}

/** By day and by night. */
export type Legends = Readonly<Record<"day" | "night", readonly LegendRow[]>>;

export interface LegendRow {
  readonly colour: string;
  readonly label: string;
  readonly pattern?: string;
  /** Limits of a class of probabilities, as text. */
  readonly low?: string;
  readonly high?: string;
}

export interface Edit {
  readonly lon?: number;
  readonly lat?: number;
  readonly azimuth_deg?: number;
  readonly name?: string;
  /** Of the catalogue: the sensor is added. */
  readonly item?: string;
  /** A sensor of the layout: the sensor is added as its copy. */
  readonly copy_of?: string;
}

/** By sensor id; null: removed. */
export type Edits = Readonly<Record<string, Edit | null>>;

/** Target, and light and weather. */
export interface Case {
  readonly target: string;
  readonly conditions: string;
}

export interface Cost {
  readonly first_cost: number;
  readonly life_cycle_cost: number;
  readonly crew: number;
  /** Without a known cost. */
  readonly unpriced: readonly string[];
  /** In no catalogue: purchase price and crew are unknown. */
  readonly unlisted: readonly string[];
}

export interface Covered {
  readonly figures: {
    readonly mean_probability: number | null;
    readonly worst_segment: number | null;
    readonly worst_segment_number: number;
    readonly sensors: number;
    readonly relays: number;
  };
  /** Mean probability of each segment; null where it is unknown. */
  readonly segments: readonly (number | null)[];
  readonly cost: Cost;
  /** Of the layout without edits. */
  readonly saved_cost: Cost;
  /** Sensors without a link to a base, which are excluded. */
  readonly unlinked: readonly string[];
  readonly problems: Readonly<Record<string, string>>;
  readonly picture: string;
}

/** A layout of the server with edits. */
export interface EditedLayout {
  readonly layout: string;
  readonly edits: Edits;
}

export interface Difference {
  readonly gained_km2: number;
  readonly lost_km2: number;
  readonly picture: string;
}

export interface Viewshed {
  readonly corners: Corners;
  readonly picture: string;
}

export type JobState = "queued" | "running" | "done" | "failed" | "cancelled";

export interface Job {
  readonly id: string;
  readonly kind: string;
  readonly state: JobState;
  readonly doing: string;
  readonly done: number;
  readonly total: number;
  readonly problem: string;
  readonly message?: unknown;
  readonly answer: unknown;
}

/** The first request loads the terrain, which takes a while. */
const TIMEOUT_MS = 60_000;

export const setup = (): Promise<Setup> => ask<Setup>("/api/plan/setup");

export const coverage = (layout: string, edits: Edits, of: Case, palette: string): Promise<Covered> =>
  ask<Covered>("/api/plan/coverage", { layout, edits, ...of, palette });

/** What one layout covers more and less than another. */
export const difference = (before: EditedLayout, after: EditedLayout, of: Case, palette: string): Promise<Difference> =>
  ask<Difference>("/api/plan/difference", { before, after, ...of, palette });

/** What one sensor, by its name, has a line of sight to. */
export const viewshed = (layout: string, edits: Edits, sensor: string, target: string): Promise<Viewshed> =>
  ask<Viewshed>("/api/plan/viewshed", { layout, edits, sensor, target });

/** A layout as edited, as the text of a layout file. */
export const saved = async (layout: string, edits: Edits): Promise<string> =>
  JSON.stringify(await ask<unknown>("/api/plan/layout", { layout, edits }), null, 1);

export const submit = (order: unknown): Promise<Job> => ask<Job>("/api/plan/jobs", order);

export const job = (id: string): Promise<Job> => ask<Job>(`/api/plan/jobs/${encodeURIComponent(id)}`);

export const reportOf = (id: string): string => `/api/plan/jobs/${encodeURIComponent(id)}/report`;

export const cancel = (id: string): Promise<Job> => ask<Job>(`/api/plan/jobs/${encodeURIComponent(id)}/cancel`, null);

async function ask<T>(path: string, body?: unknown): Promise<T> {
  const sent: RequestInit =
    body === undefined
      ? { method: "GET" }
      : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let response: Response;
  try {
    response = await fetch(path, { ...sent, credentials: "same-origin", signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new RequestFailed("page-net-unreachable", 0);
  }
  if (response.status === 401) openLogin();
  if (!response.ok) throw new RequestFailed(await problemOf(response), response.status);
  try {
    return (await response.json()) as T;
  } catch {
    throw new RequestFailed("page-net-unreadable", response.status);
  }
}
