// Terrain and coverage as the server renders them, requested only within their bounds. What lies directly above each
// other on the map is one source and one layer of it, see rasters/tile_stack.ts.

import type { RasterTileSource } from "maplibre-gl";
import type { LayerInfo, Sector } from "../model/records.ts";
import { SIDE_PX, stackAddress, WIDE, type StackedLayer } from "../rasters/stack.ts";
import { extent, failed } from "../rasters/tile_stack.ts";
import { say } from "../words/say.ts";
import { COVERAGE_END, RELIEF_END, type PlainMap } from "./plain_map.ts";

/** Layers that are on unless a person switched them off: heights, relief and dead ground. */
export function isOnByDefault(id: string): boolean {
  return id === "elevation" || id === "hillshade" || id === "visible";
}

/** Revision of a layer that the server is computing: until then it has no ground to draw but unknown ground. */
const COMPUTING = "computing";

/** The relief stays readable below. */
const VEIL_OPACITY = 0.75;

/** Terrain at the bottom, elevation below its shading, then coverage. */
const RELIEF = ["elevation", "hillshade"];
const ORDER = [...RELIEF, "coverage", "visible"];

/** What is drawn in one: all, or where areas of a base map lie between relief and coverage each of the two. */
const STACKS = [RELIEF_END, COVERAGE_END] as const;
type Stack = (typeof STACKS)[number];

interface Shown {
  readonly address: string;
  readonly zooms: string;
}

export class Overlays {
  readonly #plainMap: PlainMap;
  readonly #shown = new Map<Stack, Shown>();
  readonly #off = new Set<string>();
  /** Whether the ground is drawn: what lies on it is asked for afterwards, so that a person sees a map first. */
  #grounded = false;
  #layers: readonly LayerInfo[] = [];
  #sector: Sector | null = null;

  /** `grounded` is called once the ground is drawn. */
  constructor(plainMap: PlainMap, grounded: () => void = () => undefined) {
    this.#plainMap = plainMap;
    plainMap.map.on("sourcedata", ({ sourceId }) => {
      if (this.#grounded || sourceId !== source(RELIEF_END) || !plainMap.map.isSourceLoaded(sourceId)) return;
      this.#grounded = true;
      grounded();
      setTimeout(() => this.#show()); // not while the map is at this source
    });
  }

  /** A warning while unshaded ground may not be covered; empty once all visible layers are loaded. */
  get gaps(): string {
    if (this.#stacked(this.#on()).some(({ address }) => failed.has(address))) return say("page-map-gaps-failed");
    if (this.#on().some(isComputing)) return say("page-map-gaps-computing");
    if (this.#on().length > this.#drawable().length) return say("page-map-gaps-loading");
    return [...this.#shown.keys()].every((stack) => this.#plainMap.map.isSourceLoaded(source(stack)))
      ? ""
      : say("page-map-gaps-loading");
  }

  /** Ask again for what could not be loaded. */
  retry(): void {
    for (const stack of STACKS) {
      const addresses = this.#stacked(this.#on(stack)).filter(({ address }) => failed.delete(address));
      const shown = this.#shown.get(stack);
      if (addresses.length > 0 && shown !== undefined) this.#source(stack)?.setTiles([shown.address]);
    }
  }

  /** Bring the map to what the server offers; a new revision, or another palette, replaces the tiles. */
  update(layers: readonly LayerInfo[], sector: Sector | null, isOn: (id: string) => boolean): void {
    const known = new Set(this.#layers.map(({ id }) => id));
    for (const { id } of layers) if (!known.has(id) && !isOn(id)) this.#off.add(id);
    this.#sector = sector;
    extent.bounds = sector?.bounds ?? null;
    this.recolour(layers);
  }

  setVisible(id: string, on: boolean): void {
    if (on) this.#off.delete(id);
    else this.#off.add(id);
    this.#show();
  }

  /** Request tiles again where their address has changed. */
  recolour(layers: readonly LayerInfo[]): void {
    if (layers.length > 0) this.#layers = [...layers].sort((a, b) => rank(a.id) - rank(b.id));
    this.#show();
  }

  #show(): void {
    for (const stack of STACKS) {
      const layers = this.#stacked(this.#drawable(stack));
      const { map } = this.#plainMap;
      const shown = this.#shown.get(stack);
      const address = stackAddress(layers);
      if (address === shown?.address) continue;
      const minzoom = Math.max(Math.min(...layers.map((layer) => layer.minzoom)) - 1, 0); // of tiles twice as wide as the server's
      const maxzoom = Math.max(...layers.map((layer) => layer.maxzoom)) - 1;
      const zooms = `${minzoom} ${maxzoom}`;
      if (zooms === shown?.zooms) this.#source(stack)?.setTiles([address]);
      else {
        if (shown !== undefined) this.#remove(stack);
        if (layers.length === 0) continue;
        const bounds = this.#sector?.bounds == null ? {} : { bounds: [...this.#sector.bounds] as [number, number, number, number] };
        map.addSource(source(stack), { type: "raster", tiles: [address], tileSize: WIDE * SIDE_PX, minzoom, maxzoom, ...bounds });
        map.addLayer({ id: source(stack), type: "raster", source: source(stack), paint: { "raster-fade-duration": 0 } }, stack);
      }
      this.#shown.set(stack, { address, zooms });
    }
  }

  #remove(stack: Stack): void {
    this.#plainMap.map.removeLayer(source(stack));
    this.#plainMap.map.removeSource(source(stack));
    this.#shown.delete(stack);
  }

  #source(stack: Stack): RasterTileSource | undefined {
    return this.#plainMap.map.getSource<RasterTileSource>(source(stack));
  }

  /** The layers that are on, from the lowest up. */
  #on(stack?: Stack): readonly LayerInfo[] {
    return this.#layers.filter(({ id }) => !this.#off.has(id) && (stack === undefined || this.#stackOf(id) === stack));
  }

  /** Those that are on and known, the ground first. */
  #drawable(stack?: Stack): readonly LayerInfo[] {
    const bare = this.#on().every(({ id }) => !RELIEF.includes(id));
    return this.#on(stack).filter((info) => RELIEF.includes(info.id) || (!isComputing(info) && (this.#grounded || bare)));
  }

  #stackOf(id: string): Stack {
    const apart = this.#sector?.baseMap?.readable === true;
    return apart && !RELIEF.includes(id) ? COVERAGE_END : RELIEF_END;
  }

  /** Heights and relief together are tiles that the server draws as one. */
  #stacked(infos: readonly LayerInfo[]): StackedLayer[] {
    const relief = infos.filter(({ id }) => RELIEF.includes(id));
    const rest = infos.filter(({ id }) => !RELIEF.includes(id));
    return [...(relief.length > 0 ? [relief] : []), ...rest.map((info) => [info])].map((together) => ({
      address: this.#address(together),
      opacity: together === relief ? 1 : VEIL_OPACITY,
      minzoom: Math.max(...together.map(({ minzoom }) => minzoom)),
      maxzoom: Math.min(...together.map(({ maxzoom }) => maxzoom)),
    }));
  }

  #address(together: readonly LayerInfo[]): string {
    const joined = (what: "id" | "revision"): string => together.map((info) => info[what]).join("+");
    const query = new URLSearchParams({ v: joined("revision"), palette: this.#plainMap.colours.night ? "night" : "day" });
    return `${location.origin}/api/tiles/${joined("id")}/{z}/{x}/{y}.png?${query}`;
  }
}

function isComputing({ revision }: LayerInfo): boolean {
  return revision === COMPUTING;
}

function source(stack: Stack): string {
  return `raster-${stack}`;
}

function rank(id: string): number {
  const found = ORDER.findIndex((start) => id === start || id.startsWith(`${start}-`));
  return found === -1 ? ORDER.length : found;
}
