// What is pressed stays under the finger until that press ends.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Press } from "../src/ui/press.ts";
import { openPage, pointer } from "./page_for_node.ts";

for (const [which, second] of [["another finger", 2], ["the same pointer", 1]] as const)
  test(`the end of a touch does not end the next press, by ${which}`, (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const { window, part } = openPage(context);
    const button = part("button");
    const drawn: string[] = [];
    const press = new Press(button as unknown as HTMLElement, () => drawn.push("released"));
    button.dispatchEvent(pointer("pointerdown", 1));
    window.dispatchEvent(pointer("pointerup", 1));
    window.dispatchEvent(new Event("click"));
    context.mock.timers.tick(0);
    assert.deepEqual(drawn, ["released"]);
    context.mock.timers.tick(250);
    button.dispatchEvent(pointer("pointerdown", second));
    press.after(() => drawn.push("moved"));
    context.mock.timers.tick(1_000);
    assert.equal(press.held, true);
    assert.deepEqual(drawn, ["released"]);
    window.dispatchEvent(pointer("pointerup", second));
    context.mock.timers.tick(399);
    assert.deepEqual(drawn, ["released"]);
    context.mock.timers.tick(1);
    assert.deepEqual(drawn, ["released", "moved", "released"]);
  });
