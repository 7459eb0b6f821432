// The ground of the sector, from the same addresses as the live map: asked again until the server has its relief.

import { parseLayers, parseSector } from "../model/parse.ts";
import type { LayerInfo, Sector } from "../model/records.ts";
import { getJson } from "../net/api.ts";

const AGAIN_MS = 1500;

export async function awaitGround(): Promise<{ layers: LayerInfo[]; sector: Sector | null }> {
  for (;;) {
    try {
      const [layers, sector] = await Promise.all([getJson("/api/layers"), getJson("/api/sector")]);
      const known = parseLayers(layers);
      if (known.some(({ id }) => id === "hillshade")) return { layers: known, sector: parseSector(sector) };
    } catch {
      // the map process is starting: the page plans without the ground until it answers
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}
