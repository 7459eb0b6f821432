import assert from "node:assert/strict";
import { test } from "node:test";
import { exportAddress } from "../src/share/export.ts";
import { linkTo, parseLink, type Linked } from "../src/share/link.ts";

const NOTHING: Linked = { camera: null, atMs: null, layers: null, selection: null };
const ALL: Linked = {
  camera: { lon: -84.20123, lat: 36.6, zoom: 12.25 },
  atMs: Date.parse("2026-03-01T02:14:05.250Z"),
  layers: new Set(["tracks", "probability-person"]),
  selection: { kind: "incident", id: "I0a1b2c3d4e5f6071" },
};

test("a link that is read again shows the same", () => {
  for (const linked of [ALL, NOTHING, { ...NOTHING, layers: new Set<string>() }, { ...NOTHING, camera: { lon: -180, lat: -90, zoom: 0 } }])
    assert.deepEqual(parseLink(linkTo(linked)), linked);
  assert.equal(
    linkTo(ALL),
    "?at=36.60000,-84.20123,12.25&t=2026-03-01T02:14:05.250Z&layers=tracks,probability-person&select=incident:I0a1b2c3d4e5f6071",
  );
});

test("ids with characters that mean something in an address survive", () => {
  for (const id of ["a&b=c#d", "100%", "é:ü", "x+y", "%2C%3A"]) {
    const selection = { kind: "sensor", id } as const;
    assert.deepEqual(parseLink(linkTo({ ...NOTHING, selection })).selection, selection);
  }
});

test("whatever can be selected is selected again by the link, except a bearing, which another page does not know", () => {
  for (const kind of ["track", "incident", "alert", "sensor", "segment", "unit", "base", "section"] as const) {
    const selection = { kind, id: "Col d’Ibardin 2" };
    assert.deepEqual(parseLink(linkTo({ ...NOTHING, selection })).selection, selection);
  }
  assert.equal(linkTo({ ...ALL, selection: { kind: "bearing", id: "radar 5 7" } }), linkTo({ ...ALL, selection: null }));
});

test("hostile parameters are ignored, each for itself", () => {
  const hostile = [
    "at=91,0,5", "at=0,181,5", "at=0,0,23", "at=0,0", "at=NaN,0,5", "at=1e1,0,5", "at=Infinity,0,1", "at=0,0,-1", "at=0x1,0,1", "at=",
    "t=yesterday", "t=2026-03-01", "t=2026-13-01T00:00:00Z", "t=99999999999999", "t=2026-03-01T00:00:00+01:00", "t=",
    `layers=${"x".repeat(41)}`, "layers=a,<b>", "layers=a,,b", `layers=${"a,".repeat(41)}a`, "layers=../../etc",
    "select=people:1", "select=incident:", "select=incident", `select=track:${"x".repeat(129)}`, "select=track:a%00b",
    "select=track:%20a", "select=track:a%20", "select=track:a%20%20b", "select=track:a%C2%A0b", "select=bearing:R1 5 7", "select=track:%E2%80%AEx", "select=__proto__:x", "select=",
  ];
  for (const query of hostile) assert.deepEqual(parseLink(`?${query}`), NOTHING, query);
  const mixed = parseLink("?at=91,0,5&select=track:T1&t=nonsense&layers=tracks&at=1,1,1");
  assert.deepEqual(mixed, { ...NOTHING, layers: new Set(["tracks"]), selection: { kind: "track", id: "T1" } });
  for (const raw of ["", "?", "%", "?%E0%A4%A", "?&&&===", `?${"a=b&".repeat(5000)}`]) assert.deepEqual(parseLink(raw), NOTHING);
});

test("an export names format, layers, period and area", () => {
  const wish = { format: "csv", layers: ["tracks", "alerts"], fromMs: 0, untilMs: 3_600_000, purpose: "inquiry 12" };
  const period = "from=1970-01-01T00%3A00%3A00.000Z&until=1970-01-01T01%3A00%3A00.000Z";
  assert.equal(exportAddress({ ...wish, bounds: null }), `/v1/export?format=csv&layers=tracks%2Calerts&${period}`);
  const address = exportAddress({ ...wish, bounds: [-84.3, 36.5, -84.1, 36.7] });
  assert.equal(new URLSearchParams(address.split("?")[1]).get("bbox"), "-84.300000,36.500000,-84.100000,36.700000");
});
