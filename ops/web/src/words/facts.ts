// The form of the details panel's text, and the facts that tracks, alerts, sensors and segments share.

import type { Feature } from "geojson";
import { latLon, mgrs } from "../geo/mgrs.ts";
import type { Alert, Incident, Place, Said } from "../model/records.ts";
import type { Selection } from "../model/state.ts";
import type { Fact } from "../ui/dom.ts";
import { sentenceOf } from "./alert_words.ts";
import type { Certainty } from "./certainty.ts";
import { MISSING } from "./formats.ts";
import { code, say } from "./say.ts";

export interface Section {
  readonly title: string;
  readonly facts: readonly Fact[];
}

export interface Details {
  readonly kind: string;
  readonly title: string;
  /** The one sentence to read first. */
  readonly lead: string;
  readonly sections: readonly Section[];
  /** Probability of each class; empty when the picture does not report it. */
  readonly shares: readonly (readonly [label: string, share: number])[];
  /** How strong the evidence is; absent where no target is claimed. */
  readonly certainty?: Certainty | null;
  /** Related things, by a button each. */
  readonly links: readonly { readonly label: string; readonly to: Selection }[];
  readonly place: Place | null;
  /** The alert that may be acted upon here. */
  readonly alert: Alert | null;
  /** The incident that may be acted upon here. */
  readonly incident?: Incident;
}

/** Statements, each in a line of its own: not all of them end with a full stop. */
export function sentences(name: string, said: readonly Said[]): Fact[] {
  return said.length === 0 ? [] : [fact(name, said.map(sentenceOf).join("\n"))];
}

/** A fact by the identifier of its name. */
export function fact(name: string, value: string, code?: "code"): Fact {
  return code === undefined ? [say(`page-fact-${name}`), value] : [say(`page-fact-${name}`), value, code];
}

/** The fact of a releasability marking; none for none, so that a person to whom none is shown sees nothing of it. */
export function markingFacts(marking: string): Fact[] {
  return marking === "" ? [] : [fact("marking", marking, "code")];
}

export function section(name: string, facts: readonly Fact[]): Section {
  return { title: say(`page-section-${name}`), facts };
}

export function whereFacts(place: Place): Fact[] {
  return [
    ["MGRS", code(mgrs(place)), "code"],
    fact("latlon", code(latLon(place)), "code"),
  ];
}

/** `km 4.10 to 5.20`; a dash where an end is not known. */
export function chainageRange(fromM: number | null, toM: number | null): string {
  if (fromM === null || toM === null) return MISSING;
  return say("page-fact-chainage-range", { from: fromM / 1000, to: toM / 1000 });
}

export function propertyOf(feature: Feature | undefined, name: string): unknown {
  return feature?.properties?.[name];
}
