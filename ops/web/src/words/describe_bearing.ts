// Details of a bearing without a position.

import { bearingOpacity, WEDGE_95 } from "../model/bearings.ts";
import { readable } from "../model/parse.ts";
import type { BearingContact } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { fact, section, type Details } from "./facts.ts";
import { count, degrees, duration } from "./format.ts";
import { formats, say } from "./say.ts";

export function bearingTitle({ sensor, azimuthDeg }: BearingContact): string {
  return say("page-bearing-title", { sensor: readable(sensor), azimuth: azimuthDeg });
}

export function bearingSummary(contact: BearingContact, nowMs: number): string {
  return say("page-bearing-summary", { error: errorOf(contact), age: ageS(contact, nowMs) });
}

export function describeBearing(id: string, state: State, nowMs: number): Details | null {
  const contact = state.bearings.get(id);
  if (contact === undefined || bearingOpacity(contact, nowMs) === null) return null;
  const { sensor, azimuthDeg, rangeM, bearings, crossings, lifetimeS } = contact;
  const age = ageS(contact, nowMs);
  const facts = [
    fact("azimuth", say("page-fact-azimuth-of", { azimuth: degrees(azimuthDeg, 1), error: errorOf(contact) })),
    fact("range", say("page-fact-range-unknown", { far: rangeM })),
    fact("detected", say("page-fact-ago", { age })),
    fact("bearings", count(bearings)),
    fact("positions", say("page-fact-positions-of", { count: crossings })),
    fact("lifetime", duration(lifetimeS)),
    fact("bearing-sensor", readable(sensor), "code"),
  ];
  if (state.sensors.get(sensor)?.state === "revoked") facts.push(fact("revoked", readable(sensor), "code"));
  return {
    kind: say("page-kind-bearing"),
    title: bearingTitle(contact),
    lead: say("page-lead-bearing", { age }),
    sections: [section("bearing", facts)],
    shares: [],
    links: [{ label: say("page-details-sensor", { sensor: readable(sensor) }), to: { kind: "sensor", id: sensor } }],
    place: contact,
    alert: null,
  };
}

function ageS({ updatedMs }: BearingContact, nowMs: number): number {
  return Math.max(0, (nowMs - updatedMs) / 1000);
}

/** Half the width of the wedge of 95 %. */
function errorOf({ azimuthSdDeg }: BearingContact): string {
  return `${formats().number(Math.min(WEDGE_95 * azimuthSdDeg, 180), 1)}°`;
}
