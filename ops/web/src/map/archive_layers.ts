// How the layers of any base map of vector tiles are drawn: by what their names say, in the colours of the page.

import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import { FONT } from "./font.ts";
import type { Colours } from "./palette.ts";

export const ARCHIVE = "base-map";

/** Names of layers in the schemas in use (Protomaps, OpenMapTiles, Shortbread, extracts of OpenStreetMap), by meaning. */
const MEANINGS = [
  ["place", /place|settlement|cit(y|ies)|town|village|locality/],
  ["boundary", /bound|admin|border/],
  ["building", /building/],
  ["road", /road|transport|highway|street|rail|path|track/],
  ["water", /water|ocean|sea|lake|river|stream/],
  ["cover", /land_?(use|cover)|park|wood|forest|natural|vegetation|glacier|site/],
  ["other", /(?:)/],
] as const;
type Meaning = (typeof MEANINGS)[number][0];
const MAIN_ROADS = ["highway", "major_road", "motorway", "trunk", "primary"];
const PATHS = ["path", "footway", "track", "steps", "bridleway", "cycleway", "rail", "service", "ferry"];
const LARGEST_PLACES = ["city", "country", "region", "state"];

export function meaningOf(layer: string): Meaning {
  return MEANINGS.find(([, names]) => names.test(layer.toLowerCase()))?.[0] ?? "other";
}

/** What a feature is, whatever its schema calls the property. */
const KIND: ExpressionSpecification = [
  "coalesce", ["get", "kind_detail"], ["get", "class"], ["get", "highway"], ["get", "place"], ["get", "kind"], "",
];
const lines = ["==", ["geometry-type"], "LineString"] as ["==", ["geometry-type"], string];
const areas = ["==", ["geometry-type"], "Polygon"] as ["==", ["geometry-type"], string];
const points = ["==", ["geometry-type"], "Point"] as ["==", ["geometry-type"], string];

/** Width of main roads, other roads and paths at zooms 7, 12 and 16. */
function roadWidth(...byZoom: readonly (readonly [main: number, road: number, path: number])[]): ExpressionSpecification {
  const stops = byZoom.flatMap(([main, road, path], index) => [[7, 12, 16][index], ["match", KIND, MAIN_ROADS, main, PATHS, path, road]]);
  return ["interpolate", ["exponential", 1.5], ["zoom"], ...stops] as unknown as ExpressionSpecification;
}

/** The areas of the base map, below coverage; and its lines and names, above it. `names`: of the layers of the tiles. */
export function archiveLayers(names: readonly string[], c: Colours): { below: LayerSpecification[]; above: LayerSpecification[] } {
  const below: LayerSpecification[] = [];
  const above: LayerSpecification[] = [];
  const order = MEANINGS.map(([meaning]) => meaning as Meaning).reverse();
  const sorted = [...names].sort((a, b) => order.indexOf(meaningOf(a)) - order.indexOf(meaningOf(b)));
  for (const name of sorted) {
    const at = { source: ARCHIVE, "source-layer": name } as const;
    const area = (colour: string, opacity: number, more: object = {}): void =>
      void below.push({ id: `${ARCHIVE}-area-${name}`, type: "fill", ...at, ...more, filter: areas, paint: { "fill-color": colour, "fill-opacity": opacity } });
    const line = (paint: object, part = "line"): void =>
      void above.push({ id: `${ARCHIVE}-${part}-${name}`, type: "line", ...at, filter: lines, layout: { "line-join": "round" }, paint });
    const meaning = meaningOf(name);
    if (meaning === "water") {
      area(c.water, 0.35);
      line({ "line-color": c.water, "line-width": ["interpolate", ["linear"], ["zoom"], 8, 0.6, 12, 1.2, 16, 2.6], "line-opacity": c.night ? 0.65 : 0.9 });
    } else if (meaning === "cover") area(c.contour, 0.07);
    else if (meaning === "building") area(c.roadEdge, 0.4, { minzoom: 13 });
    else if (meaning === "road") {
      line({ "line-color": c.roadEdge, "line-width": roadWidth([1.4, 0.3, 0], [3.6, 2, 0.7], [11, 7.5, 1.6]) }, "edge");
      line({ "line-color": c.road, "line-width": roadWidth([0.8, 0, 0], [2.2, 0.9, 0], [9, 5.5, 0]) });
    } else if (meaning === "boundary") line({ "line-color": c.place, "line-width": 1, "line-opacity": 0.5, "line-dasharray": [5, 2, 1, 2] });
    else if (meaning === "other") line({ "line-color": c.roadEdge, "line-width": 0.6, "line-opacity": 0.7 });
    if (meaning === "place") above.push(placeNames(name, c));
  }
  return { below, above };
}

function placeNames(name: string, c: Colours): LayerSpecification {
  const large: ExpressionSpecification = ["match", KIND, LARGEST_PLACES, 0, ["town"], 1, 2];
  return {
    id: `${ARCHIVE}-names-${name}`,
    type: "symbol",
    source: ARCHIVE,
    "source-layer": name,
    filter: points,
    layout: {
      "text-field": ["coalesce", ["get", "name"], ["get", "name:en"], ""],
      "text-font": FONT,
      "text-size": ["match", KIND, LARGEST_PLACES, 15, ["town"], 13, 11],
      "symbol-sort-key": large,
      "text-padding": 6,
    },
    paint: { "text-color": c.place, "text-halo-color": c.mapPaper, "text-halo-width": 1.6 },
  };
}

/** Pictures as they are by day; dimmed at night. */
export function pictureLayer(c: Colours): LayerSpecification {
  return {
    id: `${ARCHIVE}-picture`,
    type: "raster",
    source: ARCHIVE,
    paint: {
      "raster-fade-duration": 0,
      "raster-opacity": 0.9,
      "raster-brightness-max": c.night ? 0.4 : 1,
      "raster-saturation": c.night ? -0.5 : -0.2,
    },
  };
}
