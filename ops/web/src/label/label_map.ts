// Places names on the map whenever symbols, scale or extent change: measures texts, knows what is drawn and what covers the map.

import type { Map as MapLibreMap } from "maplibre-gl";
import type { Feature, LineString, Point } from "geojson";
import { clustersInView } from "../map/clusters.ts";
import { line } from "../map/features.ts";
import { FONT } from "../map/font.ts";
import { context, square } from "../map/symbols.ts";
import { LINE_EM, TEXT_PX, type Labelled } from "./label_layers.ts";
import { boxOf, middleWithin, placeLabels, within, type Box, type Label, type Obstacle, type Placed } from "./place.ts";

/** A thing that is drawn, with the name that it should have; without one it is only in the way. */
export interface Named {
  readonly kind: Labelled | "track";
  readonly feature: Feature<Point>;
}

/** Half of a symbol at full size [px], and the rank of its name. */
const SYMBOLS = {
  mark: { half: 27, rank: 40, weight: 1, must: true },
  help: { half: 2, rank: 35, weight: 0, must: true },
  unit: { half: 15, rank: 30, weight: 1, must: true },
  base: { half: 13, rank: 20, weight: 0.5, must: false },
  sensor: { half: 12, rank: 10, weight: 0.3, must: false },
  track: { half: 13, rank: 0, weight: 0.08, must: false },
} as const;
/** A track without an alert where tracks are dots. */
const DOT = { half: 4, weight: 0.03 } as const;
const CLUSTER = { width: 30, height: 30, weight: 0.5 };
/** More names than a screen holds are left out like those of lower rank. */
const MOST_SHOWN = 100;
/** Among more symbols than this, names of alerts and units keep off alerts and units only. */
const MOST_SYMBOLS = 500;
/** Wider than the frame around the map of a picture that is stale or lost. */
const EDGE_PX = 9;
const ON_THE_MAP = ".map-buttons, .go-to, .map-note:not([hidden]), .map-credit:not(:empty)";

export class LabelMap {
  readonly #map: MapLibreMap;
  readonly #pen = context(square(1));
  readonly #widths = new Map<string, number>();
  #choices: ReadonlyMap<string, number> = new Map();

  constructor(map: MapLibreMap) {
    this.#map = map;
    this.#pen.font = `${TEXT_PX}px "${FONT.join('", "')}"`;
  }

  /** Names and leader lines for what is in view. `scale`: of the symbols at this zoom; `dots`: whether tracks without an alert are dots. */
  features(things: readonly Named[], scale: number, dots: boolean): Feature[] {
    const frame = this.#frame();
    const seen = things.flatMap((thing) => this.#seen(thing, frame, scale, dots));
    const few = seen.length <= MOST_SYMBOLS;
    const symbols = seen.filter(({ thing }) => few || thing.kind === "mark" || thing.kind === "unit").map(({ obstacle }) => obstacle);
    const named = seen.filter(({ label }) => label.width > 0);
    const ranked = named.sort((a, b) => b.label.rank - a.label.rank);
    const labels = ranked.map(({ label }, index) => (index < MOST_SHOWN ? label : { ...label, must: false }));
    const clusters = clustersInView(this.#map).map((at) => ({ ...boxOf(at, CLUSTER), weight: CLUSTER.weight }));
    const placed = placeLabels(labels, [...symbols, ...clusters, ...this.#covered()], frame, this.#choices);
    this.#choices = new Map([...placed].map(([id, { choice }]) => [id, choice]));
    return ranked.flatMap(({ thing, label }) => {
      const found = placed.get(label.id);
      return found === undefined ? [] : this.#drawn(thing, label, found);
    });
  }

  #seen(thing: Named, frame: Box, scale: number, dots: boolean): { thing: Named; label: Label; obstacle: Obstacle }[] {
    const [lon = 0, lat = 0] = thing.feature.geometry.coordinates;
    const { x, y } = this.#map.project([lon, lat]);
    if (!within({ x, y }, frame)) return [];
    const { id, label = "", rank: more = 0, lost = false, distress = false, nearest = false } = thing.feature.properties ?? {};
    const { rank, must } = SYMBOLS[thing.kind];
    const { half, weight } = dots && thing.kind === "track" && more === 0 ? DOT : SYMBOLS[thing.kind];
    const reach = half * scale;
    const text = thing.kind === "track" ? "" : String(label);
    const lines = text.split("\n");
    return [
      {
        thing,
        label: {
          id: `${thing.kind} ${id}`,
          x,
          y,
          reach,
          width: Math.max(...lines.map((one) => this.#width(one))),
          height: lines.length * TEXT_PX * LINE_EM,
          rank: rank + Number(more) + (lost === true ? 5 : 0) + (distress === true ? 20 : 0) + (nearest === true ? 8 : 0),
          must: must || lost === true || nearest === true,
        },
        obstacle: { ...boxOf({ x, y }, { width: 2 * reach, height: 2 * reach }), weight },
      },
    ];
  }

  #width(text: string): number {
    if (text === "") return 0;
    const known = this.#widths.get(text) ?? this.#pen.measureText(text).width;
    if (this.#widths.size > 2000) this.#widths.clear();
    this.#widths.set(text, known);
    return known;
  }

  #drawn({ kind, feature }: Named, label: Label, placed: Placed): Feature[] {
    const to = this.#map.unproject([placed.x, placed.y]);
    const { id, label: text, lost = false, nearest = false } = feature.properties ?? {};
    const properties = { kind, id, label: text, lost, nearest };
    const name: Feature = { type: "Feature", properties, geometry: { type: "Point", coordinates: [to.lng, to.lat] } };
    if (!placed.apart) return [name];
    const ends = [towards(label, placed, label.reach), edge(placed, label)].map(({ x, y }) => this.#map.unproject([x, y]));
    return [name, { type: "Feature", properties, geometry: line(ends.map(({ lng, lat }) => [lng, lat])) }];
  }

  contains({ geometry: { coordinates: [lon = 0, lat = 0] } }: Feature<Point>): boolean {
    return within(this.#map.project([lon, lat]), this.#frame());
  }

  /** The middle of what is in view of a line, which carries its name; null where nothing is. */
  middle(line: Feature<LineString>): Feature<Point> | null {
    const [from, to] = line.geometry.coordinates.map(([lon = 0, lat = 0]) => this.#map.project([lon, lat]));
    const found = from === undefined || to === undefined ? null : middleWithin(from, to, this.#frame());
    if (found === null) return null;
    const { lng, lat } = this.#map.unproject([found.x, found.y]);
    return { type: "Feature", properties: line.properties, geometry: { type: "Point", coordinates: [lng, lat] } };
  }

  #frame(): Box {
    const { clientWidth, clientHeight } = this.#map.getContainer();
    return { left: EDGE_PX, top: EDGE_PX, right: clientWidth - EDGE_PX, bottom: clientHeight - EDGE_PX };
  }

  /** Buttons and notes above the map. */
  #covered(): Obstacle[] {
    const container = this.#map.getContainer();
    const { left, top } = container.getBoundingClientRect();
    return [...(container.parentElement?.querySelectorAll(ON_THE_MAP) ?? [])].map((element) => {
      const box = element.getBoundingClientRect();
      return { left: box.left - left, right: box.right - left, top: box.top - top, bottom: box.bottom - top, weight: 1 };
    });
  }
}

/** So many pixels from a label's symbol towards its text. */
function towards(label: Label, { x, y }: Placed, pixels: number): { x: number; y: number } {
  const share = pixels / Math.max(Math.hypot(x - label.x, y - label.y), 1);
  return { x: label.x + (x - label.x) * share, y: label.y + (y - label.y) * share };
}

/** Where the line from the symbol meets the text's box. */
function edge(placed: Placed, label: Label): { x: number; y: number } {
  const [east, south] = [label.x - placed.x, label.y - placed.y];
  const share = Math.min(label.width / 2 / Math.max(Math.abs(east), 1e-6), label.height / 2 / Math.max(Math.abs(south), 1e-6), 1);
  return { x: placed.x + east * share, y: placed.y + south * share };
}
