// Draws the tiles of several raster layers into one. A worker, because during the first frames of a map without a GPU
// the page itself has no time.

import { partOf, SIDE_PX, type DrawnTile, type WantedTile } from "./stack.ts";

const NO_SUCH_TILE = 404;
const wanted = new Map<number, AbortController>();
const page = globalThis as unknown as {
  onmessage: (event: MessageEvent<WantedTile>) => void;
  postMessage(message: DrawnTile, transfer: Transferable[]): void;
};

page.onmessage = ({ data }) => {
  if (data.layers === null) return void wanted.get(data.number)?.abort();
  const stop = new AbortController();
  wanted.set(data.number, stop);
  void draw(data, stop.signal)
    .then((drawn) => page.postMessage(drawn, drawn.picture === null ? [] : [drawn.picture]))
    .finally(() => wanted.delete(data.number));
};

/** One layer after the other, so that the map's limit of tiles that it loads at a time is also that of requests. */
async function draw({ number, place, layers }: WantedTile, signal: AbortSignal): Promise<DrawnTile> {
  const canvas = new OffscreenCanvas(SIDE_PX, SIDE_PX);
  const pen = canvas.getContext("2d");
  const failed: string[] = [];
  let answered = 0;
  for (const layer of layers ?? []) {
    const part = partOf(layer, place);
    if (part === null || signal.aborted) continue;
    try {
      const picture = await pictureOf(part.url, signal);
      answered += 1;
      if (picture === null || pen === null) continue;
      pen.globalAlpha = layer.opacity;
      pen.drawImage(picture, part.left, part.top, part.side, part.side, 0, 0, SIDE_PX, SIDE_PX);
      picture.close();
    } catch {
      if (!signal.aborted) failed.push(layer.address);
    }
  }
  const nothing = failed.length > 0 && answered === 0;
  return { number, failed, picture: nothing ? null : canvas.transferToImageBitmap() };
}

/** Null where the server has no such tile. */
async function pictureOf(url: string, signal: AbortSignal): Promise<ImageBitmap | null> {
  const answer = await fetch(url, { signal });
  if (answer.status === NO_SUCH_TILE) return null;
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return createImageBitmap(await answer.blob());
}
