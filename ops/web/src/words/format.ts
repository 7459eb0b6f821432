// Values as the page writes them, beyond those that messages write themselves.

import { METRES_PER_FOOT, METRES_PER_MILE, METRES_PER_NAUTICAL_MILE, MISSING } from "./formats.ts";
import { code, formats } from "./say.ts";

export function count(value: number): string {
  return formats().number(value);
}

export function probability(value: number | null): string {
  return formats().probability(value);
}

export function duration(seconds: number | null): string {
  return code(formats().duration(seconds));
}

/** A height or elevation: metres, or feet where they are the unit. */
export function height(metres: number | null, digits = 0): string {
  return code(formats().height(metres, digits));
}

/** A measured distance, to the metre or so however long it is. */
export function exactDistance(metres: number): string {
  const { units } = formats();
  const [long, symbol] = { metric: [1000, "km"], nautical: [METRES_PER_NAUTICAL_MILE, "NM"], imperial: [METRES_PER_MILE, "mi"] }[
    units
  ] as [number, string];
  if (metres >= long) return `${formats().number(metres / long, 3)} ${symbol}`;
  return units === "imperial"
    ? `${formats().number(metres / METRES_PER_FOOT)} ft`
    : `${formats().number(metres, 1)} m`;
}

/** An azimuth with `digits` decimals, three digits before the point; never 360. */
export function degrees(value: number | null, digits = 0): string {
  if (value === null) return MISSING;
  if (digits === 0) return formats().bearing(value);
  const whole = 10 ** digits;
  const shown = (Math.round((((value % 360) + 360) % 360) * whole) / whole) % 360;
  const [before = "", after = ""] = formats().number(shown, digits).split(/(?=[^\d])/);
  return `${before.padStart(3, "0")}${after}°`;
}

/** `12:34:56` in a time zone; UTC where the browser does not know the zone. */
export function clockFormat(timeZone: string): Intl.DateTimeFormat {
  const options = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
  try {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone, timeZoneName: "short" });
  } catch {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC", timeZoneName: "short" });
  }
}

export function utcClock(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(11, 19);
}

export function utcDateTime(milliseconds: number | null): string {
  return code(formats().dateTime(milliseconds));
}
