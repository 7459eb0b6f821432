// Words for the tests: the catalogue as the files have it.

import { readdirSync, readFileSync } from "node:fs";
import { Catalogue, LANGUAGES, type Texts } from "../src/words/catalogue.ts";
import type { UnitSystem } from "../src/words/formats.ts";
import { speak } from "../src/words/say.ts";

const FOLDER = new URL("../../words/", import.meta.url);

export const TEXTS: Texts = Object.fromEntries(
  LANGUAGES.map((language) => [
    language,
    readdirSync(new URL(`${language}/`, FOLDER))
      .filter((name) => name.endsWith(".ftl"))
      .map((name) => readFileSync(new URL(`${language}/${name}`, FOLDER), "utf8")),
  ]),
);

export function speakIn(language: string, units: UnitSystem = "metric"): Catalogue {
  const catalogue = new Catalogue(language, units, TEXTS);
  speak(catalogue);
  return catalogue;
}
