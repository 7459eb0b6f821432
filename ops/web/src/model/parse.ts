// From JSON that may hold anything to records. What cannot be used is null, never a guess; text is made harmless to read.

import type { Message, Parameter } from "../words/catalogue.ts";
import {
  ALERT_STATUSES,
  AREA_KINDS,
  CLASSES,
  INCIDENT_KINDS,
  INCIDENT_STATES,
  PRIORITIES,
  TRACK_STATUSES,
  type Alert,
  type BaseMapFile,
  type BearingContact,
  type Candidate,
  type Incident,
  type Markings,
  type NamedArea,
  type IncidentNote,
  type Look,
  type Tracing,
  type IncidentStep,
  type CrossingForecast,
  type GroundAround,
  type ResponseEstimate,
  type ClassName,
  type Counts,
  type Label,
  type LayerInfo,
  type Mute,
  type LegendEntry,
  type Pattern,
  type Place,
  type Pose,
  type Said,
  type Sector,
  type Sensor,
  type Track,
  type PartState,
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
    marking: text(body["marking"], 64),
    name: text(body["name"], 40),
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

/** A contact as it came, without the identity that the page gives it. */
export function parseBearing(raw: unknown): Omit<BearingContact, "id"> | null {
  const body = object(raw);
  if (body === null) return null;
  const where = place(body);
  const sensor = identity(body["sensor"]);
  const [rangeM, azimuthDeg, azimuthSdDeg] = ["range_m", "azimuth_deg", "azimuth_sd_deg"].map((name) => number(body[name]));
  const updatedMs = milliseconds(body["updated_ns"]);
  const lifetimeS = number(body["lifetime_s"]);
  if (where === null || sensor === null || azimuthDeg == null || updatedMs === null) return null;
  if (rangeM == null || rangeM <= 0 || azimuthSdDeg == null || azimuthSdDeg <= 0 || lifetimeS === null || lifetimeS <= 0)
    return null; // a line without its error or its end would say more than is known
  const count = (name: string): number => number(body[name]) ?? 0;
  return {
    ...where,
    sensor,
    rangeM,
    azimuthDeg,
    azimuthSdDeg,
    bearings: count("bearings"),
    crossings: count("crossings"),
    updatedMs,
    lifetimeS,
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
    ([fault, finding]) => [text(fault, 40), readSaid(finding, object(finding)?.["sentence"])] as const,
  );
  const state = text(body["state"], 40) || "no_data";
  return {
    ...where,
    id,
    marking: text(body["marking"], 64),
    kind: text(body["kind"], 40) || "sensor",
    state: body["revoked"] === true ? "revoked" : state === "ok" && faults.length > 0 ? "degraded" : state,
    faults,
    sinceMs: milliseconds(body["since_ns"]),
    pose: parsePose(object(body["pose"])),
    mute: readMute(body["mute"]),
  };
}

function readMute(raw: unknown): Mute | null {
  const body = object(raw);
  if (body === null) return null;
  const [sinceMs, untilMs] = [milliseconds(body["since_ns"]), milliseconds(body["until_ns"])];
  if (sinceMs === null || untilMs === null) return null;
  return {
    sinceMs,
    untilMs,
    endedMs: milliseconds(body["ended_ns"]),
    reason: text(body["reason"], 500),
    askedRole: text(body["asked_role"], 20),
    decidedRole: text(body["decided_role"], 20),
    emergency: body["emergency"] === true,
    request: text(body["request"], 32),
  };
}

function parsePose(body: Raw | null): Pose | null {
  const statedMs = milliseconds(body?.["stated_ns"]);
  if (body === null || statedMs === null) return null;
  return { statedMs, positionSdM: number(body["position_sd_m"]), headingDeg: number(body["heading_deg"]) };
}

/** What ingest reports of itself is among the counts, under no sensor's name. */
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

/** Why parts of the server do not work, by name: `sentences` in English, `states` with the message and a stable code. */
export function parseDown(sentences: unknown, states: unknown): ReadonlyMap<string, PartState> {
  const entries = Object.entries(object(sentences) ?? {}).slice(0, 20);
  const known = object(states) ?? {};
  return new Map(
    entries.map(([name, sentence]) => {
      const state = known[name];
      const code = text(object(state)?.["code"], 40);
      return [name.slice(0, 40), { starting: code === "compiling_kernels", why: readSaid(state, sentence) }];
    }),
  );
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
    marking: text(body["marking"], 64),
    rule: text(body["rule"], 60),
    priority: oneOf(PRIORITIES, body["priority"]) ?? "high", // a word of a newer server must not be overlooked
    status,
    revision: number(body["revision"]) ?? 0,
    headline: readSaid(body["message"], body["sentence"]),
    details: readAllSaid(body["details"], body["detail_sentences"]),
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
    positionSdM: number(body["position_sd_m"]),
    existence: share(body["existence"]),
    sensors: [...new Set(identities(evidence))],
    ...readHandling(body),
    why: readAllSaid(body["why"], body["why_sentences"]),
    response: readOneSaid(body["response"], body["response_sentence"]),
    impactLevel: text(body["impact_level"], 20),
    weather: text(body["weather"], 120),
    forecast: readForecast(body["forecast"]),
    estimate: readEstimate(body["response_estimate"]),
    candidates: list(body["candidates"]).slice(0, 20).map(readCandidate).filter((one) => one !== null),
    ground: readGround(body["ground"]),
    coverageGaps: list(body["coverage_gaps"]).flatMap((entry) => {
      const row = object(entry);
      const segment = readSegment(row?.["segment"]);
      const before = share(row?.["before"]);
      const after = share(row?.["after"]);
      return segment === null || before === null || after === null ? [] : [{ segment, before, after }];
    }),
  };
}

/** Without a person, and with an identifier of the catalogue, the reason is the system's. */
function readHandling(body: Readonly<Record<string, unknown>>): Pick<Alert, "by" | "reason" | "autoCleared"> {
  const by = text(body["by"], 120);
  const reason = readOneSaid(body["reason_message"], body["reason"]);
  const bySystem = by === "" || reason?.message != null;
  return { by, reason: bySystem ? null : reason, autoCleared: bySystem ? reason : null };
}

function readCandidate(raw: unknown): Candidate | null {
  const body = object(raw);
  const responseS = number(body?.["response_s"]);
  const marginS = number(body?.["margin_s"]);
  const probability = share(body?.["interruption_probability"]);
  if (body === null || responseS === null || marginS === null || probability === null) return null;
  return { base: text(body["base"], 80), responseS, marginS, probability };
}

export function parseIncident(raw: unknown): Incident | null {
  const body = object(raw);
  if (body === null) return null;
  const id = identity(body["id"]);
  const state = oneOf(INCIDENT_STATES, body["state"]);
  const openedMs = moment(body["opened_at"]);
  if (id === null || state === null || openedMs === null) return null;
  const undo = object(body["undo"]);
  const untilMs = milliseconds(undo?.["until_ns"]);
  return {
    id,
    name: text(body["name"], 40),
    kind: oneOf(INCIDENT_KINDS, body["kind"]) ?? "movement",
    state,
    priority: oneOf(PRIORITIES, body["priority"]) ?? "high",
    revision: number(body["revision"]) ?? 0,
    headline: readSaid(body["message"], body["sentence"]),
    openedMs,
    updatedMs: moment(body["updated_at"]) ?? openedMs,
    lead: identity(body["lead"]) ?? "",
    alerts: identities(body["alerts"]),
    tracks: list(body["tracks"]).flatMap((entry) => {
      const track = identity(object(entry)?.["track"]);
      return track === null ? [] : [{ track, name: text(object(entry)?.["name"], 40) }];
    }),
    marking: text(body["marking"], 64),
    sensors: identities(body["sensors"]),
    callingUnit: text(body["calling_unit"], 80),
    segment: readSegment(body["segment"]),
    section: text(body["section"], 120),
    place: place(body),
    classLabel: text(body["class_label"], 40),
    attention: body["attention"] === true,
    escalation: number(body["escalation"]) ?? 0,
    owner: text(body["owner"], 80),
    unit: text(body["unit"], 80),
    receivedMs: moment(body["received_at"]),
    disposition: text(body["disposition"], 40),
    reason: text(body["reason"], 500),
    closedBy: text(body["closed_by"], 20),
    notes: list(body["notes"]).map(readNote),
    links: identities(body["links"]),
    steps: list(body["transitions"]).map(readStep).filter((step) => step !== null),
    undo: undo === null || untilMs === null ? null : { by: text(undo["by"], 80), untilMs },
    tracing: readTracing(body["tracing"]),
    looks: list(body["looks"]).flatMap(readLook),
  };
}

function readLook(raw: unknown): Look[] {
  const body = object(raw);
  const changedMs = moment(body?.["changed_at"]);
  if (body === null || changedMs === null) return [];
  const azimuthDeg = number(body["azimuth_deg"]);
  const said = (name: string, most: number): string => text(body[name], most);
  const elevationDeg = number(body["elevation_deg"]);
  return [{ id: said("id", 64), camera: said("camera", 64), azimuthDeg, elevationDeg, state: said("state", 20), code: said("code", 20), by: said("by", 80), changedMs }];
}

function readTracing(raw: unknown): Tracing | null {
  const body = object(raw);
  if (body === null) return null;
  return {
    goods: text(body["goods"], 20),
    hsCode: text(body["hs_code"], 64),
    eccn: text(body["eccn"], 64),
    euList: text(body["eu_list"], 64),
    itemMarking: text(body["item_marking"], 64),
    authority: text(body["authority"], 64),
    sentMs: moment(body["sent_at"]),
    reference: text(body["reference"], 64),
    status: text(body["status"], 20),
    released: body["released"] === true,
    by: text(body["by"], 80),
  };
}

function readNote(raw: unknown): IncidentNote {
  const body = object(raw);
  return {
    atMs: moment(body?.["at"]) ?? 0,
    by: text(body?.["by"], 80),
    text: text(body?.["text"], 500),
    attachment: text(body?.["attachment"], 500),
  };
}

function readStep(raw: unknown): IncidentStep | null {
  const body = object(raw);
  const state = oneOf(INCIDENT_STATES, body?.["state"]);
  const atMs = moment(body?.["at"]);
  if (body === null || state === null || atMs === null) return null;
  return {
    atMs,
    state,
    by: text(body["by"], 80),
    action: text(body["action"], 40),
    owner: text(body["owner"], 80),
    unit: text(body["unit"], 80),
    disposition: text(body["disposition"], 40),
    reason: text(body["reason"], 500),
  };
}

/** A message of the catalogue; its parameters are text, numbers, lists of these, or messages again. */
export function readMessage(raw: unknown, depth = 0): Message | null {
  const body = object(raw);
  const id = body?.["id"];
  if (typeof id !== "string" || !/^[a-z][a-z0-9-]{1,63}$/.test(id) || depth > 3) return null;
  const parameters = Object.entries(object(body?.["parameters"]) ?? {}).flatMap(([name, value]) => {
    const known = readParameter(value, depth);
    return known === undefined ? [] : [[name, known] as const];
  });
  return { id, parameters: Object.fromEntries(parameters) };
}

function readParameter(value: unknown, depth: number): Parameter | undefined {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "string") return text(value, 300);
  if (typeof value === "number") return number(value);
  if (!Array.isArray(value)) return readMessage(value, depth + 1) ?? undefined;
  const items = value.slice(0, 200);
  return items.every((item) => typeof item === "number")
    ? items.flatMap((item) => number(item) ?? [])
    : items.map((item) => readMessage(item, depth + 1) ?? text(item, 80));
}

/** What the server says of an action: why it was refused. */
export function readSaid(message: unknown, sentence: unknown): Said {
  return { message: readMessage(message), sentence: text(sentence, 600) };
}

function readOneSaid(message: unknown, sentence: unknown): Said | null {
  const said = readSaid(message, sentence);
  return said.message === null && said.sentence === "" ? null : said;
}

function readAllSaid(messages: unknown, sentences: unknown): readonly Said[] {
  const [all, texts] = [list(messages), list(sentences)];
  const count = Math.min(Math.max(all.length, texts.length), 20);
  return Array.from({ length: count }, (_, n) => readOneSaid(all[n], texts[n])).filter((said) => said !== null);
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

function readEstimate(raw: unknown): ResponseEstimate | null {
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
    steepness: text(body["steepness"], 40),
    landCover: text(body["land_cover"], 40),
    seenBy: identities(list(body["seen_by"])),
    hiddenInS: number(body["hidden_in_s"]),
    roadMin: number(body["road_min"]),
    settlementMin: number(body["settlement_min"]),
    missing: list(body["missing"]).flatMap((word) => text(word, 40) || []),
  };
}

/** The raster layers of the server. */
export function parseLayers(raw: unknown): LayerInfo[] {
  const rows = Array.isArray(raw) ? raw : list(object(raw)?.["layers"]);
  return rows.map(parseLayer).filter((layer) => layer !== null);
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
    if (row === null) return [];
    const [low, high, heightM] = ["low", "high", "height_m"].map((name) => numberIn(row[name]));
    const range: LegendEntry["range"] = low == null || high == null ? null : [low, high];
    return [{ colour: known ? colour : "", label: readSaid(row["message"], row["label"]), pattern, range, heightM: heightM ?? null }];
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

/** The legend of a layer has text only. */
function numberIn(raw: unknown): number | null {
  return typeof raw === "string" && raw !== "" ? number(Number(raw)) : null;
}

export function parseSector(raw: unknown): Sector | null {
  const body = object(raw);
  if (body === null) return null;
  const bounds = list(body["bounds"]).map(number);
  const [west, south, east, north] = bounds;
  const usable = [west, south, east, north].every((value) => typeof value === "number") && bounds.length === 4;
  const [lon, lat] = list(body["centre"]);
  const clock = object(body["clock"]);
  return {
    name: text(body["sector"], 80),
    title: text(body["title"], 120),
    demo: body["demo"] === true,
    timeZone: text(body["time_zone"], 60) || "UTC",
    mapCredit: text(body["map_credit"], 200),
    baseMap: parseBaseMap(object(body["base_map"])),
    bounds: usable ? [west as number, south as number, east as number, north as number] : null,
    centre: place({ lon, lat }),
    areas: parseAreas(body["areas"]),
    operator: text(body["operator"], 80),
    layout: text(body["layout"], 80),
    targetHeightM: number(body["target_height_m"]),
    deadGroundFraction: share(body["dead_ground_fraction"]),
    beltM: number(object(body["border"])?.["belt_m"] ?? body["belt_m"]),
    homeSide: oneOf(["left", "right"] as const, object(body["border"])?.["home_side"]),
    clockRate: number(clock?.["rate"]),
    clockMs: moment(clock?.["now"]),
  };
}

/** Named areas of a GeoJSON collection; one without a usable outline is left out. */
export function parseAreas(raw: unknown): NamedArea[] {
  return list(object(raw)?.["features"]).flatMap((one) => {
    const [properties, geometry] = [object(object(one)?.["properties"]), object(object(one)?.["geometry"])];
    const kind = oneOf(AREA_KINDS, properties?.["kind"]);
    const [id, name] = [text(properties?.["id"], 60), text(properties?.["name"], 60)];
    if (kind === null || id === "" || name === "") return [];
    const parts = geometry?.["type"] === "Polygon" ? [geometry["coordinates"]] : list(geometry?.["coordinates"]);
    const polygons = parts.map((rings) => list(rings).map(ring).filter((corners) => corners.length > 3)).filter((rings) => rings.length > 0);
    return polygons.length > 0 ? [{ id, name, kind, polygons }] : [];
  });
}

function ring(raw: unknown): (readonly [number, number])[] {
  return list(raw).flatMap((corner) => {
    const [lon, lat] = list(corner).map(number);
    return lon == null || lat == null ? [] : [[lon, lat] as const];
  });
}

function parseBaseMap(body: Record<string, unknown> | null): BaseMapFile | null {
  return body === null
    ? null
    : {
        file: text(body["file"], 80),
        readable: body["readable"] === true,
        kind: oneOf(["vector", "raster"] as const, body["kind"]) ?? "vector",
        layers: list(body["layers"]).filter((name) => typeof name === "string"),
        revision: text(body["revision"], 40),
      };
}

export function parseMarkings(raw: unknown): Markings | null {
  const body = object(raw);
  if (body === null) return null;
  const units = Object.entries(object(body["units"]) ?? {}).map(([unit, marking]) => [unit, text(marking, 64)] as const);
  return { levels: list(body["markings"]).map((level) => text(level, 64)), change: body["change"] === true, units: new Map(units) };
}
