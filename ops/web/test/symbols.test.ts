// The library with few icons draws what the whole library draws.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { ICON_NAMES, ICONS, iconSet } from "../src/map/icon_set.ts";
import { keepIcons } from "../tools/keep_icons.ts";

const LIBRARY = new URL("../node_modules/milsymbol/src/", import.meta.url);
const GROUND = new URL("iconparts/ground.js", LIBRARY);
const FRAMED = { size: 30 };
const ICON_ALONE = { size: 24, frame: false, fill: false, civilianColor: false, monoColor: "black", strokeWidth: 6 };

async function library(): Promise<any> {
  return (await import(new URL("milsymbol.js", LIBRARY).href)).ms;
}

/** Text of a picture for each symbol that the pages draw. */
function pictures(ms: any): string[] {
  const entities = Object.entries(ICONS).flatMap(([set, icons]) => Object.keys(icons).map((entity) => `${set}%000${entity}0000`));
  const codes = [...entities, "15%0000000000000"].flatMap((code) => ["01", "03"].flatMap((side) => ["0", "1"].map((how) => `10${side}${code.replace("%", how)}`)));
  return codes.flatMap((code) => [FRAMED, ICON_ALONE].map((options) => new ms.Symbol(code, options).asSVG()));
}

test("the few icons are drawn as the whole library draws them", async () => {
  const folder = mkdtempSync(join(tmpdir(), "icons-"));
  try {
    const text = keepIcons(readFileSync(GROUND, "utf8"), ICON_NAMES);
    const file = join(folder, "ground.mjs");
    writeFileSync(file, text.replace(/from "(\.[^"]+)"/g, (_, path: string) => `from "${new URL(path, GROUND).href}"`));
    const { default: few } = await import(pathToFileURL(file).href);
    const [{ metadata }, { geticons }] = await Promise.all([import(new URL("numbersidc/metadata.js", LIBRARY).href), import(new URL("numbersidc/geticons.js", LIBRARY).href)]);
    const ms = await library();
    ms.reset();
    ms.addIcons({ type: "number", getMetadata: metadata, getIcons: geticons, iconParts: few, icons: iconSet });
    const found = pictures(ms);
    ms.reset();
    const whole = await import(new URL("../index.mjs", LIBRARY).href);
    ms.addIcons(whole.numberlandcivilian);
    ms.addIcons(whole.numberlandequipment);
    const wanted = pictures(ms);
    assert.deepEqual(found, wanted);
    assert.ok(new Set(wanted).size > 20);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what is left out is nine tenths of the module", () => {
  const source = readFileSync(GROUND, "utf8");
  assert.ok(keepIcons(source, ICON_NAMES).length < source.length / 10);
});

test("an icon that the library does not have is an error", () => {
  assert.throws(() => keepIcons(readFileSync(GROUND, "utf8"), new Set(["GR.IC.NONE"])), /no icon GR\.IC\.NONE/);
});
