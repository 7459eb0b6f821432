// Draws the state: which sources change when which part of it changed.

import type { Feature, LineString, Point } from "geojson";
import { borderRuns } from "../border/states.ts";
import { placeAlong } from "../geo/along.ts";
import { borderLines, type BorderLines } from "../geo/crossing.ts";
import { courseFeatures } from "../geo/moved_view.ts";
import { say } from "../words/say.ts";
import { trackPriorities } from "../model/alerts.ts";
import type { ServerClock } from "../model/clock.ts";
import { leadOf, lookingCameras } from "../model/incidents.ts";
import type { Alert, Place, Priority, Track } from "../model/records.ts";
import type { Selection, State } from "../model/state.ts";
import { detailed, DETAILED_TRACKS, DOTS_ZOOM, SYMBOL_TRACKS, SYMBOLS_ZOOM, vectorTime } from "../model/tracks.ts";
import type { Trails } from "../model/trails.ts";
import { helpFeatures } from "../overview/help.ts";
import { part, setData, setText } from "../ui/dom.ts";
import { areaFeatures } from "./area_layers.ts";
import type { BaseMap } from "./base_map.ts";
import { gathered } from "../model/crowds.ts";
import { singlesInView } from "./clusters.ts";
import { forceFeatures, levelFeatures } from "./forces_map.ts";
import { bearingFeatures } from "./bearing_features.ts";
import { withHelp } from "../label/help_name.ts";
import { LabelMap, type Named } from "../label/label_map.ts";
import { IncrementalSource } from "./incremental_source.ts";
import { NAMES_ZOOM, symbolScale } from "./layers.ts";
import { metresPerPixel } from "./scale.ts";
import {
  alertMarks,
  at,
  chainageMarks,
  sensorFeatures,
  sideMarks,
  trackDetails,
  trackFeature,
  viewFeatures,
} from "./features.ts";

/** Room for the label of a chainage beside its place and below it. */
const CHAINAGE_PX = { beside: 30, below: 30 } as const;
/** An ellipse less wide than this on the screen lies under its symbol. */
const LEAST_ELLIPSE_PX = 12;

export class StateRenderer {
  readonly #baseMap: BaseMap;
  readonly #clock: ServerClock;
  readonly #trails: Trails;
  readonly #tracks: IncrementalSource;
  readonly #crowd: IncrementalSource;
  readonly #labels: LabelMap;
  /** What stands apart on the map and may have a name, by its kind. */
  readonly #named = new Map<Named["kind"], readonly Feature[]>();
  /** What may gather: units that stand alone have their names, and sensors have from where tracks have them. */
  readonly #gathering = new Map<"sensor" | "unit", readonly Feature[]>();
  #selectedTrack: string | null = null;
  #lines: BorderLines = [];
  #chainage: readonly Feature<Point>[] = [];
  #priorities: ReadonlyMap<string, Priority> = new Map();
  #ring = "";
  #labelKey = "";
  #runsKey = "";
  #helpKey = "";
  #help: readonly Feature<LineString>[] = [];
  #state: State | null = null;

  constructor(baseMap: BaseMap, clock: ServerClock, trails: Trails) {
    this.#baseMap = baseMap;
    this.#clock = clock;
    this.#trails = trails;
    this.#tracks = new IncrementalSource(baseMap.source("tracks"));
    this.#labels = new LabelMap(baseMap.map);
    this.#crowd = new IncrementalSource(baseMap.source("track-crowd"));
  }

  /** Draw what differs from what was drawn last. */
  update(state: State): void {
    const first = this.#state === null;
    const before = this.#state ?? state;
    this.#state = state;
    const changed = (...parts: (keyof State)[]): boolean => first || parts.some((name) => state[name] !== before[name]);
    if (changed("border", "segments", "sector")) this.#drawBorder(state);
    if (changed("border", "segments", "alerts")) this.#drawBorderStates(state);
    if (changed("sector")) this.#baseMap.show("areas", areaFeatures(state.sector.value?.areas ?? []));
    if (changed("layout", "sensors", "selection", "incidents")) this.#drawSensors(state);
    if (changed("alerts")) this.#priorities = trackPriorities(state.alerts);
    const selectedBefore = this.#selectedTrack;
    this.#selectedTrack = selectedTrack(state.selection, state);
    if (changed("tracks", "alerts") || this.#selectedTrack !== selectedBefore) this.#drawTracks(state);
    if (changed("bearings", "selection")) this.#drawBearings(state);
    if (changed("forces", "incidents", "selection")) this.#drawForces(state);
    if (changed("forces", "incidents", "alerts", "tracks", "options", "selection")) this.#drawHelp(state);
    if (changed("forces", "segments")) this.#baseMap.show("levels", levelFeatures(state.forces, state.segments.value));
    if (changed("tracks", "alerts", "sensors")) this.#drawMarks(state);
    if (changed("tracks", "bearings", "selection", "sensors", "alerts", "incidents", "forces")) this.#drawSelected(state);
    if (changed("tracks", "selection", "alerts", "border")) this.#drawDetails(state);
    if (changed("tracks", "alerts", "sensors", "forces", "incidents", "options", "selection")) this.#drawLabels();
  }

  /** Draw again what depends on the time: tracks grow stale and bearings fade also when no new picture comes. */
  age(): void {
    if (this.#state === null) return;
    this.#drawTracks(this.#state);
    this.#drawBearings(this.#state);
    this.#drawForces(this.#state);
    this.#drawLabels();
  }

  /** Draw again what depends on the middle and the scale of the map. */
  moved(): void {
    if (this.#state !== null) this.#drawDetails(this.#state);
    this.#drawChainage();
    this.#drawLabels();
  }

  /** Those whose label the edge of the map does not cut. */
  #drawChainage(): void {
    const { clientWidth, clientHeight } = this.#baseMap.map.getContainer();
    const whole = this.#chainage.filter(({ geometry: { coordinates: [lon = 0, lat = 0] } }) => {
      const { x, y } = this.#baseMap.map.project([lon, lat]);
      return Math.min(x, clientWidth - x) > CHAINAGE_PX.beside && y > 0 && clientHeight - y > CHAINAGE_PX.below;
    });
    this.#baseMap.show("chainage", whole);
  }

  #drawMarks(state: State): void {
    const marks = alertMarks(state, this.#nowMs(state.stampMs));
    this.#baseMap.show("marks", marks);
    this.#named.set("mark", marks);
  }

  /** Names of alerts, units, bases and sensors, where they cover each other least. */
  #drawLabels(): void {
    const named = [...this.#named, ...[...this.#gathering].map(([kind, features]) => [kind, this.#alone(kind, features)] as const)];
    const things = withHelp(
      named.flatMap(([kind, features]) => features.map((feature): Named => ({ kind, feature: feature as Feature<Point> }))),
      this.#help,
      this.#labels,
    );
    const zoom = this.#baseMap.map.getZoom();
    const features = this.#labels.features(things, symbolScale(zoom), zoom < DOTS_ZOOM);
    const key = JSON.stringify(features);
    if (key === this.#labelKey) return;
    this.#labelKey = key;
    this.#baseMap.show("labels", features);
  }

  #alone(kind: "sensor" | "unit", crowd: readonly Feature[]): readonly Feature[] {
    if (crowd.length === 0 || (kind === "sensor" && this.#baseMap.map.getZoom() < NAMES_ZOOM)) return [];
    const alone = singlesInView(this.#baseMap.map, kind);
    return crowd.filter(({ properties }) => alone.has(String(properties?.["id"])));
  }

  #drawHelp(state: State): void {
    const features = helpFeatures(state, ({ id }) => placeOf({ kind: "incident", id }, state));
    const key = JSON.stringify(features);
    if (key === this.#helpKey) return;
    this.#helpKey = key;
    this.#help = features;
    this.#baseMap.show("help", features);
  }

  #drawForces({ forces, incidents, stampMs, selection }: State): void {
    const features = forceFeatures(forces, incidents, this.#nowMs(stampMs));
    const chosen = selection?.kind === "unit" ? selection.id : null;
    const [apart, crowd] = gathered("unit", features, ({ part, distress, id }) => part !== "unit" || distress === true || id === chosen);
    this.#baseMap.show("forces", apart);
    this.#baseMap.show("unit-crowd", crowd);
    this.#gathering.set("unit", crowd);
    this.#named.set("unit", apart.filter(({ properties }) => properties?.["part"] === "unit"));
    this.#named.set("base", apart.filter(({ properties }) => properties?.["part"] === "base"));
    setData(part("map"), "units", String(forces.units.size));
  }

  #nowMs(stampMs: number | null): number {
    const now = this.#clock.now(performance.now());
    return Number.isFinite(now) ? now : (stampMs ?? Number.NaN);
  }

  #drawBearings({ bearings, selection, stampMs }: State): void {
    const selected = selection?.kind === "bearing" ? selection.id : null;
    const features = bearingFeatures(bearings, this.#nowMs(stampMs), selected);
    this.#baseMap.show("bearings", features);
    setData(part("map"), "bearings", String(features.length / 2));
  }

  #drawTracks({ tracks, stampMs }: State): void {
    const nowMs = this.#nowMs(stampMs);
    const crowded = tracks.size > SYMBOL_TRACKS;
    const features = [...tracks.values()].map((track) => trackFeature(track, nowMs, this.#priorities.get(track.id), crowded));
    const [apart, crowd] = gathered("track", features, ({ id }) => this.#priorities.has(String(id)) || id === this.#selectedTrack);
    this.#tracks.show(apart);
    this.#crowd.show(crowd);
    this.#named.set("track", apart);
    setData(part("map"), "tracks", String(tracks.size));
    if (stampMs !== null) setData(part("map"), "stamp", new Date(stampMs).toISOString());
  }

  #drawBorder(state: State): void {
    const border = state.border.value;
    this.#lines = borderLines(border);
    this.#baseMap.show("border", border?.features ?? []);
    this.#chainage = chainageMarks(state.segments.value ?? border);
    this.#drawChainage();
    this.#baseMap.show("sides", sideMarks(state.segments.value ?? border, state.sector.value?.homeSide ?? null));
    this.#baseMap.show("segments", state.segments.value?.features ?? []);
  }

  /** Alerts change with every detection: the map gets the lines only where one differs. */
  #drawBorderStates({ border, segments, alerts }: State): void {
    const runs = borderRuns(segments.value ?? border.value, alerts.values()); // of the border alone, the ground is unknown
    const key = JSON.stringify(runs);
    if (key === this.#runsKey) return;
    this.#runsKey = key;
    this.#baseMap.show("border-runs", runs);
  }

  #drawSensors(state: State): void {
    this.#baseMap.knowKinds([...state.sensors.values()].map(({ kind }) => kind));
    const chosen = state.selection?.kind === "sensor" ? state.selection.id : null;
    const [apart, crowd] = gathered("sensor", sensorFeatures(state.sensors, this.#nowMs(state.stampMs)), ({ lost, id }) => lost === true || id === chosen);
    this.#baseMap.show("sensors", apart);
    this.#baseMap.show("sensor-crowd", crowd);
    this.#gathering.set("sensor", crowd);
    this.#named.set("sensor", apart);
    this.#baseMap.show("views", [...viewFeatures(state.layout.value, state.sensors, this.#strongViews(state)), ...courseFeatures(state.layout.value)]);
  }

  /** The sensors whose fields of view stand out: the selected one, or the cameras that look at the selected incident. */
  #strongViews({ selection, incidents, stampMs }: State): ReadonlySet<string> {
    if (selection?.kind === "sensor") return new Set([selection.id]);
    if (selection?.kind !== "incident") return new Set();
    return lookingCameras(incidents.get(selection.id), this.#nowMs(stampMs));
  }

  #drawSelected(state: State): void {
    const where = placeOf(state.selection, state);
    const key = where === null ? "" : `${where.lon} ${where.lat}`;
    if (key === this.#ring) return;
    this.#ring = key;
    this.#baseMap.show("selected", where === null ? [] : [{ type: "Feature", properties: {}, geometry: at(where) }]);
  }

  /** Trails, ellipses, vectors and crossings. */
  #drawDetails(state: State): void {
    const { lng: lon, lat } = this.#baseMap.map.getCenter();
    const selected = selectedTrack(state.selection, state);
    const inClusters = this.#gathers(state.tracks.size);
    const chosen = detailed(state.tracks, selected, this.#priorities, { lon, lat }).filter(
      ({ id }) => !inClusters || id === selected || this.#priorities.has(id),
    );
    const perPixelM = metresPerPixel(lat, this.#baseMap.map.getZoom());
    const vectorS = vectorTime(perPixelM);
    setText(part("vector-time"), say("panels-vectors", { time: vectorS }));
    const around = {
      nowMs: this.#clock.now(performance.now()),
      trail: (track: Track) => this.#trails.of(track),
      border: this.#lines,
      leastEllipseM: perPixelM * LEAST_ELLIPSE_PX,
      vectorS,
      selected,
      alerted: this.#priorities,
    };
    const features: Feature[] = chosen.flatMap((track) => trackDetails(track, around));
    this.#baseMap.show("details", features);
    this.#note(state.tracks.size);
  }

  #note(tracks: number): void {
    const note = part("map-note");
    note.hidden = tracks <= DETAILED_TRACKS;
    const name = this.#gathers(tracks) ? "page-map-detail-dots" : "page-map-detail";
    setText(note, say(name, { shown: DETAILED_TRACKS, all: tracks }));
  }

  /** Whether tracks without an alert are dots and clusters at this scale. */
  #gathers(tracks: number): boolean {
    return tracks > SYMBOL_TRACKS && this.#baseMap.map.getZoom() < SYMBOLS_ZOOM;
  }
}

export function selectedTrack(selection: Selection | null, state: State): string | null {
  if (selection?.kind === "track") return selection.id;
  return selectedAlert(selection, state)?.track ?? null;
}

/** The selected alert, or the one that leads the selected incident. */
function selectedAlert(selection: Selection | null, state: State): Alert | null {
  if (selection?.kind === "alert") return state.alerts.get(selection.id) ?? null;
  const incident = selection?.kind === "incident" ? state.incidents.get(selection.id) : undefined;
  return incident === undefined ? null : leadOf(incident, state.alerts);
}

/** Where the selected thing is now; null when it has no place, or is gone. */
export function placeOf(selection: Selection | null, state: State): Place | null {
  if (selection?.kind === "track") return state.tracks.get(selection.id) ?? null;
  if (selection?.kind === "bearing") return state.bearings.get(selection.id) ?? null;
  if (selection?.kind === "sensor") return state.sensors.get(selection.id) ?? null;
  if (selection?.kind === "unit") return state.forces.units.get(selection.id) ?? null;
  if (selection?.kind === "base") return state.forces.bases.get(selection.id) ?? null;
  if (selection?.kind === "segment") return segmentPlace(selection.id, state);
  if (selection?.kind === "section") return sectionPlace(selection.id, state);
  const alert = selectedAlert(selection, state);
  const incident = selection?.kind === "incident" ? state.incidents.get(selection.id) : undefined;
  const track = alert?.track == null ? undefined : state.tracks.get(alert.track);
  const sensor = alert?.sensor == null ? undefined : state.sensors.get(alert.sensor);
  return track ?? sensor ?? alert?.place ?? incident?.place ?? null;
}

/** The middle of a segment. */
function segmentPlace(id: string, state: State): Place | null {
  const all = (state.segments.value ?? state.border.value)?.features ?? [];
  const segment = all.find(({ properties }) => String(properties?.["segment"]) === id);
  return segment === undefined ? null : placeAlong(segment, 0.5);
}

/** The middle segment of a section's first part. */
function sectionPlace(id: string, state: State): Place | null {
  const run = state.forces.sections.get(id)?.segments[0];
  return run === undefined ? null : segmentPlace(String(Math.floor((run[0] + run[1]) / 2)), state);
}
