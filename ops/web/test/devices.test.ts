// The dialog of a unit's devices: an answer belongs to the unit that it was asked for, and a refusal stays in sight.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import "./mgrs_for_node.ts";
import { heard, openPage } from "./page_for_node.ts";
import { speakIn } from "./words.ts";

const { DevicesDialog } = await import("../src/devices/dialog.ts");

speakIn("en");

const LOOK_MS = 3_000;
const MADE = { qr_svg: "<svg/>", code: "for patrol-1", expires_at: "2100-01-01T00:00:00Z" };

/** The dialog over a server whose answers the test gives, by path. */
function dialog(context: TestContext, answer: (path: string) => Response | Promise<Response>) {
  const { part } = openPage(context);
  context.mock.timers.enable({ apis: ["setInterval"] });
  context.mock.method(globalThis, "fetch", async (path: unknown) => answer(String(path)));
  const shown = new DevicesDialog();
  return { open: (unit: string) => shown.open(unit), part, press: (id: string) => part(id).click() };
}

test("a code that comes after its dialog was closed is not shown under the next unit", async (context) => {
  const { promise, resolve } = Promise.withResolvers<object>();
  const { open, part, press } = dialog(context, (path) => (path.endsWith("/enrolments") ? promise.then((made) => Response.json(made)) : Response.json([])));
  open("patrol-1");
  press("devices-enrol");
  press("devices-close");
  open("patrol-2");
  resolve(MADE);
  await heard();
  assert.match(part("devices-title").textContent, /patrol-2/);
  assert.deepEqual([part("devices-code").hidden, part("devices-qr").src, part("devices-typed").textContent], [true, "", ""]);
  press("devices-enrol");
  await heard();
  assert.deepEqual([part("devices-code").hidden, part("devices-typed").textContent], [false, MADE.code]);
  press("devices-close");
  assert.equal(part("devices-typed").textContent, "");
});

test("the refusal of a code stays until the next attempt, whatever the list's next reading brings", async (context) => {
  const refused = "Too many codes are open.";
  let works = false;
  const { open, part, press } = dialog(context, (path) => {
    if (!path.endsWith("/enrolments")) return Response.json([]);
    return works ? Response.json(MADE) : Response.json({ error: refused }, { status: 409 });
  });
  open("patrol-1");
  press("devices-enrol");
  await heard();
  context.mock.timers.tick(LOOK_MS);
  await heard();
  assert.match(part("devices-problem").textContent, new RegExp(refused));
  works = true;
  press("devices-enrol");
  await heard();
  assert.equal(part("devices-problem").textContent, "");
});

test("a list that cannot be read says so until it can be", async (context) => {
  let status = 503;
  const { open, part } = dialog(context, () => Response.json(status === 200 ? [] : { error: "Not now." }, { status }));
  open("patrol-1");
  await heard();
  assert.match(part("devices-problem").textContent, /Not now/);
  status = 200;
  context.mock.timers.tick(LOOK_MS);
  await heard();
  assert.equal(part("devices-problem").textContent, "");
});

for (const [clock, expires_at] of [["fast", "2000-01-01T00:00:00Z"], ["slow", "2100-01-01T00:00:00Z"]] as const)
  test(`a code is shown for as long as it is valid, also where the browser's clock is ${clock}`, async (context) => {
    const [, validS] = /^CODE_S: Final = (\d+)\.0$/m.exec(readFileSync(new URL("../../field/devices.py", import.meta.url), "utf8")) ?? [];
    let nowMs = 1_000;
    context.mock.method(performance, "now", () => nowMs);
    const { open, part, press } = dialog(context, (path) => Response.json(path.endsWith("/enrolments") ? { ...MADE, expires_at } : []));
    open("patrol-1");
    press("devices-enrol");
    await heard();
    const shown: [boolean, string][] = [];
    for (const afterMs of [0, Number(validS) * 1000 - LOOK_MS, Number(validS) * 1000]) {
      nowMs = 1_000 + afterMs;
      context.mock.timers.tick(LOOK_MS);
      await heard();
      shown.push([part("devices-code").hidden, part("devices-typed").textContent]);
    }
    assert.deepEqual(shown, [[false, MADE.code], [false, MADE.code], [true, ""]]);
    press("devices-close");
  });
