import assert from "node:assert/strict";
import { test } from "node:test";
import { partOf, readAddress, stackAddress, type StackedLayer } from "../src/rasters/stack.ts";

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
