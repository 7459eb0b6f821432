// The field of view of a mobile sensor where it stands, from that of the layout at its post.

import type { Feature, FeatureCollection, Geometry, GeoJsonProperties, Position } from "geojson";
import type { Place, Sensor } from "../model/records.ts";
import { boundsOf, type Bounds } from "./bounds.ts";
import { destination, leg } from "./geodesy.ts";

export interface Post extends Place {
  readonly azimuthDeg: number;
}

/** Where the layout places each sensor, and the centre of its field of view. */
export function postsOf(layout: FeatureCollection | null): Map<string, Post> {
  const posts = new Map<string, Post>();
  for (const { geometry, properties } of layout?.features ?? []) {
    const [lon, lat] = geometry?.type === "Point" ? geometry.coordinates : [];
    if (lon === undefined || lat === undefined) continue;
    const azimuth: unknown = properties?.["azimuth_deg"];
    posts.set(String(properties?.["id"] ?? ""), { lon, lat, azimuthDeg: typeof azimuth === "number" ? azimuth : 0 });
  }
  return posts;
}

/** `view` moved from the post to where the sensor stands, and turned as it looks; as it is without a pose. */
export function movedView(view: Geometry, post: Post | undefined, sensor: Sensor | undefined): Geometry {
  if (post === undefined || !sensor?.pose || view.type !== "Polygon") return view;
  const turn = sensor.pose.headingDeg === null ? 0 : sensor.pose.headingDeg - post.azimuthDeg;
  const moved = ([lon = 0, lat = 0]: Position): Position => {
    const { distanceM, azimuthDeg } = leg(post, { lon, lat });
    const there = destination(sensor, azimuthDeg + turn, distanceM);
    return [there.lon, there.lat];
  };
  return { type: "Polygon", coordinates: view.coordinates.map((ring) => ring.map(moved)) };
}

/** The extent of a sensor's field of view where it stands; null where the layout does not tell it. */
export function rangeOf(id: string, layout: FeatureCollection | null, sensor: Sensor | undefined): Bounds | null {
  const views = (layout?.features ?? []).filter(({ properties }) => String(properties?.["id"] ?? "") === id);
  const post = postsOf(layout).get(id);
  return boundsOf(
    views.flatMap(({ geometry: view }) => {
      const geometry = view === null ? null : movedView(view, post, sensor);
      return geometry?.type === "Polygon" ? geometry.coordinates : geometry?.type === "MultiPolygon" ? geometry.coordinates.flat() : [];
    }),
  );
}

/** Where a mobile sensor of the layout is planned to go: along its route or within its area; null without a plan. */
export function plannedCourse(properties: GeoJsonProperties): Geometry | null {
  const [route, area] = [positions(properties?.["route"]), positions(properties?.["area"])];
  if (route.length > 1) return { type: "LineString", coordinates: route };
  return area.length > 2 ? { type: "LineString", coordinates: [...area, ...area.slice(0, 1)] } : null;
}

/** Where mobile sensors are planned to go, beside their fields of view. */
export function courseFeatures(layout: FeatureCollection | null): Feature[] {
  return (layout?.features ?? []).flatMap(({ properties }) => {
    const geometry = plannedCourse(properties);
    return geometry === null ? [] : [{ type: "Feature" as const, properties: { id: String(properties?.["id"] ?? ""), course: true }, geometry }];
  });
}

function positions(given: unknown): Position[] {
  if (!Array.isArray(given)) return [];
  return given.filter((one): one is Position => Array.isArray(one) && one.length === 2 && one.every((part) => Number.isFinite(part)));
}
