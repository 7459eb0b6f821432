// Draws the tiles of several raster layers into one: without a GPU, each raster layer that the map draws in a frame
// takes about as long as all its lines and symbols.

import { addProtocol, type AddProtocolAction } from "maplibre-gl";
import type { Bounds } from "../geo/bounds.ts";
import { partsOf, PROTOCOL, readAddress, SIDE_PX, WIDE } from "./stack.ts";
import { Turns } from "./turns.ts";

const NO_SUCH_TILE = 404;

/** Addresses of the layers of which a tile could not be loaded. */
export const failed = new Set<string>();

/** West, south, east, north of the ground, once they are known: no part of an address, which would change with them. */
export const extent: { bounds: Bounds | null } = { bounds: null };

/** Of the six connections of a browser to a server, one is the stream's; one stays free for what a person does. */
const turns = new Turns(4);

/** One layer after the other, each from up to four tiles of the server. */
const draw: AddProtocolAction = async ({ url }, { signal }) => {
  const { place, layers } = readAddress(url);
  const canvas = new OffscreenCanvas(WIDE * SIDE_PX, WIDE * SIDE_PX);
  const pen = canvas.getContext("2d");
  let problem: unknown = null;
  let answered = 0;
  for (const layer of layers) {
    const drawn = partsOf(layer, place, extent.bounds).map(async ({ part, x, y }) => {
      const picture = await turns.take(() => pictureOf(part.url, signal));
      answered += 1;
      if (picture === null || pen === null) return;
      pen.globalAlpha = layer.opacity;
      pen.drawImage(picture, part.left, part.top, part.side, part.side, x, y, SIDE_PX, SIDE_PX);
      picture.close();
    });
    for (const outcome of await Promise.allSettled(drawn)) {
      if (outcome.status === "fulfilled") continue;
      signal.throwIfAborted();
      failed.add(layer.address);
      problem = outcome.reason;
    }
  }
  if (problem !== null && answered === 0) throw problem; // the map keeps what it has of other zooms
  return { data: canvas.transferToImageBitmap() };
};

/** Null where the server has no such tile. */
async function pictureOf(url: string, signal: AbortSignal): Promise<ImageBitmap | null> {
  signal.throwIfAborted(); // it may have waited for its turn
  const answer = await fetch(url, { signal });
  if (answer.status === NO_SUCH_TILE) return null;
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return createImageBitmap(await answer.blob());
}

addProtocol(PROTOCOL, draw);
