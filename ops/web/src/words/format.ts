// Numbers as people read them, always with their unit; what is missing is a dash, never a zero.

const MISSING = "–";

export function percent(share: number | null): string {
  if (share === null) return MISSING;
  if (share > 0.99 && share < 1) return "more than 99 %";
  if (share > 0 && share < 0.01) return "less than 1 %";
  return `${Math.round(share * 100)} %`;
}

/** A probability is never shown as certainty. */
export function probability(value: number | null): string {
  if (value === null) return MISSING;
  if (value > 0.99) return "> 99 %";
  return value < 0.01 ? "< 1 %" : `${Math.round(value * 100)} %`;
}

export function metres(value: number | null, digits = 0): string {
  if (value === null) return MISSING;
  return Math.abs(value) >= 10_000 ? `${(value / 1000).toFixed(1)} km` : `${value.toFixed(digits)} m`;
}

export function speed(value: number | null): string {
  return value === null ? MISSING : `${value.toFixed(1)} m/s (${(value * 3.6).toFixed(1)} km/h)`;
}

export function degrees(value: number | null, digits = 0): string {
  if (value === null) return MISSING;
  const whole = 10 ** digits;
  const shown = (Math.round((((value % 360) + 360) % 360) * whole) / whole) % 360;
  return `${shown.toFixed(digits).padStart(digits > 0 ? 4 + digits : 3, "0")}°`;
}

/** `45 s`, `3 min 5 s`, `2 h 4 min`, `3 d 2 h`. */
export function duration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return MISSING;
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(Math.floor(whole / 60), "min", whole % 60, "s");
  if (whole < 86_400) return pair(Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "min");
  return pair(Math.floor(whole / 86_400), "d", Math.floor((whole % 86_400) / 3600), "h");
}

function pair(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
}

/** `12:34:56` in a time zone. An unknown zone is the caller's to catch: see `clockFormat`. */
export function clockFormat(timeZone: string): Intl.DateTimeFormat {
  const options = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
  try {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone, timeZoneName: "short" });
  } catch {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC", timeZoneName: "short" });
  }
}

export function utcTime(milliseconds: number | null): string {
  return milliseconds === null || !Number.isFinite(milliseconds)
    ? MISSING
    : `${new Date(milliseconds).toISOString().slice(11, 19)} UTC`;
}

export function utcDateTime(milliseconds: number | null): string {
  return milliseconds === null || !Number.isFinite(milliseconds)
    ? MISSING
    : `${new Date(milliseconds).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

export function count(value: number): string {
  return value.toLocaleString("en-GB");
}
