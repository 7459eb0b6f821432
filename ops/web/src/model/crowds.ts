// What may gather into clusters on the map, and what stays apart.

import type { Feature } from "geojson";
import { SYMBOL_TRACKS } from "./tracks.ts";

/** What gathers, each in a source of its own, once there are more than `above`. */
export const CROWDS = [
  { kind: "track", source: "track-crowd", above: SYMBOL_TRACKS },
  { kind: "sensor", source: "sensor-crowd", above: 60 },
  { kind: "unit", source: "unit-crowd", above: 60 },
] as const;
export type Crowd = (typeof CROWDS)[number]["kind"];

type Properties = Readonly<Record<string, unknown>>;

/** Split features into those that stay apart and those that may gather; none gather where there are few. */
export function gathered<F extends Feature>(kind: Crowd, features: readonly F[], apart: (properties: Properties) => boolean): [apart: F[], crowd: F[]] {
  const few = features.length <= (CROWDS.find((crowd) => crowd.kind === kind)?.above ?? 0);
  const stays = ({ properties }: F): boolean => few || apart(properties ?? {});
  return [features.filter(stays), features.filter((feature) => !stays(feature))];
}
