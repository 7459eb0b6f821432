// The language and units of a page: what was asked for in the address, what a person chose, what the browser wants, or
// English; with the messages of the files that the page was built with.

import { remembered } from "../ui/preferences.ts";
import { Catalogue, negotiate, type Texts } from "./catalogue.ts";
import { UNIT_SYSTEMS } from "./formats.ts";
import { localize } from "./localize.ts";
import { speak } from "./say.ts";

/** Say everything from now on in the language of this page. `files`: texts of the catalogue, by path. */
export function setLanguage(files: Readonly<Record<string, string>>): void {
  const texts: Record<string, string[]> = {};
  for (const [path, text] of Object.entries(files)) (texts[path.split("/").at(-2) ?? ""] ??= []).push(text);
  const asked = new URLSearchParams(location.search).get("language");
  const language = negotiate([asked, remembered("language"), ...navigator.languages].filter((tag) => tag !== null));
  const units = UNIT_SYSTEMS.find((system) => system === remembered("units")) ?? "metric";
  const page = document.documentElement;
  const catalogue = new Catalogue(language, units, texts satisfies Texts, (_, missing) => {
    page.dataset["missing"] = String(missing);
  });
  speak(catalogue);
  page.lang = language;
  page.dir = catalogue.rightToLeft ? "rtl" : "ltr";
  localize(document.body);
}
