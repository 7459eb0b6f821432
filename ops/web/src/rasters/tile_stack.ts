// Draws the tiles of several raster layers into one: without a GPU, each raster layer that the map draws in a frame
// takes about as long as all its lines and symbols.

import { addProtocol, type AddProtocolAction } from "maplibre-gl";
import { partOf, PROTOCOL, readAddress, SIDE_PX } from "./stack.ts";

const NO_SUCH_TILE = 404;

/** Addresses of the layers of which a tile could not be loaded. */
export const failed = new Set<string>();

/** One layer after the other, so that the map's limit of tiles that it loads at a time is also that of requests. */
const draw: AddProtocolAction = async ({ url }, { signal }) => {
  const { place, layers } = readAddress(url);
  const canvas = new OffscreenCanvas(SIDE_PX, SIDE_PX);
  const pen = canvas.getContext("2d");
  let problem: unknown = null;
  let answered = 0;
  for (const layer of layers) {
    const part = partOf(layer, place);
    if (part === null) continue;
    try {
      const picture = await pictureOf(part.url, signal);
      answered += 1;
      if (picture === null || pen === null) continue;
      pen.globalAlpha = layer.opacity;
      pen.drawImage(picture, part.left, part.top, part.side, part.side, 0, 0, SIDE_PX, SIDE_PX);
      picture.close();
    } catch (error) {
      signal.throwIfAborted();
      failed.add(layer.address);
      problem = error;
    }
  }
  if (problem !== null && answered === 0) throw problem; // the map keeps what it has of other zooms
  return { data: canvas.transferToImageBitmap() };
};

/** Null where the server has no such tile. */
async function pictureOf(url: string, signal: AbortSignal): Promise<ImageBitmap | null> {
  const answer = await fetch(url, { signal });
  if (answer.status === NO_SUCH_TILE) return null;
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return createImageBitmap(await answer.blob());
}

addProtocol(PROTOCOL, draw);
