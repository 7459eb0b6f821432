// Numbers, units, durations, times and lists as a language writes them: the rules of ops/words/formats.py. The cases in
// tests/ops/words/format_cases.json hold both to the same results.

export const MISSING = "–";
/** Before a negative number: as long as the plus sign, which the hyphen of CLDR is not. */
const MINUS = "−";
const NO_BREAK = "\u00a0";
/** Nautical: nautical miles, metres below one, knots. Imperial: miles, feet below one, miles per hour. */
export const UNIT_SYSTEMS = ["metric", "nautical", "imperial"] as const;
export type UnitSystem = (typeof UNIT_SYSTEMS)[number];

export const METRES_PER_NAUTICAL_MILE = 1852;
export const METRES_PER_MILE = 1609.344;
export const METRES_PER_FOOT = 0.3048;

const SPEED = {
  metric: [3.6, "km/h"],
  nautical: [3600 / METRES_PER_NAUTICAL_MILE, "kn"],
  imperial: [3600 / METRES_PER_MILE, "mph"],
} as const;

type Value = number | null;
type Instant = number | string | Date | null;

export class Formats {
  /** Tag of the locale, as Intl knows it. */
  readonly locale: string;
  readonly units: UnitSystem;
  readonly #day: string;
  /** Between a number and its unit: a line must not end there (in French, as the typographers' rule). */
  readonly #space: string;
  readonly #afterSign: string;
  readonly #numbers = new Map<string, Intl.NumberFormat>();

  constructor(language: string, units: UnitSystem = "metric") {
    this.locale = language === "en" ? "en-GB" : language === "ar" ? "ar-u-nu-latn" : language;
    this.units = units;
    const french = language.startsWith("fr");
    this.#day = french ? "j" : "d";
    this.#space = french ? NO_BREAK : " ";
    this.#afterSign = french ? NO_BREAK : "";
  }

  /** A number with `digits` decimal places, rounded half away from zero; with `sign` 1 a positive one has a plus sign. */
  number(value: Value, digits = 0, sign = 0): string {
    const plus = sign > 0 && value !== null && value >= 0.5 / 10 ** digits ? "+" : "";
    return plus + this.#written(value, digits, "decimal");
  }

  /** A fraction as a percentage. */
  percent(fraction: Value, digits = 0): string {
    return this.#written(fraction, digits, "percent");
  }

  /** A probability as a percentage, which is never shown as certain or impossible. */
  probability(value: Value): string {
    if (value === null || !Number.isFinite(value)) return MISSING;
    if (value > 0.99) return `>${this.#afterSign}${this.percent(0.99)}`;
    return value < 0.01 ? `<${this.#afterSign}${this.percent(0.01)}` : this.percent(value);
  }

  /** A distance: metres if they round to less than 10 km, else kilometres with one decimal; whole kilometres as such. */
  distance(metres: Value, digits = 0): string {
    if (metres === null || !Number.isFinite(metres)) return MISSING;
    const size = Math.abs(metres);
    if (this.units === "nautical" && size >= METRES_PER_NAUTICAL_MILE)
      return this.#unit(this.number(metres / METRES_PER_NAUTICAL_MILE, 1), "NM");
    if (this.units === "imperial")
      return size >= METRES_PER_MILE
        ? this.#unit(this.number(metres / METRES_PER_MILE, 1), "mi")
        : this.#unit(this.number(metres / METRES_PER_FOOT), "ft");
    if (this.units === "metric" && size > 0 && size < 10_000 && size % 1000 === 0) return this.#unit(this.number(metres / 1000), "km");
    return size >= 10_000 - 0.5 / 10 ** digits ? this.#unit(this.number(metres / 1000, 1), "km") : this.#unit(this.number(metres, digits), "m");
  }

  #unit(number: string, symbol: string): string {
    return `${number}${this.#space}${symbol}`;
  }

  /** A height above ground or sea level: metres, imperial: whole feet. */
  height(metres: Value, digits = 0): string {
    if (metres === null || !Number.isFinite(metres)) return MISSING;
    return this.units === "imperial"
      ? this.#unit(this.number(metres / METRES_PER_FOOT), "ft")
      : this.#unit(this.number(metres, digits), "m");
  }

  /** A speed in km/h, knots or miles per hour; below 10 with one decimal. */
  speed(metresPerSecond: Value): string {
    if (metresPerSecond === null || !Number.isFinite(metresPerSecond)) return MISSING;
    const [factor, symbol] = SPEED[this.units];
    const value = metresPerSecond * factor;
    return this.#unit(this.number(value, Math.abs(value) >= 9.95 ? 0 : 1), symbol);
  }

  /** A duration in its two largest units: `45 s`, `3 min 5 s`, `2 h 4 min`, `3 d 2 h`. */
  duration(seconds: Value): string {
    if (seconds === null || !Number.isFinite(seconds)) return MISSING;
    const whole = Math.max(0, Math.floor(seconds + 0.5));
    const units = [[86_400, this.#day], [3600, "h"], [60, "min"], [1, "s"]] as const;
    const found = units.findIndex(([size]) => whole >= size);
    const first = found === -1 ? units.length - 1 : found;
    const parts: string[] = [];
    let rest = whole;
    for (const [size, symbol] of units.slice(first, first + 2)) {
      const many = Math.floor(rest / size);
      rest %= size;
      if (many > 0 || parts.length === 0) parts.push(this.#unit(this.number(many), symbol));
    }
    return parts.join(" ");
  }

  /** An azimuth in three digits, such as `045°`. */
  bearing(degrees: Value): string {
    if (degrees === null || !Number.isFinite(degrees)) return MISSING;
    const whole = Math.floor((((degrees % 360) + 360) % 360) + 0.5) % 360;
    return `${String(whole).padStart(3, "0")}°`;
  }

  /** A position along the border, such as `km 4.1`. */
  chainage(metres: Value): string {
    return metres === null || !Number.isFinite(metres) ? MISSING : this.#unit("km", this.number(metres / 1000, 1));
  }

  /** A time of day in UTC, such as `00:12 UTC`. */
  time(instant: Instant): string {
    const text = iso(instant);
    return text === null ? MISSING : `${text.slice(11, 16)} UTC`;
  }

  /** A date and time in UTC, such as `2026-11-26 00:12:00 UTC`: the same in every language. */
  dateTime(instant: Instant): string {
    const text = iso(instant);
    return text === null ? MISSING : `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`;
  }

  /** A list of names, joined as the language does it; beyond `atMost` (0: no limit) the rest is a count. */
  names(names: readonly string[]): string {
    return names.length === 0 ? MISSING : new Intl.ListFormat(this.locale, { type: "conjunction" }).format(names);
  }

  /** Integers as runs: `4–7, 9`. */
  runs(numbers: readonly number[]): string {
    const runs: [number, number][] = [];
    for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
      const last = runs.at(-1);
      if (last !== undefined && number === last[1] + 1) last[1] = number;
      else runs.push([number, number]);
    }
    return runs.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(", ") || MISSING;
  }

  #written(value: Value, digits: number, style: "decimal" | "percent"): string {
    if (value === null || !Number.isFinite(value)) return MISSING;
    const key = `${style} ${digits}`;
    let format = this.#numbers.get(key);
    if (format === undefined) {
      format = new Intl.NumberFormat(this.locale, {
        style,
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
        roundingMode: "halfExpand",
        signDisplay: "negative",
        useGrouping: "always",
      } as Intl.NumberFormatOptions);
      this.#numbers.set(key, format);
    }
    // As text, so that the shortest decimal is rounded (1.005 to 1.01), not the binary number next to it.
    return format.format(String(value) as unknown as number).replace("-", MINUS);
  }
}

function iso(instant: Instant): string | null {
  if (instant === null || (typeof instant === "number" && !Number.isFinite(instant))) return null;
  // A time without a zone is UTC.
  const zoned = typeof instant === "string" && !/(Z|[+-]\d\d:?\d\d)$/.test(instant) ? `${instant}Z` : instant;
  const date = new Date(zoned);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
