import assert from "node:assert/strict";
import { test } from "node:test";
import { Catalogue, cutList, negotiate } from "../src/words/catalogue.ts";
import { TEXTS } from "./words.ts";

const MIXED = {
  en: ["both = Both\nonly = Only { $count ->\n    [one] one\n   *[other] { $count }\n}\nwith =\n    .title = { $names }"],
  fr: ["both = Les deux"],
};

test("a missing translation is said in English and counted", () => {
  const heard: [string, number][] = [];
  const french = new Catalogue("fr", "metric", MIXED, (id, missing) => heard.push([id, missing]));
  assert.equal(french.say("both"), "Les deux");
  assert.equal(french.missing.size, 0);
  assert.equal(french.say("only", { count: 1 }), "Only one");
  assert.equal(french.say("only", { count: 2 }), "Only 2");
  assert.equal(french.say("nowhere"), "nowhere");
  assert.deepEqual(Object.fromEntries(french.missing), { only: 2, nowhere: 1 });
  assert.deepEqual(heard.map(([id]) => id), ["only", "only", "nowhere"]);
  assert.ok(!french.has("nowhere") && french.has("only"));
});

test("lists are joined, sets of integers run together, and what is missing is a dash", () => {
  const english = new Catalogue("en", "metric", MIXED);
  const title = (names: readonly string[] | readonly number[] | null): string => english.say("with.title", { names });
  assert.equal(title(["a", "b", "c"]), "a, b and c");
  assert.equal(title([4, 5, 6, 9]), "4–6, 9");
  assert.equal(title(null), "–");
});

test("a list that is cut states how many others there are, as the language writes it", () => {
  const lists = { en: ["a, b, c and d", "a, b and 2 more", "a, b, c and 1 more"], fr: ["a, b, c et d", "a, b et 2 autres", "a, b, c et 1 autre"] };
  for (const [language, expected] of Object.entries(lists)) {
    const words = new Catalogue(language, "metric", TEXTS);
    const said = [4, 2, 3].map((atMost) => words.say("list", { names: cutList(["a", "b", "c", "d"], atMost) }));
    assert.deepEqual(said, expected);
  }
});

test("the pseudo-languages accent and lengthen the text, and leave values as they are", () => {
  assert.equal(new Catalogue("en-XA", "metric", MIXED).say("both"), "Bóth~");
  const mirrored = new Catalogue("ar-XB", "metric", MIXED);
  assert.ok(mirrored.rightToLeft);
  assert.match(mirrored.say("only", { count: 1234 }), /\u20681,234\u2069/);
});

test("the first wanted language that there is", () => {
  assert.equal(negotiate(["de-AT", "fr-CA", "en"]), "fr");
  assert.equal(negotiate(["de"]), "en");
  assert.equal(negotiate(["ar-XB", "fr"]), "ar-XB");
  assert.equal(negotiate([]), "en");
});

test("every message of the page is in both languages", () => {
  const ids = (language: string): string[] =>
    (TEXTS[language] ?? [])
      .flatMap((text) => [...text.matchAll(/^([a-z][\w-]*) =/gm)].map(([, id]) => id ?? ""))
      .filter((id) => /^(page|planner)-/.test(id))
      .sort();
  assert.ok(ids("en").length > 300);
  assert.deepEqual(ids("fr"), ids("en"));
});
