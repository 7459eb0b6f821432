// The distress button: a hold by finger or key, and the press of a screen reader, which is a click alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DistressButton } from "../src/field/distress.ts";
import { key, openPage, pointer } from "./page_for_node.ts";
import { speakIn } from "./words.ts";

test("after a hold that was let go too early, the first press of a screen reader asks for a confirmation", (context) => {
  speakIn("en");
  const { part } = openPage(context);
  Object.assign(globalThis, { requestAnimationFrame: () => 1, cancelAnimationFrame: () => undefined });
  let nowMs = 0;
  context.mock.method(performance, "now", () => nowMs);
  const [button, confirm] = [part("distress"), part("distress-confirm")];
  new DistressButton(() => assert.fail("nothing was held for two seconds"));
  const asks = (): boolean => {
    confirm.hidden = true;
    button.dispatchEvent(new Event("click"));
    return !confirm.hidden;
  };
  button.dispatchEvent(key(" ", button));
  button.dispatchEvent(Object.assign(new Event("keyup"), { key: " " }));
  assert.match(part("distress-spoken").textContent, /^Cancelled/);
  assert.ok(asks(), "a key that was let go has no click");
  for (const end of ["pointerup", "pointerleave", "pointercancel"]) {
    nowMs += 5_000;
    button.dispatchEvent(pointer("pointerdown", 1));
    nowMs += 500;
    button.dispatchEvent(pointer(end, 1));
    if (end === "pointerup") assert.ok(!asks(), "this click is of the finger");
    nowMs += 1_500;
    assert.ok(asks(), `after ${end}`);
  }
});
