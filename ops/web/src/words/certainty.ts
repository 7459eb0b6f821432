// How strong the evidence of a target is, in one word and five signs that anyone can check: never a single percentage.

import { leadOf } from "../model/incidents.ts";
import { ELLIPSE_95, type Alert, type Incident, type Track } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { look } from "../model/tracks.ts";
import { formats, say } from "./say.ts";

/** From these on a sign speaks for the target. Conventions of this page, stated in docs/live-map.md. */
const EXISTS = 0.95;
const CLASSIFIED = 0.8;
const SENSORS = 2;
const ERROR_M = 50;

export interface Sign {
  readonly words: string;
  /** Null where the picture does not report it; it then does not count for the target. */
  readonly met: boolean | null;
}

export interface Certainty {
  readonly level: "strong" | "fair" | "weak";
  readonly met: number;
  readonly signs: readonly Sign[];
}

/** Of a track in the picture. `sensors`: those of its alert, where the track does not report its own. */
export function certaintyOfTrack(track: Track, nowMs: number, sensors: readonly string[] | null): Certainty {
  const error = track.ellipseM === null ? null : track.ellipseM[0] * ELLIPSE_95;
  const seen = track.sensors ?? sensors;
  const how = look(track, nowMs);
  return judged(track.status === "tentative", [
    sign("existence", track.existence, track.existence >= EXISTS),
    sign("sensors", seen?.length ?? null, (seen?.length ?? 0) >= SENSORS),
    classSign(track.label, track.labelProbability),
    sign("position", error, (error ?? Infinity) <= ERROR_M),
    { words: say("certainty-detection", { look: how }), met: how === "confirmed" || how === "tentative" },
  ]);
}

/** Of an alert whose track is no longer in the picture: as it was at its last revision, and as reports state it. */
export function certaintyOfAlert(alert: Alert): Certainty | null {
  if (alert.track === null || alert.existence === null) return null;
  const error = alert.positionSdM === null ? null : alert.positionSdM * ELLIPSE_95;
  return judged(false, [
    sign("existence", alert.existence, alert.existence >= EXISTS),
    sign("sensors", alert.sensors.length, alert.sensors.length >= SENSORS),
    classSign(alert.classLabel ?? "unknown", alert.classProbability),
    sign("position", error, (error ?? Infinity) <= ERROR_M),
    { words: say("certainty-detection", { look: "gone" }), met: false },
  ]);
}

/** Of what leads an incident; null where no target is claimed, as for equipment or a call for help. */
export function certaintyOfIncident(incident: Incident, state: State, nowMs: number): Certainty | null {
  const lead = leadOf(incident, state.alerts);
  return lead === null ? null : certaintyOfLead(lead, state, nowMs);
}

export function certaintyOfLead(alert: Alert, state: State, nowMs: number): Certainty | null {
  const track = alert.track === null ? undefined : state.tracks.get(alert.track);
  return track === undefined ? certaintyOfAlert(alert) : certaintyOfTrack(track, nowMs, alert.sensors);
}

function judged(tentative: boolean, signs: readonly Sign[]): Certainty {
  const met = signs.filter((one) => one.met === true).length;
  return { level: tentative || met <= 2 ? "weak" : met === 3 ? "fair" : "strong", met, signs };
}

function sign(name: string, value: number | null, met: boolean): Sign {
  return value === null
    ? { words: say("certainty-unknown", { sign: name }), met: null }
    : { words: say(`certainty-${name}`, { value, error: formats().distance(value) }), met };
}

function classSign(label: string, probability: number | null): Sign {
  if (label === "unknown" || probability === null) return { words: say("certainty-unknown", { sign: "class" }), met: null };
  return { words: say("certainty-class", { class: label, probability }), met: probability >= CLASSIFIED };
}

/** Five bars, as many filled as signs speak for the target: shape, not colour. */
export function bars({ met, signs }: Certainty): string {
  return "▮".repeat(met) + "▯".repeat(signs.length - met);
}

export function certaintyLine({ level, met, signs }: Certainty): string {
  return say("certainty-line", { level, met, all: signs.length });
}
