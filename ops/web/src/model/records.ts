// What the server sends, as the page keeps it: every field checked once in parse.ts, times as UTC milliseconds since 1970.

import type { Message } from "../words/catalogue.ts";

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

/** In order of the life cycle. */
export const INCIDENT_STATES = ["open", "acknowledged", "assigned", "en_route", "on_scene", "closed"] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];

export const INCIDENT_KINDS = ["distress", "movement", "activity", "equipment"] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

/** What a person may choose; nuisance takes a reason, restored applies to equipment and activity. */
export const DISPOSITIONS = [
  "apprehended", "turn_back", "got_away", "no_threat", "rescue", "lost", "nuisance", "restored",
] as const;

export const GOODS = ["arms", "dual_use", "cbrn"] as const;
export const TRACE_STATES = ["requested", "answered", "no_record", "closed"] as const;
/** Dispositions with which goods can be recorded. */
export const WITH_GOODS: readonly string[] = ["apprehended", "turn_back", "got_away", "rescue", "lost"];

export interface Place {
  readonly lon: number;
  readonly lat: number;
}

export interface Track extends Place {
  readonly id: string;
  /** Releasability marking; empty for none. */
  readonly marking: string;
  /** For radio; empty before it is confirmed. */
  readonly name: string;
  readonly status: TrackStatus;
  readonly speedMps: number | null;
  /** Clockwise from true north; null where the speed is too low for a course to mean anything. */
  readonly courseDeg: number | null;
  /** Semi-axes of one standard deviation, longest first. */
  readonly ellipseM: readonly [number, number] | null;
  /** Of the longest axis, clockwise from true north. */
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

/** A direction, without a range, in which a sensor detects something that is on no track; it begins at the sensor. */
export interface BearingContact extends Place {
  /** Given by this page (model/bearings.ts): the server's contacts have no lasting identity. */
  readonly id: string;
  readonly sensor: string;
  readonly rangeM: number;
  /** Clockwise from true north, at the newest bearing. */
  readonly azimuthDeg: number;
  readonly azimuthSdDeg: number;
  readonly bearings: number;
  /** Positions where bearings of other sensors cross it. */
  readonly crossings: number;
  readonly updatedMs: number;
  /** Without a further bearing for so long it is dropped. */
  readonly lifetimeS: number;
}

/** The mute of a sensor: decided by people, whose names are in its request. */
export interface Mute {
  readonly sinceMs: number;
  readonly untilMs: number;
  /** When it ended, while the sensor has not reported since; null while it lasts. */
  readonly endedMs: number | null;
  readonly reason: string;
  readonly askedRole: string;
  readonly decidedRole: string;
  /** One person decided alone. */
  readonly emergency: boolean;
  readonly request: string;
}

export interface Sensor extends Place {
  readonly id: string;
  /** Releasability marking; empty for none. */
  readonly marking: string;
  readonly kind: string;
  /**
   * ok, degraded (online, with faults), offline, muted (by decision of people), maintenance, no_data, revoked (its key is
   * revoked), or a newer word.
   */
  readonly state: string;
  /** Findings by name of the fault, while it is online. */
  readonly faults: readonly (readonly [fault: string, finding: Said])[];
  readonly sinceMs: number | null;
  /** Where a mobile sensor stands, from the last poses that it stated; null for a fixed one, and before the first. */
  readonly pose: Pose | null;
  /** Null for a sensor that is not muted. */
  readonly mute: Mute | null;
}

export interface Pose {
  readonly statedMs: number;
  /** Standard deviation of the position, per axis. */
  readonly positionSdM: number | null;
  /** Centre of the field of view, from true north; null where it is that of the layout. */
  readonly headingDeg: number | null;
}

/** Why a part of the server does not work; `starting`: it compiles kernels and works again by itself. */
export interface PartState {
  readonly starting: boolean;
  readonly why: Said;
}

/** Something that the server says: a message of the catalogue, and the sentence in the server's own language. */
export interface Said {
  readonly message: Message | null;
  readonly sentence: string;
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
  /** Releasability marking; empty for none. */
  readonly marking: string;
  readonly rule: string;
  readonly priority: Priority;
  readonly status: AlertStatus;
  readonly revision: number;
  readonly headline: Said;
  readonly details: readonly Said[];
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
  /** One standard deviation along the longer axis of the position error. */
  readonly positionSdM: number | null;
  /** Sensors of the evidence, each once, newest first. */
  readonly sensors: readonly string[];
  readonly by: string;
  /** The words of the person who handled it. */
  readonly reason: Said | null;
  /** Why it was cleared without an operator; null where it was not. `by` may then name who had acknowledged it. */
  readonly autoCleared: Said | null;
  /** The trigger of the rule, and the reasons for the priority. */
  readonly why: readonly Said[];
  /** Who can intercept, in one sentence; null where the server gives no estimate. */
  readonly response: Said | null;
  readonly impactLevel: string;
  /** Light and weather as set when it was raised; empty: not stated. */
  readonly weather: string;
  readonly forecast: CrossingForecast | null;
  readonly estimate: ResponseEstimate | null;
  readonly candidates: readonly Candidate[];
  readonly ground: GroundAround | null;
  readonly coverageGaps: readonly { readonly segment: number; readonly before: number; readonly after: number }[];
}

/** Where and when it may cross; the three quantiles are 10, 50 and 90 %. */
export interface CrossingForecast {
  readonly horizonS: number;
  readonly probability: number;
  readonly timeS: readonly number[];
  readonly chainageM: readonly number[];
}

export interface ResponseEstimate {
  /** Empty where no base can reach it. */
  readonly base: string;
  readonly responseS: number | null;
  readonly marginS: number | null;
  readonly probability: number | null;
}

/** A base from which a response may leave, the most probable interruption first. */
export interface Candidate {
  readonly base: string;
  readonly responseS: number;
  readonly marginS: number;
  readonly probability: number;
}

export interface IncidentNote {
  readonly atMs: number;
  readonly by: string;
  readonly text: string;
  readonly attachment: string;
}

export interface IncidentStep {
  readonly atMs: number;
  readonly state: IncidentState;
  readonly by: string;
  readonly action: string;
  readonly owner: string;
  readonly unit: string;
  readonly disposition: string;
  readonly reason: string;
}

/** Goods found at an incident, and the request to trace them; texts are empty where nothing is stated. */
export interface Tracing {
  readonly goods: string;
  readonly hsCode: string;
  readonly eccn: string;
  readonly euList: string;
  readonly itemMarking: string;
  readonly authority: string;
  readonly sentMs: number | null;
  readonly reference: string;
  readonly status: string;
  readonly released: boolean;
  readonly by: string;
}

/** The releasability markings that the person may see, and the most restrictive that each unit receives. */
export interface Markings {
  readonly levels: readonly string[];
  /** Whether the person may change the marking of an incident. */
  readonly change: boolean;
  readonly units: ReadonlyMap<string, string>;
}

/** A look of a camera at an incident, in its newest state. */
export interface Look {
  readonly id: string;
  readonly camera: string;
  readonly azimuthDeg: number | null;
  /** Positive up; null where the camera keeps its own. */
  readonly elevationDeg: number | null;
  readonly state: string;
  readonly code: string;
  readonly by: string;
  readonly changedMs: number;
}

export interface Incident {
  readonly id: string;
  /** Releasability marking; empty for none. */
  readonly marking: string;
  /** For radio, such as Bravo 17. */
  readonly name: string;
  readonly kind: IncidentKind;
  readonly state: IncidentState;
  readonly priority: Priority;
  readonly revision: number;
  readonly headline: Said;
  readonly openedMs: number;
  readonly updatedMs: number;
  /** Id of the alert that states it at present. */
  readonly lead: string;
  readonly alerts: readonly string[];
  readonly tracks: readonly { readonly track: string; readonly name: string }[];
  readonly sensors: readonly string[];
  /** Unit that calls for help; empty otherwise. */
  readonly callingUnit: string;
  readonly segment: number | null;
  readonly section: string;
  readonly place: Place | null;
  readonly classLabel: string;
  /** Whether it waits for an acknowledgement. */
  readonly attention: boolean;
  /** Number of further roles that were alerted. */
  readonly escalation: number;
  readonly owner: string;
  readonly unit: string;
  readonly receivedMs: number | null;
  readonly disposition: string;
  readonly reason: string;
  readonly closedBy: string;
  readonly notes: readonly IncidentNote[];
  readonly links: readonly string[];
  readonly steps: readonly IncidentStep[];
  readonly undo: { readonly by: string; readonly untilMs: number } | null;
  readonly tracing: Tracing | null;
  readonly looks: readonly Look[];
}

export interface GroundAround {
  readonly steepness: string;
  readonly landCover: string;
  readonly seenBy: readonly string[];
  readonly hiddenInS: number | null;
  readonly roadMin: number | null;
  readonly settlementMin: number | null;
  readonly missing: readonly string[];
}

/** How a colour lies on the map: all over, as the shade of dead ground, or as the crossed lines of unknown ground. */
export type Pattern = "" | "veil" | "hatch";

export interface LegendEntry {
  readonly colour: string;
  readonly label: Said;
  readonly pattern: Pattern;
  /** Limits of a class of probabilities. */
  readonly range: readonly [low: number, high: number] | null;
  readonly heightM: number | null;
}

export interface LayerInfo {
  readonly id: string;
  readonly title: string;
  readonly revision: string;
  readonly minzoom: number;
  readonly maxzoom: number;
  readonly legend: readonly LegendEntry[];
}

/** The base map of the sector; with `readable` false its file cannot be shown. */
export interface BaseMapFile {
  readonly file: string;
  readonly readable: boolean;
  readonly kind: "vector" | "raster";
  readonly layers: readonly string[];
  readonly revision: string;
}

export const AREA_KINDS = ["danger", "restricted", "watch", "crossing_point"] as const;

/** A named area of the sector; `polygons`: rings of each, the outline before its holes. */
export interface NamedArea {
  readonly id: string;
  readonly name: string;
  readonly kind: (typeof AREA_KINDS)[number];
  readonly polygons: readonly (readonly (readonly (readonly [number, number])[])[])[];
}

export interface Sector {
  readonly name: string;
  readonly title: string;
  readonly demo: boolean;
  readonly timeZone: string;
  readonly mapCredit: string;
  readonly baseMap: BaseMapFile | null;
  /** west, south, east, north. */
  readonly bounds: readonly [number, number, number, number] | null;
  readonly centre: Place | null;
  readonly areas: readonly NamedArea[];
  readonly operator: string;
  readonly layout: string;
  readonly targetHeightM: number | null;
  readonly deadGroundFraction: number | null;
  readonly beltM: number | null;
  /** As seen along increasing chainage. */
  readonly homeSide: "left" | "right" | null;
  readonly clockRate: number | null;
  readonly clockMs: number | null;
}

/** Half axis of the ellipse that holds the position with 95 %, in standard deviations (chi squared, 2 degrees): 2.4477. */
export const ELLIPSE_95 = Math.sqrt(-2 * Math.log(0.05));
