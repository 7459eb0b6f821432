// One side of the swipe: a map with the relief, a layout's coverage and its sensors, which can be dragged and turned.

import { Map as MapLibreMap, Marker, setWorkerUrl, type GeoJSONSource, type ImageSource } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import "maplibre-gl/dist/maplibre-gl.css";
import type { Feature } from "geojson";
import { el } from "../ui/dom.ts";
import { say } from "../words/say.ts";
import { bearingTo, destination } from "./places.ts";
import type { Corners, PlanSensor, Setup } from "./server.ts";

setWorkerUrl(workerUrl);

const NOTHING = { type: "FeatureCollection" as const, features: [] };
/** How far from its sensor the handle is that turns it, as a share of the range. */
const HANDLE = 0.4;
const ARC_STEPS = 24;
/** Pins of sensors on one mast stand side by side. */
const PIN_PX = 20;
const ONE_MAST_DEG = 0.0005;

export interface LayoutMapEvents {
  select(sensor: string): void;
  move(sensor: string, lon: number, lat: number): void;
  turn(sensor: string, azimuthDeg: number): void;
}

export class LayoutMap {
  readonly map: MapLibreMap;
  readonly #events: LayoutMapEvents;
  readonly #corners: Corners;
  readonly #pins = new Map<string, Marker>();
  #turner: Marker | null = null;

  private constructor(map: MapLibreMap, corners: Corners, events: LayoutMapEvents) {
    this.map = map;
    this.#corners = corners;
    this.#events = events;
  }

  static async open(
    container: HTMLElement,
    title: string,
    setup: Setup,
    ground: string,
    ink: string,
    events: LayoutMapEvents,
  ): Promise<LayoutMap> {
    const map = new MapLibreMap({
      container,
      style: {
        version: 8,
        sources: {
          relief: { type: "raster", tiles: [`${location.origin}/api/tiles/hillshade/{z}/{x}/{y}.png?palette=${document.documentElement.dataset["palette"] ?? "day"}`], tileSize: 256, minzoom: 8, maxzoom: 15 },
          border: { type: "geojson", data: { type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: setup.border } } },
          views: { type: "geojson", data: NOTHING },
        },
        layers: [
          { id: "ground", type: "background", paint: { "background-color": ground } },
          { id: "relief", type: "raster", source: "relief" },
          { id: "border", type: "line", source: "border", paint: { "line-color": ink, "line-width": 2, "line-dasharray": [4, 2] } },
          { id: "views", type: "line", source: "views", paint: { "line-color": ink, "line-width": 1, "line-opacity": 0.7 } },
        ],
      },
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      maxPitch: 0,
      maxZoom: 16,
      fadeDuration: 0,
      renderWorldCopies: false,
      locale: { "Map.Title": title },
    });
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.on("error", () => undefined); // a missing tile stays blank
    await new Promise<void>((resolve) => (map.loaded() ? resolve() : map.once("load", () => resolve())));
    return new LayoutMap(map, setup.corners, events);
  }

  /** Coverage as the server has drawn it; resolves once it is on the map. */
  async picture(url: string): Promise<void> {
    const source = this.map.getSource<ImageSource>("coverage");
    if (source === undefined) {
      this.map.addSource("coverage", { type: "image", url, coordinates: this.#corners });
      this.map.addLayer({ id: "coverage", type: "raster", source: "coverage", paint: { "raster-opacity": 0.75, "raster-fade-duration": 0, "raster-resampling": "nearest" } }, "border");
    } else source.updateImage({ url });
    await new Promise<void>((resolve) => this.map.once("idle", () => resolve()));
  }

  /** Put the sensors where they are now; the selected one can be turned by its handle. */
  show(sensors: readonly PlanSensor[], selected: string | null): void {
    const here = new Set(sensors.map((sensor) => sensor.id));
    for (const [id, pin] of this.#pins) {
      if (here.has(id)) continue;
      pin.remove();
      this.#pins.delete(id);
    }
    const placed: PlanSensor[] = [];
    for (const sensor of sensors) {
      const pin = this.#pins.get(sensor.id) ?? this.#pin(sensor);
      const beside = placed.filter((other) => isBeside(other, sensor)).length;
      placed.push(sensor);
      pin.setLngLat([sensor.lon, sensor.lat]).setOffset([beside * PIN_PX, 0]);
      pin.getElement().setAttribute("aria-pressed", String(sensor.id === selected));
      pin.getElement().dataset["fresh"] = String(sensor.fresh === true);
    }
    this.map.getSource<GeoJSONSource>("views")?.setData({ type: "FeatureCollection", features: sensors.filter(({ kind }) => kind !== "relay").map(view) });
    this.#turner?.remove();
    this.#turner = null;
    const chosen = sensors.find((sensor) => sensor.id === selected);
    if (chosen !== undefined && chosen.field_of_view_deg < 360) this.#turner = this.#handle(chosen);
  }

  /** Mark the sensors without a link to a base. */
  unheard(ids: readonly string[]): void {
    for (const [id, pin] of this.#pins) pin.getElement().dataset["unheard"] = String(ids.includes(id));
  }

  #pin(sensor: PlanSensor): Marker {
    const button = el("button", {
      class: "pin",
      type: "button",
      title: sensor.id,
      data: { kind: sensor.kind, sensor: sensor.id, testid: "pin" },
      aria: { label: say("planner-pin", { kind: sensor.kind, sensor: sensor.id }), pressed: "false" },
      on: { click: () => this.#events.select(sensor.id) },
    });
    const pin = new Marker({ element: button, draggable: true }).setLngLat([sensor.lon, sensor.lat]).addTo(this.map);
    pin.on("dragstart", () => this.#events.select(sensor.id));
    pin.on("dragend", () => {
      const { lng, lat } = pin.getLngLat();
      this.#events.move(sensor.id, lng, lat);
    });
    this.#pins.set(sensor.id, pin);
    return pin;
  }

  #handle(sensor: PlanSensor): Marker {
    const button = el("button", { class: "turner", type: "button", title: say("planner-turn"), data: { testid: "turner" }, aria: { label: say("planner-turn-of", { sensor: sensor.id }) } });
    const place = destination(sensor, sensor.azimuth_deg, sensor.max_range_m * HANDLE);
    const handle = new Marker({ element: button, draggable: true }).setLngLat(place).addTo(this.map);
    handle.on("dragend", () => {
      const { lng, lat } = handle.getLngLat();
      this.#events.turn(sensor.id, bearingTo(sensor, { lon: lng, lat }));
    });
    return handle;
  }
}

function isBeside(a: PlanSensor, b: PlanSensor): boolean {
  return Math.abs(a.lon - b.lon) < ONE_MAST_DEG && Math.abs(a.lat - b.lat) < ONE_MAST_DEG;
}

/** The edge of what a sensor looks at. */
function view(sensor: PlanSensor): Feature {
  const whole = sensor.field_of_view_deg >= 360;
  const first = sensor.azimuth_deg - sensor.field_of_view_deg / 2;
  const arc = Array.from({ length: ARC_STEPS + 1 }, (_, n) =>
    destination(sensor, first + (n * sensor.field_of_view_deg) / ARC_STEPS, sensor.max_range_m),
  );
  const here: [number, number] = [sensor.lon, sensor.lat];
  return {
    type: "Feature",
    properties: { sensor: sensor.id },
    geometry: { type: "LineString", coordinates: whole ? arc : [here, ...arc, here] },
  };
}
