// What the server says, as the page keeps it: every field checked once in parse.ts, times as UTC milliseconds since 1970.

export const CLASSES = ["person", "group", "vehicle", "animal", "other"] as const;
export type ClassName = (typeof CLASSES)[number];
export type Label = ClassName | "unknown";

export const TRACK_STATUSES = ["tentative", "confirmed", "coasting"] as const;
export type TrackStatus = (typeof TRACK_STATUSES)[number];

/** In order of rank, as the server ranks them. */
export const PRIORITIES = ["distress", "high", "medium", "low"] as const;
export type Priority = (typeof PRIORITIES)[number];

export const ALERT_STATUSES = ["active", "acknowledged", "cleared", "rejected"] as const;
export type AlertStatus = (typeof ALERT_STATUSES)[number];

export interface Place {
  readonly lon: number;
  readonly lat: number;
}

export interface Track extends Place {
  readonly id: string;
  readonly status: TrackStatus;
  readonly speedMps: number | null;
  /** Clockwise from true north; null where the speed is too low for a course to mean anything. */
  readonly courseDeg: number | null;
  /** Semi-axes of one standard deviation, longest first. */
  readonly ellipseM: readonly [number, number] | null;
  /** Of the longest axis, clockwise from the north of the sector's frame. */
  readonly ellipseAzimuthDeg: number;
  readonly existence: number;
  readonly label: Label;
  readonly labelProbability: number | null;
  readonly classProbability: Readonly<Record<ClassName, number>> | null;
  readonly segment: number | null;
  readonly offsetM: number | null;
  /** When its newest plot was observed: never moved by a prediction. */
  readonly updatedMs: number;
  /** Sensors that gave its newest plots; null when the picture does not say. */
  readonly sensors: readonly string[] | null;
  readonly timeToBorderS: number | null;
  /** Sensors among its evidence whose keys are no longer believed. */
  readonly revokedSources: readonly string[];
}

export interface Sensor extends Place {
  readonly id: string;
  readonly kind: string;
  /**
   * ok, degraded (heard, with faults), silent, maintenance, never (not judged yet), revoked (its key is no longer
   * believed), or a newer word.
   */
  readonly state: string;
  /** What was found wrong, by name of the fault, while it is heard. */
  readonly faults: readonly (readonly [fault: string, finding: string])[];
  readonly sinceMs: number | null;
}

export interface Counts {
  readonly received: number;
  readonly journaled: number;
  readonly duplicate: number;
  readonly deadLettered: number;
  readonly shed: number;
  /** Journaled, but flagged as beyond what the sensor can measure; null where the server does not count it. */
  readonly implausible: number | null;
}

export interface Alert {
  readonly id: string;
  readonly rule: string;
  readonly priority: Priority;
  readonly status: AlertStatus;
  readonly revision: number;
  readonly sentence: string;
  readonly raisedMs: number;
  readonly updatedMs: number;
  readonly observedMs: number | null;
  readonly track: string | null;
  readonly sensor: string | null;
  readonly place: Place | null;
  readonly segment: number | null;
  readonly chainageM: number | null;
  readonly direction: number;
  readonly offsetM: number | null;
  readonly timeToBorderS: number | null;
  readonly classLabel: string | null;
  readonly classProbability: number | null;
  readonly existence: number | null;
  /** Sensors of the evidence, each once, newest first. */
  readonly sensors: readonly string[];
  readonly by: string;
  readonly reason: string;
  /** What made the rule speak, and what the priority is for. */
  readonly why: string;
  /** If somebody leaves now: one sentence. */
  readonly advice: string;
  readonly impactLevel: string;
  readonly forecast: CrossingForecast | null;
  readonly leaveNow: LeaveNow | null;
  readonly ground: GroundAround | null;
  readonly openings: readonly { readonly segment: number; readonly before: number; readonly after: number }[];
}

/** Where and when it may cross; the three quantiles are 10, 50 and 90 %. */
export interface CrossingForecast {
  readonly horizonS: number;
  readonly probability: number;
  readonly timeS: readonly number[];
  readonly chainageM: readonly number[];
}

export interface LeaveNow {
  /** Empty where nobody can come. */
  readonly base: string;
  readonly responseS: number | null;
  readonly marginS: number | null;
  readonly probability: number | null;
}

export interface GroundAround {
  readonly terrain: string;
  readonly seenBy: readonly string[];
  readonly hiddenInS: number | null;
  readonly roadMin: number | null;
  readonly settlementMin: number | null;
  readonly missing: readonly string[];
}

/** How a colour lies on the map: all over, as the shade of unseen ground, or as the crossed lines of unknown ground. */
export type Pattern = "" | "veil" | "hatch";

export interface LayerInfo {
  readonly id: string;
  readonly title: string;
  readonly revision: string;
  readonly minzoom: number;
  readonly maxzoom: number;
  readonly legend: readonly { readonly colour: string; readonly label: string; readonly pattern: Pattern }[];
}

export interface Sector {
  readonly name: string;
  readonly title: string;
  readonly demo: boolean;
  readonly timeZone: string;
  /** west, south, east, north. */
  readonly bounds: readonly [number, number, number, number] | null;
  readonly centre: Place | null;
  readonly frame: string | null;
  /** What proj4 understands, when the server says it. */
  readonly frameProjection: string | null;
  readonly terrain: string | null;
  readonly operator: string;
  readonly version: string;
  readonly layout: string;
  readonly targetHeightM: number | null;
  readonly hiddenShare: number | null;
  readonly beltM: number | null;
  /** As seen along increasing chainage. */
  readonly homeSide: "left" | "right" | null;
  readonly clockRate: number | null;
  readonly clockMs: number | null;
}

/** Half axis of the ellipse that holds the position with 95 %, in standard deviations (chi squared, 2 degrees): 2.4477. */
export const ELLIPSE_95 = Math.sqrt(-2 * Math.log(0.05));
