import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DISPOSITIONS } from "../src/model/records.ts";
import { SHOWN } from "../src/net/pictures.ts";
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

test("the phone, the centre and the report have one word for a disposition, and one for a marking", () => {
  for (const language of Object.keys(TEXTS)) {
    const words = new Catalogue(language, "metric", TEXTS);
    for (const disposition of DISPOSITIONS) {
      const said = words.say("incident-disposition", { disposition });
      assert.equal(words.say("field-disposition", { disposition }), said);
      assert.equal(words.say("shift-incidents-disposition", { disposition, count: 2 }).toLowerCase(), `${said} 2`.toLowerCase());
    }
    assert.ok(words.say("field-marking", { marking: "X" }).startsWith(words.say("page-fact-marking")));
  }
});

test("French counts of units and tracks agree with their number, and units not assigned are not called available", () => {
  const words = new Catalogue("fr", "metric", TEXTS);
  assert.equal(words.say("overview-duty", { count: 1, assigned: 1, free: 0 }), "1 unité\u00a0: 1 affectée, 0 non affectée");
  assert.equal(words.say("overview-duty", { count: 5, assigned: 2, free: 3 }), "5 unités\u00a0: 2 affectées, 3 non affectées");
  assert.equal(words.say("overview-tracks", { count: 1, confirmed: 1 }), "1, dont 1 confirmée");
  assert.equal(words.say("overview-tracks", { count: 3, confirmed: 2 }), "3, dont 2 confirmées");
});

test("the switch of the single keys names every one of them, in each language", () => {
  const [, bound] = /listenForKeys\(\s*\{\n(.*?)\n {2}\},/s.exec(readFileSync(new URL("../src/main.ts", import.meta.url), "utf8")) ?? [];
  const keys = [...(bound ?? "").matchAll(/^ {4}"?(\S)"?: /gm)].map(([, key]) => (key ?? "").toUpperCase());
  assert.ok(keys.length > 15);
  for (const language of Object.keys(TEXTS)) {
    const named = /\((.*)\)/.exec(new Catalogue(language, "metric", TEXTS).say("page-settings-keys"))?.[1] ?? "";
    assert.deepEqual(named.split(/, | and | et\s/).sort(), [...keys, `1–${SHOWN.length}`].sort(), language);
  }
});
