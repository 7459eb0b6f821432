import assert from "node:assert/strict";
import { test } from "node:test";
import type { Feature } from "geojson";
import { CROWDS, gathered } from "../src/model/crowds.ts";

function feature(id: string, properties: object = {}): Feature {
  return { type: "Feature", properties: { id, ...properties }, geometry: { type: "Point", coordinates: [0, 0] } };
}

for (const { kind, above } of CROWDS) {
  test(`up to ${above} of the kind ${kind} none gathers`, () => {
    const few = Array.from({ length: above }, (_, n) => feature(String(n)));
    assert.deepEqual(gathered(kind, few, () => false), [few, []]);
  });

  test(`beyond ${above} of the kind ${kind} all but those that stay apart gather, each once`, () => {
    const many = Array.from({ length: above + 50 }, (_, n) => feature(String(n), { alert: n % 7 === 0 }));
    const [apart, crowd] = gathered(kind, many, ({ alert }) => alert === true);
    assert.ok(apart.length > 0 && crowd.length > 0);
    assert.ok(apart.every(({ properties }) => properties?.["alert"] === true));
    assert.ok(crowd.every(({ properties }) => properties?.["alert"] === false));
    assert.deepEqual(new Set([...apart, ...crowd]), new Set(many));
  });
}
