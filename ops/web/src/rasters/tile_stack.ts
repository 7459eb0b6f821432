// The map loads the tiles of several raster layers as one: without a GPU, each raster layer that it draws in a frame
// takes about as long as all its lines and symbols.

import { addProtocol, type AddProtocolAction } from "maplibre-gl";
import { PROTOCOL, readAddress, type DrawnTile, type WantedTile } from "./stack.ts";

/** Addresses of the layers of which a tile could not be loaded. */
export const failed = new Set<string>();

const worker = new Worker(new URL("./tile_worker.ts", import.meta.url), { type: "module", name: "watchline-tiles" });
const waiting = new Map<number, (drawn: DrawnTile) => void>();
let last = 0;

worker.onmessage = ({ data }: MessageEvent<DrawnTile>) => {
  for (const address of data.failed) failed.add(address);
  waiting.get(data.number)?.(data);
  waiting.delete(data.number);
};

const load: AddProtocolAction = async ({ url }, { signal }) => {
  const { place, layers } = readAddress(url);
  const number = ++last;
  const tell = (message: WantedTile): void => worker.postMessage(message);
  signal.addEventListener("abort", () => tell({ number, place, layers: null }));
  const { picture } = await new Promise<DrawnTile>((resolve) => {
    waiting.set(number, resolve);
    tell({ number, place, layers });
  });
  signal.throwIfAborted();
  if (picture === null) throw new Error(url); // the map keeps what it has of other zooms
  return { data: picture };
};

addProtocol(PROTOCOL, load);
