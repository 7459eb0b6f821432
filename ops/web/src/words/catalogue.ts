// Makes sentences of message identifiers and parameters, in one language; English where a translation is missing. The
// same messages, and the same rules, as ops/words/catalogue.py.

import { FluentBundle, FluentNone, FluentNumber, FluentResource, type FluentFunction, type FluentValue } from "@fluent/bundle";
import { Formats, MISSING, type UnitSystem } from "./formats.ts";

export const SOURCE_LANGUAGE = "en";
/** Complete languages, the source language first, each by its own name. */
export const LANGUAGE_NAMES: Readonly<Record<string, string>> = { en: "English", fr: "Français" };
export const LANGUAGES = Object.keys(LANGUAGE_NAMES);
/** For tests: accented and longer English, and English from right to left; with the locale of their formats. */
const PSEUDO_LANGUAGES: ReadonlyMap<string, string> = new Map([
  ["en-XA", "en"],
  ["ar-XB", "ar"],
]);
const RIGHT_TO_LEFT: readonly string[] = ["ar", "fa", "he", "ur"];

export type Parameter = string | number | boolean | null | readonly (string | Message)[] | readonly number[] | Message;

/** A message before it is said: an identifier of the catalogue, and values by name, in SI units. */
export interface Message {
  readonly id: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
}

/** A list as a parameter; beyond `atMost` names its last item states how many others there are. */
export function cutList(names: readonly string[], atMost: number): readonly (string | Message)[] {
  const count = names.length - atMost;
  return count > 0 ? [...names.slice(0, atMost), { id: "list-others", parameters: { count } }] : names;
}

/** The text of the `.ftl` files of each language. */
export type Texts = Readonly<Record<string, readonly string[]>>;

class Missing extends FluentNone {
  override toString(): string {
    return MISSING;
  }
}

export class Catalogue {
  readonly language: string;
  readonly formats: Formats;
  /** How often each message was said in English because its translation is missing, or as its bare identifier. */
  readonly missing = new Map<string, number>();
  readonly #own: FluentBundle;
  readonly #source: FluentBundle;
  readonly #onMissing: (id: string, missing: number) => void;

  /** `onMissing` is called whenever a translation is missing, with the number of such messages. */
  constructor(
    language: string,
    units: UnitSystem,
    texts: Texts,
    onMissing: (id: string, missing: number) => void = () => undefined,
  ) {
    this.#onMissing = onMissing;
    this.language = language;
    this.formats = new Formats(PSEUDO_LANGUAGES.get(language) ?? language, units);
    this.#own = bundle(language, this.formats, texts);
    this.#source =
      language === SOURCE_LANGUAGE
        ? this.#own
        : bundle(SOURCE_LANGUAGE, new Formats(SOURCE_LANGUAGE, units), texts);
  }

  get rightToLeft(): boolean {
    return RIGHT_TO_LEFT.includes(this.language.split("-")[0] ?? "");
  }

  has(id: string): boolean {
    return pattern(this.#own, id) !== null || pattern(this.#source, id) !== null;
  }

  /** The sentence of a message; `id.attribute` names an attribute of it. */
  say(id: string, parameters: Message["parameters"] = {}): string {
    const values = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, this.#argument(value)]));
    for (const bundle of [this.#own, this.#source]) {
      const found = pattern(bundle, id);
      if (found === null) continue;
      if (bundle !== this.#own) this.#count(id);
      const errors: Error[] = [];
      const sentence = bundle.formatPattern(found, values, errors);
      if (errors.length > 0) console.warn(`Message ${id}: ${errors.map(({ message }) => message).join("; ")}`);
      return sentence;
    }
    this.#count(id);
    return id;
  }

  #argument(value: Parameter): string | number | FluentNone {
    if (value === null) return new Missing();
    if (typeof value === "boolean") return value ? "yes" : "no";
    if (typeof value === "string" || typeof value === "number") return value;
    if ("id" in value) return this.say(value.id, value.parameters);
    const whole = value.every((item) => Number.isInteger(item));
    return whole && value.length > 0
      ? this.formats.runs(value as readonly number[])
      : this.formats.names(value.map((item) => String(this.#argument(item))));
  }

  #count(id: string): void {
    const times = this.missing.get(id) ?? 0;
    if (times === 0) console.warn(`Message ${id} has no translation into ${this.language}.`);
    this.missing.set(id, times + 1);
    this.#onMissing(id, this.missing.size);
  }
}

/** The first of the wanted languages, in order of preference, that there is; else English. */
export function negotiate(wanted: readonly string[]): string {
  for (const tag of wanted) {
    if (PSEUDO_LANGUAGES.has(tag)) return tag;
    const known = LANGUAGES.find((language) => language === tag.replace("_", "-").split("-")[0]?.toLowerCase());
    if (known !== undefined) return known;
  }
  return SOURCE_LANGUAGE;
}

function pattern(bundle: FluentBundle, id: string): Parameters<FluentBundle["formatPattern"]>[0] | null {
  const [name = "", attribute] = id.split(".");
  const message = bundle.getMessage(name);
  return (attribute === undefined ? message?.value : message?.attributes[attribute]) ?? null;
}

function bundle(language: string, formats: Formats, texts: Texts): FluentBundle {
  const pseudo = PSEUDO_LANGUAGES.has(language);
  const made = new FluentBundle(formats.locale, {
    functions: functions(formats),
    useIsolating: RIGHT_TO_LEFT.includes(language.split("-")[0] ?? ""),
    ...(pseudo ? { transform: accented } : {}),
  });
  for (const text of texts[pseudo ? SOURCE_LANGUAGE : language] ?? []) {
    const errors = made.addResource(new FluentResource(text));
    if (errors.length > 0) console.warn(errors.map(({ message }) => message).join("; "));
  }
  return made;
}

/** The functions that messages may call; the server has the same ones. */
function functions(formats: Formats): Record<string, FluentFunction> {
  const of =
    (write: (value: number | null, digits?: number, sign?: number) => string): FluentFunction =>
    ([value], { digits, sign }) =>
      write(value instanceof FluentNumber ? value.value : null, option(digits), option(sign));
  const ofTime =
    (write: (instant: number | string | null) => string): FluentFunction =>
    ([value]) =>
      write(typeof value === "string" ? value : value instanceof FluentNumber ? value.value : null);
  return {
    PERCENT: of((value, digits) => formats.percent(value, digits)),
    PROBABILITY: of((value) => formats.probability(value)),
    DISTANCE: of((value, digits) => formats.distance(value, digits)),
    HEIGHT: of((value, digits) => formats.height(value, digits)),
    SPEED: of((value) => formats.speed(value)),
    DURATION: of((value) => formats.duration(value)),
    BEARING: of((value) => formats.bearing(value)),
    CHAINAGE: of((value) => formats.chainage(value)),
    TIME: ofTime((value) => formats.time(value)),
    DATETIME: ofTime((value) => formats.dateTime(value)),
    DECIMAL: of((value, digits, sign) => formats.number(value, digits, sign)),
  };
}

function option(value: FluentValue | undefined): number | undefined {
  return value instanceof FluentNumber ? value.value : undefined;
}

const ACCENTS: ReadonlyMap<string, string> = new Map([..."aceinosuyACEINOSUY"].map((letter, n) => [
  letter,
  [..."áçéíñóšúýÁÇÉÍÑÓŠÚÝ"][n] ?? letter,
]));

/** Accents and lengthens the text of a message. */
function accented(text: string): string {
  const letters = [...text].map((letter) => ACCENTS.get(letter) ?? letter).join("");
  return letters + "~".repeat(Math.floor(text.trim().length / 3));
}
