import assert from "node:assert/strict";
import { test } from "node:test";
import { partOf, partsOf, readAddress, stackAddress, type StackedLayer } from "../src/rasters/stack.ts";
import { Turns } from "../src/rasters/turns.ts";

const layer: StackedLayer = { address: "https://host/api/tiles/visible/{z}/{x}/{y}.png?v=1&palette=day", opacity: 0.75, minzoom: 8, maxzoom: 12 };
const filled = (address: string, z: number, x: number, y: number): string =>
  address.replace("{z}", String(z)).replace("{x}", String(x)).replace("{y}", String(y));

test("an address of several layers tells the tile and each layer, whatever their addresses contain", () => {
  const layers = [layer, { ...layer, address: "https://host/a b/{z}/{x}/{y}?v=?&/", opacity: 1 }];
  assert.deepEqual(readAddress(filled(stackAddress(layers), 11, 543, 801)), { place: { z: 11, x: 543, y: 801 }, layers });
});

test("a layer that is drawn at this zoom fills the tile", () => {
  assert.deepEqual(partOf(layer, { z: 12, x: 5, y: 9 }), { url: filled(layer.address, 12, 5, 9), left: 0, top: 0, side: 256 });
});

test("closer in than its last zoom a layer is enlarged from the part of its tile that lies there", () => {
  assert.deepEqual(partOf(layer, { z: 14, x: 4 * 5 + 3, y: 4 * 9 + 1 }), { url: filled(layer.address, 12, 5, 9), left: 192, top: 64, side: 64 });
});

test("farther out than its first zoom a layer is not asked for", () => {
  assert.equal(partOf(layer, { z: 7, x: 1, y: 1 }), null);
});

test("a tile of the map is four of the server's, each in its quarter", () => {
  const at = (x: number, y: number): object => ({ url: filled(layer.address, 12, x, y), left: 0, top: 0, side: 256 });
  assert.deepEqual(partsOf(layer, { z: 11, x: 5, y: 9 }), [
    { part: at(10, 18), x: 0, y: 0 },
    { part: at(11, 18), x: 256, y: 0 },
    { part: at(10, 19), x: 0, y: 256 },
    { part: at(11, 19), x: 256, y: 256 },
  ]);
  assert.deepEqual(partsOf(layer, { z: 6, x: 1, y: 1 }), []);
  const closer = partsOf(layer, { z: 12, x: 5, y: 9 });
  assert.deepEqual(closer.map(({ part }) => [part.url, part.left, part.top, part.side]), [[0, 0], [128, 0], [0, 128], [128, 128]].map(([left, top]) => [filled(layer.address, 12, 5, 9), left, top, 128]));
});

test("where a layer has nothing, the server is not asked", () => {
  const [west, north] = [(10 / 2 ** 12) * 360 - 180, 84];
  const found = partsOf(layer, { z: 11, x: 5, y: 900 }, [west - 1, -84, west + 0.01, north]);
  assert.deepEqual(found.map(({ x, y }) => [x, y]), [[0, 0], [0, 256]], "only the western half");
  assert.deepEqual(partsOf(layer, { z: 11, x: 5, y: 900 }, [0, 0, 1, 1]), []);
});

test("no more than so many are at work at a time, and what fails gives its turn to the next", async () => {
  const turns = new Turns(2);
  const log: string[] = [];
  const ends: (() => void)[] = [];
  const work = (name: string, fails = false) => (): Promise<void> => {
    log.push(name);
    return new Promise((resolve, reject) => ends.push(() => (fails ? reject(new Error(name)) : resolve())));
  };
  const all = [turns.take(work("a")), turns.take(work("b", true)), turns.take(work("c")), turns.take(work("d"))];
  assert.deepEqual(log, ["a", "b"]);
  ends[1]?.();
  await assert.rejects(all[1] ?? Promise.resolve());
  assert.deepEqual(log, ["a", "b", "c"]);
  for (const end of ends) end();
  await all[0];
  await all[2];
  assert.deepEqual(log, ["a", "b", "c", "d"]);
  ends[3]?.();
  await all[3];
  await turns.take(async () => void log.push("e"));
  assert.equal(log.at(-1), "e");
});
