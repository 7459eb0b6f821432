// The name of a sensor on the map, with the age of its position once that is old.

import type { Pose } from "../model/records.ts";
import { say } from "./say.ts";

const OLD_S = 15;

export function nameWithAge(name: string, pose: Pose | null, nowMs: number): string {
  const ageS = pose === null ? 0 : (nowMs - pose.statedMs) / 1000;
  if (!(ageS > OLD_S)) return name;
  const step = ageS < 60 ? 10 : 30; // so that it is not drawn again each second
  return say("page-map-sensor-old", { sensor: name, age: Math.round(ageS / step) * step });
}
