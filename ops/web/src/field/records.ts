// What the server sends to a field unit, every field checked once; times as UTC milliseconds since 1970. Null is unknown.

import { list, moment, number, object, parseAreas, place, text } from "../model/parse.ts";
import { PRIORITIES, type NamedArea, type Place, type Priority } from "../model/records.ts";

export interface Reach {
  readonly distanceM: number | null;
  readonly bearingDeg: number | null;
  readonly travelS: number | null;
  /** False where it is unknown whether there is a path; travelS is then null. */
  readonly travelKnown: boolean;
  readonly meet: Place | null;
  readonly marginS: number | null;
  readonly inTime: boolean;
  readonly between: readonly string[];
  readonly sentence: string;
}

export interface FieldIncident {
  readonly id: string;
  readonly name: string;
  readonly priority: Priority;
  readonly state: string;
  readonly revision: number;
  readonly sentence: string;
  readonly details: readonly string[];
  readonly place: Place | null;
  readonly sdM: number | null;
  readonly observedMs: number | null;
  readonly raisedMs: number | null;
  readonly updatedMs: number | null;
  readonly alert: string;
  readonly assignedUnit: string;
  /** Assigned to this unit; or this unit is asked to answer. */
  readonly assigned: boolean;
  readonly offered: boolean;
  readonly owner: string;
  readonly marking: string;
  /** The unit whose call this is; empty for anything but a distress call. */
  readonly caller: string;
  readonly reach: Reach | null;
}

export interface Outcome {
  readonly actionId: string;
  readonly outcome: string;
  readonly sentence: string;
}

export interface OtherUnit {
  readonly unit: string;
  readonly place: Place;
  readonly observedMs: number | null;
}

export interface FieldState {
  readonly unit: string;
  readonly sector: string;
  readonly atMs: number;
  readonly number: number;
  readonly language: string;
  readonly incidents: readonly FieldIncident[];
  readonly outcomes: readonly Outcome[];
  readonly units: readonly OtherUnit[];
  readonly position: (Place & { readonly observedMs: number | null; readonly distress: boolean }) | null;
}

export interface FieldArea {
  /** west, south, east, north, in degrees */
  readonly bounds: readonly [number, number, number, number];
  readonly minzoom: number;
  readonly maxzoom: number;
  readonly tiles: readonly string[];
  readonly bytesEstimate: number | null;
  readonly border: readonly (readonly Place[])[];
  readonly bases: readonly (Place & { readonly name: string })[];
  readonly areas: readonly NamedArea[];
}

const MOST_INCIDENTS = 500;

export function parseState(raw: unknown): FieldState | null {
  const body = object(raw);
  const unit = text(body?.["unit"], 64);
  const atMs = moment(body?.["at"]);
  if (body === null || unit === "" || atMs === null) return null;
  const own = object(body["position"]);
  const ownPlace = own === null ? null : place(own);
  return {
    unit,
    sector: text(body["title"], 120) || text(body["sector"], 120),
    atMs,
    number: number(body["number"]) ?? 0,
    language: text(body["language"], 20) || "en",
    incidents: list(body["incidents"]).slice(0, MOST_INCIDENTS).map(parseIncident).filter((one) => one !== null),
    outcomes: list(body["outcomes"]).map(parseOutcome).filter((one) => one !== null),
    units: list(body["units"]).map(parseUnit).filter((one) => one !== null),
    position:
      own === null || ownPlace === null
        ? null
        : { ...ownPlace, observedMs: moment(own["observed_at"]), distress: own["distress"] === true },
  };
}

function parseIncident(raw: unknown): FieldIncident | null {
  const body = object(raw);
  const id = text(body?.["id"], 64);
  if (body === null || id === "") return null;
  const reach = object(body["reach"]);
  const meet = object(reach?.["meet"]);
  return {
    id,
    name: text(body["name"], 64) || id,
    priority: PRIORITIES.find((one) => one === body["priority"]) ?? "low",
    state: text(body["state"], 40),
    revision: number(body["revision"]) ?? 0,
    sentence: text(body["sentence"], 500),
    details: list(body["detail_sentences"]).map((one) => text(one, 500)).filter((one) => one !== ""),
    place: place(body),
    sdM: number(body["position_sd_m"]),
    observedMs: moment(body["observed_at"]),
    raisedMs: moment(body["raised_at"]),
    updatedMs: moment(body["updated_at"]),
    alert: text(body["alert"], 64),
    assignedUnit: text(body["assigned_unit"], 64),
    assigned: body["assigned"] === true,
    offered: body["offered"] === true,
    owner: text(body["owner"], 64),
    marking: text(body["marking"], 64),
    caller: text(body["caller"], 64),
    reach:
      reach === null
        ? null
        : {
            distanceM: number(reach["distance_m"]),
            bearingDeg: number(reach["bearing_deg"]),
            travelS: number(reach["travel_s"]),
            travelKnown: reach["travel_known"] !== false,
            meet: meet === null ? null : place(meet),
            marginS: number(reach["margin_s"]),
            inTime: reach["in_time"] === true,
            between: list(reach["between"]).map((one) => text(one, 300)).filter((one) => one !== ""),
            sentence: text(reach["sentence"], 500),
          },
  };
}

function parseOutcome(raw: unknown): Outcome | null {
  const body = object(raw);
  const actionId = text(body?.["action_id"], 64);
  if (body === null || actionId === "") return null;
  return { actionId, outcome: text(body["outcome"], 40), sentence: text(body["sentence"], 500) };
}

function parseUnit(raw: unknown): OtherUnit | null {
  const body = object(raw);
  const where = body === null ? null : place(body);
  if (body === null || where === null) return null;
  return { unit: text(body["unit"], 64), place: where, observedMs: moment(body["observed_at"]) };
}

export function parseArea(raw: unknown): FieldArea | null {
  const body = object(raw);
  const bounds = list(body?.["bounds"]).map(number);
  const [west, south, east, north] = bounds;
  if (body === null || west == null || south == null || east == null || north == null || west >= east || south >= north) return null;
  return {
    bounds: [west, Math.max(south, -85), east, Math.min(north, 85)],
    minzoom: Math.max(0, Math.min(18, number(body["minzoom"]) ?? 10)),
    maxzoom: Math.max(0, Math.min(18, number(body["maxzoom"]) ?? 13)),
    tiles: list(body["tiles"]).map((one) => text(one, 300)).filter((one) => one.startsWith("/v1/field/")),
    bytesEstimate: number(body["bytes_estimate"]),
    border: lines(body["border"]),
    bases: list(object(body["bases"])?.["features"] ?? body["bases"]).map(parseBase).filter((one) => one !== null),
    areas: parseAreas(body["areas"]),
  };
}

function parseBase(raw: unknown): (Place & { name: string }) | null {
  const body = object(raw);
  if (body === null) return null;
  const [lon, lat] = list(object(body["geometry"])?.["coordinates"]);
  const where = place(body) ?? place({ lon, lat });
  const name = text(body["name"] ?? body["id"] ?? object(body["properties"])?.["name"], 64);
  return where === null ? null : { ...where, name };
}

/** Every line of a GeoJSON object, whatever its kind. */
function lines(raw: unknown): Place[][] {
  const body = object(raw);
  if (body === null) return [];
  const parts = [...list(body["features"]), ...list(body["geometries"])].flatMap(lines);
  return [...parts, ...(body["geometry"] === undefined ? [] : lines(body["geometry"])), ...runs(body["coordinates"])];
}

function runs(raw: unknown): Place[][] {
  const items = list(raw);
  if (items.length === 0) return [];
  if (typeof list(items[0])[0] !== "number") return items.flatMap(runs);
  const places = items.map((one) => place({ lon: list(one)[0], lat: list(one)[1] })).filter((one) => one !== null);
  return places.length < 2 ? [] : [places];
}
