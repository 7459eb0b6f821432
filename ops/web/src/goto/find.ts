// What a search finds: a place that the text states, and everything with that name.

import { readable } from "../model/parse.ts";
import type { Place } from "../model/records.ts";
import type { Selection, State } from "../model/state.ts";
import { latLon, mgrs } from "../geo/mgrs.ts";
import { propertyOf } from "../words/facts.ts";
import { incidentHeadline, stateName } from "../words/incident_words.ts";
import { stateOf } from "../words/coverage_words.ts";
import { className, kindName, trackName } from "../words/labels.ts";
import { unitStatus } from "../words/forces_words.ts";
import { code, say } from "../words/say.ts";
import { readPlace } from "./read_place.ts";

const MOST = 12;

/** A named place of the sector's map files. */
export interface NamedPlace extends Place {
  readonly name: string;
  readonly kind: "settlement" | "river" | "road";
}

export interface Found {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly hint: string;
  /** What is selected; null for a place. */
  readonly to: Selection | null;
  readonly place: Place | null;
}

/** What a text finds, the likeliest first: stated places, then names that begin with it, then words in names. */
export function find(text: string, state: State, places: readonly NamedPlace[], nowMs: number): Found[] {
  const wanted = plain(text);
  if (wanted === "") return [];
  const stated = readPlace(text, state.segments.value ?? state.border.value, state.sector.value?.centre ?? null);
  const ranked = candidates(state, places, nowMs)
    .map((found) => ({ found, rank: rankOf(wanted, found) }))
    .filter(({ rank }) => rank < NONE);
  ranked.sort((a, b) => a.rank - b.rank); // stable: things before places
  const named = ranked.slice(0, MOST).map(({ found }) => found.make());
  if (stated === null) return named;
  const { form, ...place } = stated;
  const name = form === "chainage" ? say("goto-chainage", { km: Number(/[\d.,]+/.exec(text)?.[0].replace(",", ".")) }) : code(form === "mgrs" ? mgrs(place) : latLon(place));
  return [{ id: "stated", kind: say("goto-kind", { kind: form }), name, hint: code(form === "mgrs" ? latLon(place) : mgrs(place)), to: null, place }, ...named];
}

const NONE = 9;

interface Candidate {
  readonly names: readonly string[];
  make(): Found;
}

function rankOf(wanted: string, { names }: Candidate): number {
  return Math.min(
    NONE,
    ...names.map((name) => {
      const known = plain(name);
      if (known === wanted) return 0;
      if (known.startsWith(wanted)) return 1;
      if (known.includes(` ${wanted}`)) return 2;
      return known.includes(wanted) ? 3 : NONE;
    }),
  );
}

/** Without case, accents and signs between words: "Cedar-35", "cedar 35" and "Cédar 35" are one. */
export function plain(text: string): string {
  return text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLocaleLowerCase().replaceAll(/[-_\s]+/g, " ").trim();
}

function candidates(state: State, places: readonly NamedPlace[], nowMs: number): Candidate[] {
  const thing = (kind: Selection["kind"], id: string, names: readonly string[], shown: () => { name: string; hint: string }): Candidate => ({
    names,
    make: () => ({ id: `${kind} ${id}`, kind: say("goto-kind", { kind }), ...shown(), to: { kind, id }, place: null }),
  });
  const found: Candidate[] = [];
  for (const one of state.incidents.values())
    found.push(
      thing("incident", one.id, [one.name], () => ({ name: one.name, hint: `${stateName(one.state)}: ${incidentHeadline(one, state)}` })),
    );
  for (const track of state.tracks.values())
    found.push(thing("track", track.id, [track.name, track.id], () => ({ name: trackName(track), hint: className(track.label) })));
  for (const unit of state.forces.units.values())
    found.push(thing("unit", unit.id, [unit.id], () => ({ name: readable(unit.id), hint: unitStatus(unit, state) })));
  for (const base of state.forces.bases.values())
    found.push(thing("base", base.id, [base.id], () => ({ name: readable(base.id), hint: "" })));
  for (const sensor of state.sensors.values())
    found.push(
      thing("sensor", sensor.id, [sensor.id], () => ({ name: readable(sensor.id), hint: `${kindName(sensor.kind)}, ${stateOf(sensor, nowMs)}` })),
    );
  for (const section of state.forces.sections.values())
    found.push(thing("section", section.id, [section.id], () => ({ name: readable(section.id), hint: "" })));
  for (const feature of (state.segments.value ?? state.border.value)?.features ?? []) {
    const segment = String(propertyOf(feature, "segment"));
    const name = say("page-details-segment", { segment });
    found.push(thing("segment", segment, [name], () => ({ name, hint: "" })));
  }
  for (const [index, { name, kind, lon, lat }] of places.entries())
    found.push({
      names: [name],
      make: () => ({ id: `place ${index}`, kind: say("goto-kind", { kind }), name: readable(name), hint: code(mgrs({ lon, lat })), to: null, place: { lon, lat } }),
    });
  return found;
}
