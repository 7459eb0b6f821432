// From bearings without a position to GeoJSON: lines and wedges.

import type { Feature, LineString, Polygon } from "geojson";
import { end, wedge } from "../geo/wedge.ts";
import { bearingOpacity, currentBearings, WEDGE_95 } from "../model/bearings.ts";
import type { BearingContact } from "../model/records.ts";

/** Of each current bearing, the wedge of its error (95 %) and its line, from the sensor to the end of its range. */
export function bearingFeatures(
  bearings: ReadonlyMap<string, BearingContact>,
  nowMs: number,
  selected: string | null,
): Feature[] {
  return currentBearings(bearings, nowMs).flatMap((contact) => {
    const { id, azimuthDeg, azimuthSdDeg, rangeM } = contact;
    const of = { id, o: bearingOpacity(contact, nowMs) ?? 0, chosen: id === selected };
    const sides = [wedge(contact, azimuthDeg, WEDGE_95 * azimuthSdDeg, rangeM)];
    const middle = [[contact.lon, contact.lat], end(contact, azimuthDeg, rangeM)];
    return [
      feature({ ...of, part: "wedge" }, { type: "Polygon", coordinates: sides }),
      feature({ ...of, part: "line" }, { type: "LineString", coordinates: middle }),
    ];
  });
}

function feature(properties: object, geometry: Polygon | LineString): Feature {
  return { type: "Feature", properties, geometry };
}
