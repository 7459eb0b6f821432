import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Formats, type UnitSystem } from "../src/words/formats.ts";

interface Case {
  readonly function: keyof typeof METHODS;
  readonly value: unknown;
  readonly options: Readonly<Record<string, number>>;
  readonly language: string;
  readonly units: UnitSystem;
  readonly text: string;
}

const CASES = JSON.parse(
  readFileSync(new URL("../../../tests/ops/words/format_cases.json", import.meta.url), "utf8"),
) as readonly Case[];

const METHODS = {
  DECIMAL: "number",
  PERCENT: "percent",
  PROBABILITY: "probability",
  DISTANCE: "distance",
  HEIGHT: "height",
  SPEED: "speed",
  DURATION: "duration",
  BEARING: "bearing",
  CHAINAGE: "chainage",
  TIME: "time",
  DATETIME: "dateTime",
  NAMES: "names",
  RUNS: "runs",
} as const;

test("page and server write every value alike", () => {
  assert.deepEqual(new Set(CASES.map((one) => one.function)), new Set(Object.keys(METHODS)));
  for (const { function: name, value, options, language, units, text } of CASES) {
    const formats = new Formats(language, units);
    const write = formats[METHODS[name]] as (value: unknown, ...options: (number | undefined)[]) => string;
    const said = write.call(formats, value, options["digits"], options["sign"]);
    assert.equal(said, text, `${name}(${JSON.stringify(value)}) in ${language}, ${units}`);
  }
});
