// From records to GeoJSON: plain values in, features out.

import type { Feature, FeatureCollection, LineString, Point, Polygon, Position } from "geojson";
import { borderLines, predictedCrossing, type BorderLines } from "../geo/crossing.ts";
import { movedView, postsOf } from "../geo/moved_view.ts";
import { ellipse, polar, shifted } from "../geo/shapes.ts";
import { sideLabels } from "../geo/sides.ts";
import { bars, certaintyOfTrack } from "../words/certainty.ts";
import { stateName } from "../words/coverage_words.ts";
import { say } from "../words/say.ts";
import { spokenTrack } from "../words/track_names.ts";
import type { State } from "../model/state.ts";
import { readable } from "../model/parse.ts";
import { isOpen } from "../model/alerts.ts";
import { ELLIPSE_95, PRIORITIES, type Alert, type Place, type Priority, type Sensor, type Track } from "../model/records.ts";
import { alertTrack, CROSSING_AHEAD_S, dotName, drawnAs, iconName, look, opacity } from "../model/tracks.ts";
import { markName } from "./annotations.ts";
import type { SensorDrawn } from "./symbols.ts";
import { nameWithAge } from "../words/position_age.ts";

/** Longer names would hide the map. */
const ON_MAP = 24;

export function collection(features: Feature[]): FeatureCollection {
  return { type: "FeatureCollection", features };
}

export function at({ lon, lat }: Place): Point {
  return { type: "Point", coordinates: [lon, lat] };
}

export function line(coordinates: Position[]): LineString {
  return { type: "LineString", coordinates };
}

/** One without an alert is a dot when seen from afar; `crowded`: there are so many that it is one at middle zooms as well. */
export function trackFeature(
  track: Track,
  nowMs: number,
  priority: Priority | undefined,
  crowded = false,
): Feature<Point> {
  const how = drawnAs(track, nowMs);
  const icon = iconName(track.label, how, priority !== undefined);
  const properties = {
    id: track.id,
    icon,
    far: priority === undefined ? dotName(how) : icon,
    middle: crowded && priority === undefined ? dotName(how) : icon,
    o: opacity(track),
    rank: priority === undefined ? 0 : PRIORITIES.length - PRIORITIES.indexOf(priority),
    label: priority === undefined && track.status !== "tentative" ? shortName(track) : "", // an alert's mark has the name
  };
  return { type: "Feature", id: track.id, properties, geometry: at(track) };
}

/** What changes in how a track is drawn, as one text: equal texts need no update. */
export function trackKey({ geometry, properties }: Feature<Point>): string {
  return `${geometry.coordinates.join()} ${properties?.["icon"]} ${properties?.["far"]} ${properties?.["middle"]} ${properties?.["o"]} ${properties?.["rank"]} ${properties?.["label"]}`;
}

export interface Surroundings {
  readonly nowMs: number;
  readonly trail: (track: Track) => readonly (readonly [number, number])[];
  readonly border: BorderLines;
  /** Ellipses smaller than this are hidden under their symbol. */
  readonly leastEllipseM: number;
  /** The velocity vector ends where the mover would be after so long. */
  readonly vectorS: number;
  readonly selected: string | null;
  /** Tracks with an open alert: what is drawn beside the others recedes where they are dots. */
  readonly alerted: ReadonlyMap<string, unknown>;
}

/** Trail, ellipse, vector and predicted crossing of a track; `part` says which. */
export function trackDetails(track: Track, around: Surroundings): Feature[] {
  const features: Feature[] = [];
  const chosen = track.id === around.selected;
  const quiet = !chosen && !around.alerted.has(track.id);
  const add = (part: string, geometry: Feature["geometry"], more: object = {}): void => {
    features.push({ type: "Feature", properties: { part, chosen, quiet, o: opacity(track), ...more }, geometry });
  };
  const trail = around.trail(track);
  if (trail.length > 1) add("trail", line(trail.map(([lon, lat]) => [lon, lat])));
  if (track.ellipseM !== null) {
    const [major, minor] = track.ellipseM;
    if (chosen || major * ELLIPSE_95 >= around.leastEllipseM) {
      add("ellipse", ring(ellipse(track, [major * ELLIPSE_95, minor * ELLIPSE_95], track.ellipseAzimuthDeg)));
    }
  }
  if (track.speedMps !== null && track.courseDeg !== null && look(track, around.nowMs) !== "stale") {
    const [east, north] = polar(track.courseDeg, track.speedMps * around.vectorS);
    add("vector", line([[track.lon, track.lat], shifted(track, east, north)]));
    const meeting = predictedCrossing(track, around.border, CROSSING_AHEAD_S);
    if (meeting !== null && track.status !== "tentative") {
      add(
        "crossing-path",
        line([
          [track.lon, track.lat],
          [meeting.lon, meeting.lat],
        ]),
      );
      add("crossing", at(meeting), { label: say("page-map-in", { time: roughly(meeting.inS) }) });
    }
  }
  return features;
}

/** A prediction is not known to the second. */
function roughly(seconds: number): number {
  const step = seconds < 60 ? 10 : 30;
  return Math.max(step, Math.round(seconds / step) * step);
}

function ring(coordinates: Position[]): Polygon {
  return { type: "Polygon", coordinates: [coordinates] };
}

/** One mark for each thing with an open alert: the most urgent one, where the thing is now. */
export function alertMarks({ alerts, tracks, sensors, stampMs }: State, nowMs: number): Feature<Point>[] {
  const marks = new Map<string, Feature<Point>>();
  const open = [...alerts.values()].filter(isOpen);
  open.sort(
    (a, b) =>
      PRIORITIES.indexOf(b.priority) - PRIORITIES.indexOf(a.priority) ||
      Number(a.status === "active") - Number(b.status === "active"),
  );
  for (const alert of open) {
    const track = alert.track === null ? undefined : tracks.get(alert.track);
    const sensor = alert.sensor === null ? undefined : sensors.get(alert.sensor);
    const where = track ?? sensor ?? alert.place;
    if (where === null) continue;
    const properties = {
      id: alert.id,
      alert: alert.id,
      icon: markName(alert.priority, alert.status === "active"),
      rank: PRIORITIES.length - PRIORITIES.indexOf(alert.priority),
      label: trackMark(alert, tracks, stampMs, nowMs),
    };
    marks.set(alert.track ?? alert.sensor ?? alert.id, { type: "Feature", properties, geometry: at(where) });
  }
  return [...marks.values()];
}

/** The name for radio and, while the track is in the picture, the strength of its evidence. */
function trackMark(alert: Alert, tracks: ReadonlyMap<string, Track>, stampMs: number | null, nowMs: number): string {
  if (alert.track === null) return "";
  const track = tracks.get(alert.track);
  const known = alertTrack(alert, tracks, stampMs) ?? "present";
  const name = say("page-map-track", { known, track: readable(spokenTrack(alert.track), ON_MAP) });
  return track === undefined ? name : `${name}\n${bars(certaintyOfTrack(track, nowMs, alert.sensors))}`;
}

function shortName({ id, name }: Track): string {
  return readable(name === "" ? id : name, ON_MAP);
}

const ANCHORS = ["right", "left", "top", "bottom"] as const;

/** Sensors on one mast stand side by side, under one label. */
export function sensorFeatures(sensors: ReadonlyMap<string, Sensor>, nowMs = Number.NaN): Feature[] {
  const masts = new Map<string, Sensor[]>();
  for (const sensor of sensors.values()) {
    const key = `${sensor.lon.toFixed(5)},${sensor.lat.toFixed(5)}`;
    masts.set(key, [...(masts.get(key) ?? []), sensor]);
  }
  return [...masts.values()].flatMap((mast) =>
    mast.map((sensor, index) => ({
      type: "Feature" as const,
      properties: {
        id: sensor.id,
        icon: `sensor/${sensor.kind}/${drawn(sensor.state)}`,
        anchor: mast.length === 1 ? "center" : (ANCHORS[index % ANCHORS.length] ?? "center"),
        lost: mast.some(({ state }) => state !== "ok"),
        label: index === 0 ? mastLabel(mast, nowMs) : "",
      },
      geometry: at(sensor),
    })),
  );
}

function drawn(state: string): SensorDrawn {
  return state === "ok" || state === "muted" ? state : "lost";
}

function mastLabel(mast: readonly Sensor[], nowMs: number): string {
  return mast
    .map(({ id, state, pose }) => {
      const sensor = nameWithAge(readable(id, ON_MAP), pose, nowMs);
      return state === "ok" ? sensor : say("page-map-sensor", { sensor, state: stateName(state) });
    })
    .join("\n");
}

/** Fields of view, each with its sensor's state; a view without a known sensor counts as not covered. Those of mobile
 * sensors are where these stand, turned as they look. */
export function viewFeatures(
  layout: FeatureCollection | null,
  sensors: ReadonlyMap<string, Sensor>,
  chosen: ReadonlySet<string> = new Set(),
): Feature[] {
  const posts = postsOf(layout);
  return (layout?.features ?? [])
    .filter(({ geometry }) => geometry?.type === "Polygon" || geometry?.type === "MultiPolygon")
    .map((feature) => {
      const id = String(feature.properties?.["id"] ?? "");
      const lost = sensors.size > 0 && sensors.get(id)?.state !== "ok";
      return {
        type: "Feature",
        properties: { id, lost, chosen: chosen.has(id), kind: String(feature.properties?.["kind"] ?? "") },
        geometry: movedView(feature.geometry, posts.get(id), sensors.get(id)),
      };
    });
}

/** Own side and far side, written beside the border in two positions. */
export function sideMarks(border: FeatureCollection | null, homeSide: "left" | "right" | null): Feature[] {
  if (homeSide === null) return [];
  return sideLabels(borderLines(border), homeSide).map(({ side, at, anchor }) => ({
    type: "Feature",
    properties: { label: say("page-map-side", { side }), anchor },
    geometry: { type: "Point", coordinates: [...at] },
  }));
}

const CHAINAGE_STEPS_KM = [100, 50, 10, 5];

/** Positions along the border with their chainage, for labels; `step`: 1, 5, 10, 50 or 100 km, the coarsest that fits. */
export function chainageMarks(border: FeatureCollection | null): Feature<Point>[] {
  return (border?.features ?? []).flatMap(({ geometry, properties }) => {
    const from = properties?.["chainage_from_m"] ?? properties?.["start_m"];
    const first = geometry?.type === "LineString" ? geometry.coordinates[0] : undefined;
    if (typeof from !== "number" || first === undefined || Math.abs(from / 1000 - Math.round(from / 1000)) > 0.001)
      return [];
    const km = Math.round(from / 1000);
    const step = CHAINAGE_STEPS_KM.find((one) => km % one === 0) ?? 1;
    return [
      {
        type: "Feature" as const,
        properties: { label: `km ${km}`, step },
        geometry: { type: "Point" as const, coordinates: first },
      },
    ];
  });
}
