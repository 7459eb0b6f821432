// One side of the swipe: the ground of the live map with a layout's coverage, its sensors, and what the one in hand sees.

import type { GeoJSONSource, ImageSource, LayerSpecification, Map as MapLibreMap } from "maplibre-gl";
import type { Feature } from "geojson";
import { boundsOf, widened } from "../geo/bounds.ts";
import type { LayerInfo, Sector } from "../model/records.ts";
import { FIRST_OF_GRID, GRID_SWITCH, gridLayers } from "../grid/grid_layers.ts";
import { GridMap } from "../grid/grid_map.ts";
import { ArchiveMap } from "../map/archive_map.ts";
import { FIRST_OF_GROUND } from "../map/ground_layers.ts";
import { GroundMap } from "../map/ground_map.ts";
import { isOnByDefault, Overlays } from "../map/overlays.ts";
import type { Colours } from "../map/palette.ts";
import { openedMap, PlainMap } from "../map/plain_map.ts";
import { destination } from "./places.ts";
import { keyOf, Pins, type PinEvents } from "./pins.ts";
import type { Corners, PlanSensor, Setup } from "./server.ts";

const NOTHING = { type: "FeatureCollection" as const, features: [] };
const ARC_STEPS = 48;
/** Clear of the names of the layouts and the buttons, and of the bar of the swipe below. */
const GRID_EDGES = { left: 48, top: 44, right: 12, bottom: 52 };
const COVERAGE_OPACITY = 0.9;

export interface LayoutMapEvents extends PinEvents {
  /** A place on the map, not a sensor, is clicked. */
  click(lon: number, lat: number): void;
}

export class LayoutMap extends PlainMap {
  readonly pins: Pins;
  readonly #setup: Setup;
  readonly #groundMap = new GroundMap(this);
  readonly #archiveMap = new ArchiveMap(this);
  readonly #overlays = new Overlays(this);
  readonly #grid: GridMap;
  #layers: readonly LayerInfo[] = [];
  /** Whether gain and loss are shown in place of the coverage. */
  #changed = false;

  private constructor(map: MapLibreMap, colours: Colours, setup: Setup, events: LayoutMapEvents) {
    super(map, colours, FIRST_OF_GRID);
    this.#setup = setup;
    this.pins = new Pins(map, events);
    const border = { type: "MultiLineString" as const, coordinates: setup.border };
    map.addSource("border", { type: "geojson", data: { type: "Feature", properties: {}, geometry: border } });
    map.addSource("views", { type: "geojson", data: NOTHING });
    map.addSource("segment", { type: "geojson", data: NOTHING });
    this.#grid = new GridMap(map, GRID_EDGES);
    for (const layer of [...gridLayers(colours), ...lines(colours)]) map.addLayer(layer);
    map.on("click", ({ lngLat }) => events.click(lngLat.lng, lngLat.lat));
  }

  static async open(container: HTMLElement, title: string, setup: Setup, colours: Colours, events: LayoutMapEvents): Promise<LayoutMap> {
    return new LayoutMap(await openedMap(container, colours, title), colours, setup, events);
  }

  /** The ground as the live map draws it: tinted heights, relief, contour lines, roads, rivers, settlements. */
  ground(layers: readonly LayerInfo[], sector: Sector | null): void {
    this.#layers = layers.filter(({ id }) => id === "elevation" || id === "hillshade");
    this.#archiveMap.show(sector?.baseMap ?? null, true);
    this.#groundMap.update(this.#layers, sector, (_, on) => on);
    this.#overlays.update(this.#layers, sector, isOnByDefault);
  }

  switchGrid(on: boolean): void {
    this.setVisible(GRID_SWITCH.layers, on);
    this.#grid.switch(on);
  }

  override recolour(colours: Colours): void {
    super.recolour(colours);
    for (const layer of [...gridLayers(colours), ...lines(colours)]) this.repaint(layer);
    this.#groundMap.recolour();
    this.#archiveMap.recolour();
    this.#overlays.recolour(this.#layers);
  }

  /** The border with some ground around it. */
  home(): void {
    const [[west, north], , [east, south]] = this.#setup.corners;
    const border = boundsOf(this.#setup.border);
    this.showBounds(border === null ? [west, south, east, north] : widened(border));
  }

  /** Coverage as the server has drawn it; resolves once it is on the map. */
  async coverage(url: string): Promise<void> {
    this.#picture("coverage", url, this.#setup.corners, COVERAGE_OPACITY);
    this.setVisible(["coverage"], !this.#changed);
    await new Promise<void>((resolve) => this.map.once("idle", () => resolve()));
  }

  /** Gain and loss of coverage in place of the coverage itself; null: the coverage. */
  change(url: string | null): void {
    if (url !== null) this.#picture("change", url, this.#setup.corners, COVERAGE_OPACITY);
    this.setVisible(["change"], url !== null);
    this.setVisible(["coverage"], url === null);
    this.#changed = url !== null;
  }

  /** Highlight a segment of the border; null: none. */
  highlight(segment: number | null): void {
    const lines = segment === null ? undefined : this.#setup.segments[segment]?.lines;
    const data: Feature | typeof NOTHING = lines === undefined ? NOTHING : { type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: lines } };
    this.map.getSource<GeoJSONSource>("segment")?.setData(data);
    this.map.getContainer().dataset["segment"] = segment === null ? "" : String(segment);
  }

  /** Bring a segment of the border into view, at the zoom that is shown. */
  centre(segment: number): void {
    const bounds = boundsOf(this.#setup.segments[segment]?.lines ?? []);
    if (bounds === null) return;
    const [west, south, east, north] = bounds;
    if (!this.map.getBounds().contains([(west + east) / 2, (south + north) / 2])) this.map.jumpTo({ center: [(west + east) / 2, (south + north) / 2] });
  }

  /** What the sensor in hand sees; null: none is in hand. */
  inHand(seen: { picture: string; corners: Corners } | null): void {
    if (seen === null) this.setVisible(["in-hand"], false);
    else {
      this.#picture("in-hand", seen.picture, seen.corners, 1);
      this.setVisible(["in-hand"], true);
    }
  }

  show(sensors: readonly PlanSensor[], selected: string | null): void {
    this.pins.show(sensors, selected);
    this.outlines(sensors, selected);
  }

  /** The edges of what the sensors look at. */
  outlines(sensors: readonly PlanSensor[], selected: string | null): void {
    const features = sensors.filter(({ kind }) => kind !== "relay").map((sensor) => view(sensor, keyOf(sensor) === selected));
    this.map.getSource<GeoJSONSource>("views")?.setData({ type: "FeatureCollection", features: [...features, ...sensors.flatMap(course)] });
  }

  /** A picture above the relief and below the lines of the ground. */
  #picture(id: string, url: string, coordinates: Corners, opacity: number): void {
    const source = this.map.getSource<ImageSource>(id);
    if (source !== undefined) return void source.updateImage({ url, coordinates });
    this.map.addSource(id, { type: "image", url, coordinates });
    const above = this.map.getLayer(FIRST_OF_GROUND) === undefined ? this.aboveGround : FIRST_OF_GROUND;
    this.map.addLayer({ id, type: "raster", source: id, paint: { "raster-opacity": opacity, "raster-fade-duration": 0, "raster-resampling": "nearest" } }, above);
  }
}

/** Range outlines are hairlines, except of the selected sensor; the border is as on the live map, without its states. */
function lines(c: Colours): LayerSpecification[] {
  const selected = ["get", "selected"] as ["get", string];
  const isCourse = ["==", ["get", "course"], true] as ["==", ["get", string], true];
  return [
    { id: "courses", type: "line", source: "views", filter: isCourse, paint: { "line-color": c.ink, "line-width": 1.6, "line-dasharray": [0.6, 2.4], "line-opacity": 0.75 } },
    { id: "views", type: "line", source: "views", filter: ["all", ["!", selected], ["!", isCourse]], paint: { "line-color": c.view, "line-width": 0.75, "line-opacity": 0.45 } },
    { id: "border-halo", type: "line", source: "border", layout: { "line-join": "round" }, paint: { "line-color": c.halo, "line-width": 6, "line-opacity": 0.8 } },
    { id: "segment-halo", type: "line", source: "segment", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": c.select, "line-width": 15, "line-opacity": 0.55 } },
    { id: "segment", type: "line", source: "segment", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": c.halo, "line-width": 8 } },
    { id: "border", type: "line", source: "border", paint: { "line-color": c.border, "line-width": 2.5 } },
    { id: "view-selected", type: "line", source: "views", filter: selected, paint: { "line-color": c.select, "line-width": 1.8 } },
  ];
}

/** The edge of what a sensor looks at. */
function view(sensor: PlanSensor, selected: boolean): Feature {
  const whole = sensor.field_of_view_deg >= 360;
  const first = sensor.azimuth_deg - sensor.field_of_view_deg / 2;
  const arc = Array.from({ length: ARC_STEPS + 1 }, (_, n) =>
    destination(sensor, first + (n * sensor.field_of_view_deg) / ARC_STEPS, sensor.max_range_m),
  );
  const here: [number, number] = [sensor.lon, sensor.lat];
  return {
    type: "Feature",
    properties: { sensor: sensor.id, selected },
    geometry: { type: "LineString", coordinates: whole ? arc : [here, ...arc, here] },
  };
}

/** Where a mobile sensor is planned to go. */
function course({ id, course: line }: PlanSensor): Feature[] {
  if (line === undefined) return [];
  return [{ type: "Feature", properties: { sensor: id, selected: false, course: true }, geometry: { type: "LineString", coordinates: line.map(([lon, lat]) => [lon, lat]) } }];
}
