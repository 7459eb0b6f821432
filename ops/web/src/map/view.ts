// Opens the map and keeps it in step with the state; without WebGL it says so and the rest of the page goes on.

import type { FeatureCollection } from "geojson";
import { borderLines } from "../geo/crossing.ts";
import type { ServerClock } from "../model/clock.ts";
import type { Selection } from "../model/state.ts";
import type { Store } from "../model/store.ts";
import type { Trails } from "../model/trails.ts";
import { part, setData, setText } from "../ui/dom.ts";
import { isOn, LayersPanel } from "../ui/layers_panel.ts";
import { symbolKey } from "./symbol_key.ts";
import { Chart, webGlWorks } from "./chart.ts";
import { isOnByDefault, Overlays } from "./overlays.ts";
import { followKeyboard } from "./keyboard.ts";
import { SWITCHES } from "./layers.ts";
import { readColours } from "./palette.ts";
import { Picker } from "./pick.ts";
import { Pace } from "./pace.ts";
import { Pictures, placeOf } from "./pictures.ts";
import { Readout } from "./readout.ts";
import { Tools } from "./tools.ts";

export interface MapView {
  flyTo(selection: Selection): void;
  switched(id: string, on: boolean): void;
  recolour(): void;
  measure(): void;
  sight(): void;
  /** End the tool; false when none was on. */
  escape(): boolean;
  focus(): void;
}

export interface MapContext {
  readonly store: Store;
  readonly clock: ServerClock;
  readonly trails: Trails;
  select(selection: Selection | null): void;
}

/** Height of what is looked for when the server does not say it: a person. */
const TARGET_HEIGHT_M = 1.7;
const REFRESH_MS = 5000;
const TELL_MS = 500;

export async function openMapView({ store, clock, trails, select }: MapContext): Promise<MapView | null> {
  const container = part("map");
  if (!webGlWorks()) {
    setData(container, "state", "no-webgl");
    setText(part("map-problem"), NO_WEBGL);
    return null;
  }
  const chart = await Chart.open(container, readColours(document.documentElement));
  setText(part("map-problem"), "");
  const pictures = new Pictures(chart, clock, trails);
  const pace = new Pace(chart.map, () => pictures.update(store.state));
  const overlays = new Overlays(chart);
  const picker = new Picker(chart.map);
  const tools = new Tools(chart, () => store.state.sector.value?.targetHeightM ?? TARGET_HEIGHT_M);
  new Readout(chart, () => store.state.sector.value?.bounds ?? null);
  /** Of the whole sector; where the server does not know it, of the border. */
  const bounds = (): Bounds | null => {
    const { sector, border } = store.state;
    return sector.value?.bounds ?? (sector.value === null && sector.problem === "" ? null : boundsOf(border.value));
  };
  let placed = false;
  store.subscribe((state, before) => {
    const all = bounds();
    if (!placed && all !== null) {
      chart.showBounds(all);
      placed = true;
    }
    if (state.connection.phase === "open" && before.connection.phase !== "open") overlays.retry();
    if (state.selection === before.selection) pace.soon();
    else pace.now();
    if (state.layers !== before.layers || state.sector !== before.sector || state === before) {
      overlays.update(state.layers.value ?? [], state.sector.value, (id) => isOn(id, isOnByDefault(id)));
    }
  });
  const act = (point: { x: number; y: number }): void => {
    const { lng: lon, lat } = chart.map.unproject([point.x, point.y]);
    if (tools.active) tools.add({ lon, lat });
    else select(picker.at(point));
  };
  chart.map.on("click", ({ point }) => act(point));
  followKeyboard(chart, act);
  for (const { id, on } of SWITCHES) chart.switchLayers(id, isOn(id, on));
  part("zoom-in").addEventListener("click", () => chart.map.zoomIn());
  part("zoom-out").addEventListener("click", () => chart.map.zoomOut());
  part("zoom-home").addEventListener("click", () => {
    const all = bounds();
    if (all !== null) chart.showBounds(all);
  });
  chart.map.on("moveend", () => pictures.moved());
  setInterval(() => {
    pictures.age();
    overlays.retry();
  }, REFRESH_MS);
  setInterval(() => {
    setData(container, "frames", String(chart.frames));
    part("map-gaps").hidden = overlays.gaps === "";
    setText(part("map-gaps"), overlays.gaps);
  }, TELL_MS);
  setData(container, "state", "ready");
  return {
    flyTo(selection) {
      const place = placeOf(selection, store.state);
      if (place !== null) chart.flyTo(place);
    },
    switched(id, on) {
      if (SWITCHES.some((entry) => entry.id === id)) chart.switchLayers(id, on);
      else overlays.setVisible(id, on);
    },
    recolour() {
      const colours = readColours(document.documentElement);
      chart.recolour(colours);
      overlays.recolour(store.state.layers.value ?? []);
    },
    measure: () => tools.toggle("measure"),
    sight: () => tools.toggle("sight"),
    escape() {
      if (!tools.active) return false;
      tools.end();
      return true;
    },
    focus: () => chart.map.getCanvas().focus(),
  };
}

export function openLayersPanel(changed: (id: string, on: boolean) => void): LayersPanel {
  return new LayersPanel({ things: SWITCHES, isOnByDefault, changed }, () =>
    symbolKey(readColours(document.documentElement)),
  );
}

const NO_WEBGL =
  "This browser cannot draw the map: WebGL 2 is missing or switched off. Alerts, tracks and sensors are listed all the same.";

type Bounds = readonly [number, number, number, number];

/** West, south, east, north of all lines; null where there are none. */
function boundsOf(border: FeatureCollection | null): Bounds | null {
  const places = borderLines(border).flat();
  const [lons, lats] = [places.map(([lon = NaN]) => lon), places.map(([, lat = NaN]) => lat)];
  return places.length === 0 ? null : [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}
