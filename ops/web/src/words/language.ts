// The language and units of this page: what was asked for in the address, what a person chose, what the browser wants,
// or English. Imported first, so that nothing is said before.

import { remembered } from "../ui/preferences.ts";
import { Catalogue, negotiate, type Texts } from "./catalogue.ts";
import { UNIT_SYSTEMS } from "./formats.ts";
import { localize } from "./localize.ts";
import { speak } from "./say.ts";

const FILES = import.meta.glob<string>("../../../words/*/{alerts,common,compare,equipment,forces,incidents,map,overview,page,planner,replay,sensors,share}.ftl", {
  query: "?raw",
  import: "default",
  eager: true,
});

function texts(): Texts {
  const found: Record<string, string[]> = {};
  for (const [path, text] of Object.entries(FILES)) (found[path.split("/").at(-2) ?? ""] ??= []).push(text);
  return found;
}

const asked = new URLSearchParams(location.search).get("language");
const language = negotiate([asked, remembered("language"), ...navigator.languages].filter((tag) => tag !== null));
const units = UNIT_SYSTEMS.find((system) => system === remembered("units")) ?? "metric";
const page = document.documentElement;
const catalogue = new Catalogue(language, units, texts(), (_, missing) => {
  page.dataset["missing"] = String(missing);
});

speak(catalogue);
page.lang = language;
page.dir = catalogue.rightToLeft ? "rtl" : "ltr";
localize(document.body);
