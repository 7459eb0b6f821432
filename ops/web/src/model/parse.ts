// From JSON that may hold anything to records. What cannot be used is null, never a guess; text is made harmless to read.

import {
  ALERT_STATUSES,
  CLASSES,
  PRIORITIES,
  TRACK_STATUSES,
  type Alert,
  type CrossingForecast,
  type GroundAround,
  type LeaveNow,
  type ClassName,
  type Counts,
  type Label,
  type LayerInfo,
  type Pattern,
  type Place,
  type Sector,
  type Sensor,
  type Track,
} from "./records.ts";

type Raw = Readonly<Record<string, unknown>>;

/** Control, bidirectional and invisible characters: they could reorder or hide what an operator reads. */
const UNREADABLE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

export function object(raw: unknown): Raw | null {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw) ? (raw as Raw) : null;
}

export function list(raw: unknown): readonly unknown[] {
  return Array.isArray(raw) ? raw : [];
}

/** Text for people, at most `limit` characters, unreadable characters shown as such. */
export function text(raw: unknown, limit = 1000): string {
  if (typeof raw !== "string") return "";
  const cut = raw.length > limit ? `${raw.slice(0, limit)}…` : raw;
  return cut.replace(UNREADABLE, "\ufffd");
}

/** An identity as it may be shown: short, and without characters that play tricks. */
export function readable(identity: string, limit = 64): string {
  return text(identity, limit);
}

export function number(raw: unknown): number | null {
  return typeof raw === "number" && Number.isFinite(raw) ? raw : null;
}

/** RFC 3339 text to UTC milliseconds. */
export function moment(raw: unknown): number | null {
  if (typeof raw !== "string") return null;
  const milliseconds = Date.parse(raw);
  return Number.isFinite(milliseconds) ? milliseconds : null;
}

export function place(raw: Raw): Place | null {
  const lon = number(raw["lon"]);
  const lat = number(raw["lat"]);
  return lon === null || lat === null || Math.abs(lon) > 180 || Math.abs(lat) > 85 ? null : { lon, lat };
}

/** An identity is a key, so it is kept as it came; what is shown goes through `text`. */
function identity(raw: unknown): string | null {
  return typeof raw === "string" && raw.length > 0 && raw.length <= 256 ? raw : null;
}

function oneOf<T extends string>(words: readonly T[], raw: unknown): T | null {
  return words.find((word) => word === raw) ?? null;
}

function share(raw: unknown): number | null {
  const value = number(raw);
  return value === null || value < 0 || value > 1 ? null : value;
}

function milliseconds(nanoseconds: unknown): number | null {
  const value = number(nanoseconds);
  return value === null ? null : value / 1e6;
}

function identities(raw: unknown): readonly string[] {
  return list(raw)
    .map(identity)
    .filter((name) => name !== null);
}

export function parseTrack(raw: unknown): Track | null {
  const body = object(raw);
  if (body === null) return null;
  const where = place(body);
  const id = identity(body["track"]);
  const status = oneOf(TRACK_STATUSES, body["status"]);
  if (where === null || id === null || status === null) return null;
  const axes = list(body["ellipse_m"]).map(number);
  const [major, minor] = axes;
  return {
    ...where,
    id,
    status,
    speedMps: number(body["speed_mps"]),
    courseDeg: number(body["course_deg"]),
    ellipseM: typeof major === "number" && typeof minor === "number" ? [major, minor] : null,
    ellipseAzimuthDeg: number(body["ellipse_azimuth_deg"]) ?? 0,
    existence: share(body["existence"]) ?? 0,
    label: oneOf<Label>([...CLASSES, "unknown"], body["label"]) ?? "unknown",
    labelProbability: share(body["label_probability"]),
    classProbability: readClasses(body["class_probability"]),
    segment: readSegment(body["segment"]),
    offsetM: number(body["offset_m"]),
    updatedMs: milliseconds(body["updated_ns"]) ?? 0,
    sensors: Array.isArray(body["sensors"]) ? identities(body["sensors"]) : null,
    timeToBorderS: number(body["time_to_border_s"]),
    revokedSources: identities(body["revoked_sources"]),
  };
}

function readClasses(raw: unknown): Readonly<Record<ClassName, number>> | null {
  const body = object(raw);
  if (body === null) return null;
  const shares = CLASSES.map((name) => [name, share(body[name])] as const);
  return shares.some(([, value]) => value === null) ? null : (Object.fromEntries(shares) as Record<ClassName, number>);
}

function readSegment(raw: unknown): number | null {
  const segment = number(raw);
  return segment === null || segment < 0 ? null : segment;
}

export function parseSensor(raw: unknown): Sensor | null {
  const body = object(raw);
  if (body === null) return null;
  const where = place(body);
  const id = identity(body["sensor"]);
  if (where === null || id === null) return null;
  const faults = Object.entries(object(body["faults"]) ?? {}).map(
    ([fault, finding]) => [text(fault, 40), text(finding, 200)] as const,
  );
  const state = text(body["state"], 40) || "never";
  return {
    ...where,
    id,
    kind: text(body["kind"], 40) || "sensor",
    state: body["revoked"] === true ? "revoked" : state === "ok" && faults.length > 0 ? "degraded" : state,
    faults,
    sinceMs: milliseconds(body["since_ns"]),
  };
}

/** What ingest tells of itself stands among the counts, under no sensor's name. */
export function parseDiskFull(counts: Raw): boolean {
  return (number(object(counts[""])?.["disk_full"]) ?? 0) > 0;
}

export function parseCounts(raw: unknown): Counts | null {
  const body = object(raw);
  if (body === null) return null;
  const count = (name: string): number => number(body[name]) ?? 0;
  return {
    received: count("received"),
    journaled: count("journaled"),
    duplicate: count("duplicate"),
    deadLettered: count("dead_lettered"),
    shed: count("shed"),
    implausible: number(body["implausible"]),
  };
}

/** Why parts of the server do not work, by name. */
export function parseDown(raw: unknown): ReadonlyMap<string, string> {
  const entries = Object.entries(object(raw) ?? {}).slice(0, 20);
  return new Map(entries.map(([name, why]) => [name.slice(0, 40), text(why, 300)]));
}

export function parseAlert(raw: unknown): Alert | null {
  const body = object(raw);
  if (body === null) return null;
  const id = identity(body["id"]);
  const status = oneOf(ALERT_STATUSES, body["status"]);
  const raisedMs = moment(body["raised_at"]);
  if (id === null || status === null || raisedMs === null) return null;
  const evidence = list(body["evidence"]).map((scan) => list(scan)[0]);
  return {
    id,
    rule: text(body["rule"], 60),
    priority: oneOf(PRIORITIES, body["priority"]) ?? "high", // a word of a newer server must not be overlooked
    status,
    revision: number(body["revision"]) ?? 0,
    sentence: text(body["sentence"], 600) || "No reason was given.",
    raisedMs,
    updatedMs: moment(body["updated_at"]) ?? raisedMs,
    observedMs: moment(body["observed_at"]),
    track: identity(body["track"]),
    sensor: identity(body["sensor"]),
    place: place(body),
    segment: readSegment(body["segment"]),
    chainageM: number(body["chainage_m"]),
    direction: number(body["direction"]) ?? 0,
    offsetM: number(body["offset_m"]),
    timeToBorderS: number(body["time_to_border_s"]),
    classLabel: text(body["class_label"], 40) || null,
    classProbability: share(body["class_probability"]),
    existence: share(body["existence"]),
    sensors: [...new Set(identities(evidence))],
    by: text(body["by"], 120),
    reason: text(body["reason"], 600),
    why: text(body["why"], 600),
    advice: text(body["advice"], 300),
    impactLevel: text(body["impact_level"], 20),
    forecast: readForecast(body["forecast"]),
    leaveNow: readLeaveNow(body["leave_now"]),
    ground: readGround(body["ground"]),
    openings: list(body["openings"]).flatMap((entry) => {
      const row = object(entry);
      const segment = readSegment(row?.["segment"]);
      const before = share(row?.["before"]);
      const after = share(row?.["after"]);
      return segment === null || before === null || after === null ? [] : [{ segment, before, after }];
    }),
  };
}

function numbers(raw: unknown): number[] {
  return list(raw).flatMap((value) => number(value) ?? []);
}

function readForecast(raw: unknown): CrossingForecast | null {
  const body = object(raw);
  const probability = share(body?.["crossing_probability"]);
  const horizonS = number(body?.["horizon_s"]);
  if (body === null || probability === null || horizonS === null) return null;
  return { horizonS, probability, timeS: numbers(body["time_s"]), chainageM: numbers(body["chainage_m"]) };
}

function readLeaveNow(raw: unknown): LeaveNow | null {
  const body = object(raw);
  if (body === null) return null;
  return {
    base: text(body["base"], 80),
    responseS: number(body["response_s"]),
    marginS: number(body["margin_s"]),
    probability: share(body["interruption_probability"]),
  };
}

function readGround(raw: unknown): GroundAround | null {
  const body = object(raw);
  if (body === null) return null;
  return {
    terrain: text(body["terrain"], 80),
    seenBy: identities(list(body["seen_by"])),
    hiddenInS: number(body["hidden_in_s"]),
    roadMin: number(body["road_min"]),
    settlementMin: number(body["settlement_min"]),
    missing: list(body["missing"]).flatMap((word) => text(word, 40) || []),
  };
}

export function parseLayer(raw: unknown): LayerInfo | null {
  const body = object(raw);
  const id = typeof body?.["id"] === "string" && /^[a-z0-9_-]{1,64}$/i.test(body["id"]) ? body["id"] : null;
  if (body === null || id === null) return null;
  const legend = list(body["legend"]).flatMap((entry) => {
    const row = object(entry);
    const colour = typeof row?.["colour"] === "string" ? row["colour"].trim() : "";
    const known = /^#[0-9a-f]{3,8}$|^rgba?\([\d.,%\s/]+\)$/i.test(colour);
    const pattern: Pattern = (["veil", "hatch"] as const).find((name) => name === row?.["pattern"]) ?? "";
    return row === null ? [] : [{ colour: known ? colour : "", label: text(row["label"], 120), pattern }];
  });
  const revision = body["revision"];
  return {
    id,
    title: text(body["title"], 120) || id,
    revision: typeof revision === "number" ? String(revision) : text(revision, 80),
    minzoom: number(body["minzoom"]) ?? 0,
    maxzoom: number(body["maxzoom"]) ?? 16,
    legend,
  };
}

export function parseSector(raw: unknown): Sector | null {
  const body = object(raw);
  if (body === null) return null;
  const bounds = list(body["bounds"]).map(number);
  const [west, south, east, north] = bounds;
  const usable = [west, south, east, north].every((value) => typeof value === "number") && bounds.length === 4;
  const [lon, lat] = list(body["centre"]);
  const frame = object(body["frame"]);
  const clock = object(body["clock"]);
  const epsg = number(frame?.["epsg"]);
  return {
    name: text(body["sector"], 80),
    title: text(body["title"], 120),
    demo: body["demo"] === true,
    timeZone: text(body["time_zone"], 60) || "UTC",
    bounds: usable ? [west as number, south as number, east as number, north as number] : null,
    centre: place({ lon, lat }),
    frame: text(frame?.["name"], 120) || (epsg === null ? null : `EPSG:${epsg}`),
    frameProjection: projectionOf(frame?.["proj"], epsg),
    terrain: describeTerrain(body["terrain"]),
    operator: text(body["operator"], 80),
    version: text(body["version"], 40),
    layout: text(body["layout"], 80),
    targetHeightM: number(body["target_height_m"]),
    hiddenShare: share(body["hidden_share"]),
    beltM: number(object(body["border"])?.["belt_m"] ?? body["belt_m"]),
    homeSide: oneOf(["left", "right"] as const, object(body["border"])?.["home_side"]),
    clockRate: number(clock?.["rate"]),
    clockMs: moment(clock?.["now"]),
  };
}

/** UTM on WGS 84 is the only numbered system that we know by heart. */
function projectionOf(proj: unknown, epsg: number | null): string | null {
  if (typeof proj === "string" && proj.startsWith("+proj=")) return proj;
  const [, south, zone] = /^32([67])(0[1-9]|[1-5]\d|60)$/.exec(String(epsg)) ?? [];
  return zone === undefined
    ? null
    : `+proj=utm +zone=${Number(zone)}${south === "7" ? " +south" : ""} +datum=WGS84 +units=m +no_defs`;
}

function describeTerrain(raw: unknown): string | null {
  const terrain = object(raw);
  if (terrain === null) return null;
  const [cell, low, high] = [terrain["cell_m"], terrain["low_m"], terrain["high_m"]].map(number);
  const parts = [
    text(terrain["source"], 120),
    cell == null ? "" : `cells of ${Math.round(cell)} m`,
    low == null || high == null ? "" : `${Math.round(low)} to ${Math.round(high)} m`,
    text(terrain["datum"], 80) && `above ${text(terrain["datum"], 80)}`,
  ];
  return parts.filter((part) => part !== "").join(", ") || null;
}
