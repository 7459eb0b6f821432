// The line below the map: scale, and the position under the pointer (or at the centre, for keyboards) in three notations.

import { utm } from "../geo/coordinates.ts";
import { latLon, mgrs } from "../geo/mgrs.ts";
import { METRES_PER_FOOT, METRES_PER_MILE, METRES_PER_NAUTICAL_MILE } from "../words/formats.ts";
import { height } from "../words/format.ts";
import { formats, say } from "../words/say.ts";
import { number, object } from "../model/parse.ts";
import type { Place } from "../model/records.ts";
import { getJson } from "../net/api.ts";
import { part, setText } from "../ui/dom.ts";
import type { BaseMap } from "./base_map.ts";
import { metresPerPixel } from "./scale.ts";

type Bounds = readonly [west: number, south: number, east: number, north: number];

const ASK_AFTER_MS = 200;
const SCALE_PX = 90;

export class Readout {
  readonly #baseMap: BaseMap;
  readonly #bounds: () => Bounds | null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #asked = new AbortController();

  /** `bounds`: of the terrain of the server. */
  constructor(baseMap: BaseMap, bounds: () => Bounds | null) {
    this.#bounds = bounds;
    this.#baseMap = baseMap;
    const { map } = baseMap;
    map.on("mousemove", (event) => this.show({ lon: event.lngLat.lng, lat: event.lngLat.lat }));
    map.on("move", () => this.#scale());
    map.on("moveend", () => this.showCentre());
    this.#scale();
    this.showCentre();
  }

  showCentre(): void {
    const { lng: lon, lat } = this.#baseMap.map.getCenter();
    this.show({ lon, lat });
  }

  show(place: Place): void {
    setText(part("at-latlon"), latLon(place));
    setText(part("at-utm"), `UTM ${utm(place)}`);
    setText(part("at-mgrs"), `MGRS ${mgrs(place)}`);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#asked.abort();
    if (!inside(place, this.#bounds())) return setText(part("at-elevation"), "");
    this.#timer = setTimeout(() => void this.#askGround(place), ASK_AFTER_MS);
  }

  async #askGround({ lon, lat }: Place): Promise<void> {
    const asked = (this.#asked = new AbortController());
    try {
      const ground = object(await getJson(`/api/ground?lon=${lon.toFixed(6)}&lat=${lat.toFixed(6)}`, asked.signal));
      const elevation = number(ground?.["elevation_m"]);
      setText(part("at-elevation"), 
        elevation === null ? say("page-elevation-unknown") : say("page-elevation", { height: height(elevation) }),
      );
    } catch {
      if (!asked.signal.aborted) setText(part("at-elevation"), "");
    }
  }

  #scale(): void {
    const perPixel = metresPerPixel(this.#baseMap.map.getCenter().lat, this.#baseMap.map.getZoom());
    const { length, metres, unit } = scaleLength(SCALE_PX * perPixel);
    setText(part("scale-text"), `${formats().number(length, length < 1 ? 1 : 0)} ${unit}`);
    part("scale-bar").style.width = `${Math.round(metres / perPixel)}px`;
  }
}

function inside({ lon, lat }: Place, bounds: Bounds | null): boolean {
  if (bounds === null) return false;
  const [west, south, east, north] = bounds;
  return lon >= west && lon <= east && lat >= south && lat <= north;
}

/** A round length of at most so many metres, in the unit that suits it. */
function scaleLength(atMostM: number): { length: number; metres: number; unit: string } {
  const units = {
    metric: [[1000, "km"], [1, "m"]],
    nautical: [[METRES_PER_NAUTICAL_MILE, "NM"], [1, "m"]],
    imperial: [[METRES_PER_MILE, "mi"], [METRES_PER_FOOT, "ft"]],
  } as const;
  const [large, small] = units[formats().units];
  const [size, unit] = atMostM >= large[0] ? large : small;
  const length = roundDown(atMostM / size);
  return { length, metres: length * size, unit };
}

/** 1, 2 or 5 times a power of ten, at most `value`. */
export function roundDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([5, 2].find((digit) => digit * power <= value) ?? 1);
}
