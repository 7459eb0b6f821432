// The form of the details panel's text, and the facts that tracks, alerts, sensors and segments share.

import type { Feature } from "geojson";
import { latLon, mgrs } from "../geo/mgrs.ts";
import type { Alert, Place } from "../model/records.ts";
import type { Selection } from "../model/state.ts";
import type { Fact } from "../ui/dom.ts";

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
  /** Probability of each class; empty when the picture does not say. */
  readonly shares: readonly (readonly [label: string, share: number])[];
  /** Things that belong to this one, by a button each. */
  readonly links: readonly { readonly label: string; readonly to: Selection }[];
  readonly place: Place | null;
  /** The alert that may be acted upon here. */
  readonly alert: Alert | null;
}

export function whereFacts(place: Place): Fact[] {
  return [
    ["MGRS", mgrs(place)],
    ["Lat, lon", latLon(place)],
  ];
}

export function propertyOf(feature: Feature | undefined, name: string): unknown {
  return feature?.properties?.[name];
}
