// Opens the map and keeps it equal to the state; without WebGL the rest of the page works without it.

import type { Feature } from "geojson";
import { GPUInitializationError } from "maplibre-gl";
import { boundsOf, widened, type Bounds } from "../geo/bounds.ts";
import { borderLines } from "../geo/crossing.ts";
import { rangeOf } from "../geo/moved_view.ts";
import type { ServerClock } from "../model/clock.ts";
import type { Place } from "../model/records.ts";
import type { Selection } from "../model/state.ts";
import type { Store } from "../model/store.ts";
import type { Trails } from "../model/trails.ts";
import { part, setData, setText } from "../ui/dom.ts";
import { isOn, LayersPanel } from "../panels/layers_panel.ts";
import type { Camera } from "../share/link.ts";
import { say } from "../words/say.ts";
import { at } from "./features.ts";
import { symbolKey } from "./symbol_key.ts";
import { ARCHIVE } from "./archive_layers.ts";
import { ArchiveMap } from "./archive_map.ts";
import { openingZoom, type Cluster } from "./clusters.ts";
import { BaseMap } from "./base_map.ts";
import { GroundMap } from "./ground_map.ts";
import { isOnByDefault, Overlays } from "./overlays.ts";
import { GRID_SWITCH } from "../grid/grid_layers.ts";
import { followKeyboard } from "./keyboard.ts";
import { fewerFrames } from "./loading_frames.ts";
import { SWITCHES } from "./layers.ts";
import { readColours } from "./palette.ts";
import { Picker } from "./pick.ts";
import { FrameLimit } from "./frame_limit.ts";
import { StateRenderer, placeOf } from "./draw_state.ts";
import { Readout } from "./readout.ts";
import { Tools } from "./tools.ts";

export interface MapView {
  camera(): Camera;
  /** West, south, east, north of what is shown. */
  bounds(): Bounds;
  /** The layers that are on. */
  layersOn(): string[];
  flyTo(selection: Selection): void;
  /** Move to a place and mark it until something is selected. */
  goTo(place: Place, name: string): void;
  switched(id: string, on: boolean): void;
  recolour(): void;
  measure(): void;
  sight(): void;
  /** End the tool; false when none was on. */
  escape(): boolean;
  focus(): void;
  /** What is drawn besides the picture while looking back. */
  showReplay(features: Feature[]): void;
  centre(place: Place): void;
}

export interface MapContext {
  readonly store: Store;
  readonly clock: ServerClock;
  readonly trails: Trails;
  /** Where to begin; null: the whole sector. */
  readonly start: Camera | null;
  select(selection: Selection | null): void;
}

/** Height of what is looked for when the server does not say it: a person. */
const TARGET_HEIGHT_M = 1.7;
const REFRESH_MS = 5000;
const TELL_MS = 500;
/** Without ground, the map draws every frame after so long. */
const LOADS_MS = 10_000;

export async function openMapView({ store, clock, trails, start, select }: MapContext): Promise<MapView | null> {
  const container = part("map");
  const baseMap = await BaseMap.open(container, readColours(document.documentElement)).catch((error: unknown) => {
    if (error instanceof GPUInitializationError) return null;
    throw error;
  });
  if (baseMap === null) {
    setData(container, "state", "no-webgl");
    setText(part("map-problem"), say("page-map-no-webgl"));
    return null;
  }
  const renderer = new StateRenderer(baseMap, clock, trails);
  const frameLimit = new FrameLimit(baseMap.map, () => renderer.update(store.state));
  const allFrames = fewerFrames(baseMap.map);
  setTimeout(allFrames, LOADS_MS);
  const overlays = new Overlays(baseMap, allFrames);
  const groundMap = new GroundMap(baseMap);
  const archiveMap = new ArchiveMap(baseMap);
  const picker = new Picker(baseMap.map);
  const tools = new Tools(baseMap, () => store.state.sector.value?.targetHeightM ?? TARGET_HEIGHT_M);
  new Readout(baseMap, () => store.state.sector.value?.bounds ?? null);
  /** What is watched: the border with some ground around it; where the server does not know it, the terrain. */
  const bounds = (): Bounds | null => {
    const { sector, border } = store.state;
    const line = boundsOf(borderLines(border.value));
    if (line !== null) return widened(line);
    return border.value === null && border.problem === null ? null : (sector.value?.bounds ?? null);
  };
  let placed = start !== null;
  if (start !== null) baseMap.map.jumpTo({ center: [start.lon, start.lat], zoom: start.zoom });
  /** Until the place is known, the page says that it loads and shows no map of the world. */
  const showPlaced = (): void => {
    setData(part("map-area"), "placed", String(placed));
    setText(part("map-problem"), placed ? "" : say("page-map-loading"));
    baseMap.switchLayers(GRID_SWITCH.id, placed && isOn(GRID_SWITCH.id, GRID_SWITCH.on));
  };
  store.subscribe((state, before) => {
    const all = bounds();
    if (!placed && all !== null) {
      baseMap.showBounds(all);
      placed = true;
      showPlaced();
    }
    if (state.connection.phase === "open" && before.connection.phase !== "open") overlays.retry();
    if (state.selection !== before.selection && state.selection !== null) baseMap.show("goal", []);
    if (state.selection === before.selection) frameLimit.soon();
    else frameLimit.now();
    if (state.layers !== before.layers || state.sector !== before.sector || state === before) {
      setText(part("map-credit"), state.sector.value?.mapCredit ?? "");
      archiveMap.show(state.sector.value?.baseMap ?? null, isOn(ARCHIVE, true));
      groundMap.update(state.layers.value ?? [], state.sector.value, isOn);
      overlays.update(state.layers.value ?? [], state.sector.value, (id) => isOn(id, isOnByDefault(id)));
    }
  });
  const open = async (cluster: Cluster): Promise<void> => {
    baseMap.zoomTo(cluster, await openingZoom(baseMap.map, cluster));
    setText(part("announce-polite"), say("page-map-cluster", { kind: cluster.kind, count: cluster.count }));
  };
  const act = (point: { x: number; y: number }): void => {
    const { lng: lon, lat } = baseMap.map.unproject([point.x, point.y]);
    const found = tools.active ? null : picker.at(point);
    if (tools.active) tools.add({ lon, lat });
    else if (found !== null && "open" in found) void open(found.open);
    else select(found?.select ?? null);
    baseMap.show("goal", []);
  };
  baseMap.map.on("click", ({ point }) => act(point));
  followKeyboard(baseMap, act);
  for (const { id, on } of SWITCHES) baseMap.switchLayers(id, isOn(id, on));
  showPlaced();
  part("zoom-in").addEventListener("click", () => baseMap.map.zoomIn());
  part("zoom-out").addEventListener("click", () => baseMap.map.zoomOut());
  part("zoom-home").addEventListener("click", () => {
    const all = bounds();
    if (all !== null) baseMap.showBounds(all);
  });
  baseMap.map.on("moveend", () => renderer.moved());
  setInterval(() => {
    renderer.age();
    overlays.retry();
    archiveMap.retry();
  }, REFRESH_MS);
  setInterval(() => {
    setData(container, "frames", String(baseMap.frames));
    const missing = [overlays.gaps, archiveMap.problem].filter((sentence) => sentence !== "").join(" ");
    part("map-gaps").hidden = missing === "";
    setText(part("map-gaps"), missing);
  }, TELL_MS);
  Object.assign(container, { map: baseMap.map }); // whoever measures what is drawn asks the map itself
  setData(container, "state", "ready");
  return {
    camera() {
      const { lng: lon, lat } = baseMap.map.getCenter();
      return { lon, lat, zoom: baseMap.map.getZoom() };
    },
    bounds() {
      const shown = baseMap.map.getBounds();
      return [shown.getWest(), shown.getSouth(), shown.getEast(), shown.getNorth()];
    },
    layersOn() {
      const rasters = (store.state.layers.value ?? []).filter(({ id }) => isOn(id, isOnByDefault(id)));
      return [...SWITCHES.filter(({ id, on }) => isOn(id, on)), ...rasters].map(({ id }) => id);
    },
    goTo(place, name) {
      baseMap.show("goal", [{ type: "Feature", properties: { label: name }, geometry: at(place) }]);
      baseMap.flyTo(place);
    },
    flyTo(selection) {
      const place = placeOf(selection, store.state);
      const range = selection.kind === "sensor" ? rangeOf(selection.id, store.state.layout.value, store.state.sensors.get(selection.id)) : null;
      if (range !== null) baseMap.fit(range);
      else if (place !== null) baseMap.flyTo(place);
    },
    switched(id, on) {
      if (id === ARCHIVE) archiveMap.switch(on);
      else if (id === GRID_SWITCH.id) baseMap.switchLayers(id, on && placed);
      else if (SWITCHES.some((entry) => entry.id === id)) baseMap.switchLayers(id, on);
      else overlays.setVisible(id, on);
    },
    recolour() {
      const colours = readColours(document.documentElement);
      baseMap.recolour(colours);
      groundMap.recolour();
      archiveMap.recolour();
      overlays.recolour(store.state.layers.value ?? []);
    },
    measure: () => tools.toggle("measure"),
    sight: () => tools.toggle("sight"),
    escape() {
      baseMap.show("goal", []);
      if (!tools.active) return false;
      tools.end();
      return true;
    },
    focus: () => baseMap.map.getCanvas().focus(),
    showReplay: (features) => baseMap.show("replay", features),
    centre: ({ lon, lat }) => baseMap.map.jumpTo({ center: [lon, lat] }),
  };
}

export function openLayersPanel(changed: (id: string, on: boolean) => void): LayersPanel {
  return new LayersPanel({ things: SWITCHES, isOnByDefault, changed }, () =>
    symbolKey(readColours(document.documentElement)),
  );
}
