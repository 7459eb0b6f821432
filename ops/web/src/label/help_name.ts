// The nearest help and its time have one name on the map: that of the unit or base where it is in view, else one on the line.

import type { Feature, LineString, Point } from "geojson";
import type { Named } from "./label_map.ts";

/** What is needed of the map. */
export interface InView {
  contains(place: Feature<Point>): boolean;
  /** The middle of what is in view of a line; null where nothing is. */
  middle(line: Feature<LineString>): Feature<Point> | null;
}

/** Things with names, of which the nearest help states its time: `by` of the line names its kind and id. */
export function withHelp(things: readonly Named[], lines: readonly Feature<LineString>[], view: InView): Named[] {
  return lines.reduce<Named[]>((named, line) => {
    const { by, name, label } = line.properties ?? {};
    if (label === "") return named;
    const index = named.findIndex(({ kind, feature }) => `${kind} ${feature.properties?.["id"]}` === by && view.contains(feature));
    const found = named[index];
    if (found !== undefined) {
      const own = String(found.feature.properties?.["label"]); // with the age of the position where that is not current
      const properties = { ...found.feature.properties, label: own.includes(name) ? own.replace(name, () => label) : label, nearest: true };
      return named.with(index, { kind: found.kind, feature: { ...found.feature, properties } });
    }
    const feature = view.middle(line);
    return feature === null ? named : [...named, { kind: "help", feature: { ...feature, properties: { ...feature.properties, nearest: true } } }];
  }, [...things]);
}
