// A place as people write it: MGRS with or without its zone, latitude and longitude, or the chainage of the border.

import { toPoint } from "mgrs";
import type { FeatureCollection } from "geojson";
import { placeAtChainage } from "../geo/along.ts";
import { mgrsOf } from "../geo/mgrs.ts";
import type { Place } from "../model/records.ts";

const CHAINAGE = /^(?:(?:km|pk)\s*(\d{1,5}(?:[.,]\d{1,6})?)|(\d{1,5}(?:[.,]\d{1,6})?)\s*km)$/i;
const MGRS = /^(\d{1,2}[C-HJ-NP-X])?([A-HJ-NP-Z]{2})((?:\d\d){1,5})$/;
/** Degrees with a hemisphere before or after them, or a sign; minutes and seconds may follow. */
const ANGLE = String.raw`([NSEWO])?\s*([+-]?\d{1,3}(?:\.\d+)?)\s*°?\s*(?:(\d{1,2}(?:\.\d+)?)\s*['′]\s*)?(?:(\d{1,2}(?:\.\d+)?)\s*["″]\s*)?([NSEWO])?`;
const LAT_LON = new RegExp(String.raw`^${ANGLE}\s*[,;\s]\s*${ANGLE}$`, "i");

/** How the text was read: by it the page names the place. */
export interface ReadPlace extends Place {
  readonly form: "chainage" | "mgrs" | "lat-lon";
}

/** The place that the text states; null where it states none. `near` gives the MGRS zone that people leave out. */
export function readPlace(text: string, segments: FeatureCollection | null, near: Place | null): ReadPlace | null {
  const words = text.trim();
  return readChainage(words, segments) ?? readMgrs(words, near) ?? readLatLon(words);
}

function readChainage(text: string, segments: FeatureCollection | null): ReadPlace | null {
  const found = CHAINAGE.exec(text);
  const km = found?.[1] ?? found?.[2];
  const place = km === undefined ? null : placeAtChainage(segments, Number(km.replace(",", ".")) * 1000);
  return place === null ? null : { ...place, form: "chainage" };
}

function readMgrs(text: string, near: Place | null): ReadPlace | null {
  const found = MGRS.exec(text.toUpperCase().replace(/^MGRS\b/, "").replaceAll(/\s/g, ""));
  if (found === null) return null;
  const zone = found[1] ?? (near === null ? undefined : mgrsOf(near)?.zone);
  if (zone === undefined) return null;
  try {
    const [lon, lat] = toPoint(`${zone}${found[2]}${found[3]}`);
    return onEarth(lon, lat) ? { lon, lat, form: "mgrs" } : null;
  } catch {
    return null; // a square that this zone does not have
  }
}

function readLatLon(text: string): ReadPlace | null {
  const found = LAT_LON.exec(text);
  if (found === null) return null;
  const [first, second] = [angle(found.slice(1, 6)), angle(found.slice(6, 11))];
  if (first === null || second === null) return null;
  const swapped = /[EWO]/i.test(first.side) || /[NS]/i.test(second.side);
  const [lat, lon] = swapped ? [second.degrees, first.degrees] : [first.degrees, second.degrees];
  return onEarth(lon, lat) ? { lon, lat, form: "lat-lon" } : null;
}

function angle([before, degrees, minutes, seconds, after]: readonly (string | undefined)[]): { degrees: number; side: string } | null {
  const side = (before ?? after ?? "").toUpperCase();
  if (before !== undefined && after !== undefined) return null;
  const size = Math.abs(Number(degrees)) + Number(minutes ?? 0) / 60 + Number(seconds ?? 0) / 3600;
  const negative = degrees?.startsWith("-") === true || /[SWO]/.test(side);
  return { degrees: negative ? -size : size, side };
}

function onEarth(lon: number, lat: number): boolean {
  return Math.abs(lon) <= 180 && Math.abs(lat) <= 90;
}
