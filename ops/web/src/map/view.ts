// Opens the map and keeps it in step with the state; without WebGL it says so and the rest of the page goes on.

import type { FeatureCollection } from "geojson";
import { borderLines } from "../geo/crossing.ts";
import type { ServerClock } from "../model/clock.ts";
import type { Selection } from "../model/state.ts";
import type { Store } from "../model/store.ts";
import type { Trails } from "../model/trails.ts";
import { part, setData, setText } from "../ui/dom.ts";
import { Chart, webGlWorks } from "./chart.ts";
import { isOnByDefault, Overlays } from "./overlays.ts";
import { readColours } from "./palette.ts";
import { Picker } from "./pick.ts";
import { Pictures, placeOf } from "./pictures.ts";
import { Readout } from "./readout.ts";

export interface MapView {
  flyTo(selection: Selection): void;
}

export async function openMapView(store: Store, clock: ServerClock, trails: Trails, select: (selection: Selection | null) => void): Promise<MapView | null> {
  const container = part("map");
  if (!webGlWorks()) {
    setData(container, "state", "no-webgl");
    setText(part("map-problem"), "This browser cannot draw the map (WebGL 2 is missing or switched off). Alerts, tracks and sensors are listed all the same.");
    return null;
  }
  const chart = await Chart.open(container, readColours(document.documentElement));
  setText(part("map-problem"), "");
  const pictures = new Pictures(chart, clock, trails);
  const overlays = new Overlays(chart);
  const picker = new Picker(chart.map);
  new Readout(chart);
  let placed = false;
  store.subscribe((state, before) => {
    const bounds = state.sector.value?.bounds ?? boundsOf(state.border.value);
    if (!placed && bounds !== null) {
      chart.showBounds(bounds);
      placed = true;
    }
    pictures.update(state, before);
    if (state.layers !== before.layers || state === before) overlays.update(state.layers.value ?? [], state.sector.value, isOnByDefault);
  });
  chart.map.on("click", ({ point }) => select(picker.at(point)));
  setInterval(() => setData(container, "frames", String(chart.frames)), 500);
  setData(container, "state", "ready");
  return {
    flyTo: (selection) => {
      const place = placeOf(selection, store.state);
      if (place !== null) chart.flyTo(place);
    },
  };
}

/** West, south, east, north of all lines; null where there are none. */
function boundsOf(border: FeatureCollection | null): [number, number, number, number] | null {
  const places = borderLines(border).flat();
  const [lons, lats] = [places.map(([lon = NaN]) => lon), places.map(([, lat = NaN]) => lat)];
  return places.length === 0 ? null : [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}
