// Details of what stands still: sensors and border segments.

import { count, degrees, duration, metres, percent } from "./format.ts";
import { number, text, readable } from "../model/parse.ts";
import type { Sensor } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { stateOf, stateLabel } from "../model/blind_spots.ts";
import type { Fact } from "../ui/dom.ts";
import { propertyOf, whereFacts, type Details } from "./facts.ts";
import { kindLabel } from "./labels.ts";

export function describeSensor(id: string, state: State, nowMs: number): Details | null {
  const sensor = state.sensors.get(id);
  if (sensor === undefined) return null;
  const since = sensor.sinceMs === null ? "" : ` for ${duration((nowMs - sensor.sinceMs) / 1000)}`;
  const lead = leadOf(sensor, since);
  const alerts = [...state.alerts.values()].filter(
    (alert) => alert.sensor === id && (alert.status === "active" || alert.status === "acknowledged"),
  );
  return {
    kind: kindLabel(sensor.kind),
    title: readable(id),
    lead: lead.charAt(0).toUpperCase() + lead.slice(1),
    sections: [
      ...(sensor.faults.length === 0
        ? []
        : [
            {
              title: "Faults",
              facts: sensor.faults.map(([fault, finding]) => [fault.replaceAll("_", " "), finding] as const),
            },
          ]),
      { title: "Field of view", facts: viewFacts(id, state) },
      { title: "Messages", facts: messageFacts(id, state) },
      { title: "Where", facts: whereFacts(sensor) },
    ],
    shares: [],
    links: alerts.map((alert) => ({
      label: `Alert: ${alert.rule.replaceAll("_", " ")}`,
      to: { kind: "alert", id: alert.id },
    })),
    place: sensor,
    alert: alerts[0] ?? null,
  };
}

function leadOf(sensor: Sensor, since: string): string {
  if (sensor.state === "ok") return "Reports. What it can see of the ground is in the layers.";
  if (sensor.state === "degraded") return `${stateOf(sensor)}: it reports, but do not rely on it alone.`;
  return `${stateLabel(sensor.state)}${since}: nobody watches its field of view with it.`;
}

function viewFacts(id: string, state: State): Fact[] {
  const feature = state.layout.value?.features.find(
    (entry) => propertyOf(entry, "id") === id && entry.geometry?.type === "Point",
  );
  const value = (name: string): number | null => number(propertyOf(feature, name));
  const [near, far] = [value("min_range_m"), value("max_range_m")];
  const width = value("field_of_view_deg");
  return [
    ["Range", far === null ? "–" : `${near ? `${metres(near)} to ` : "to "}${metres(far)}`],
    [
      "Width",
      width === null
        ? "–"
        : width >= 360
          ? "all round"
          : `${Math.round(width)}° about ${degrees(value("azimuth_deg"))} true`,
    ],
    ["Mast", metres(value("mast_height_m"), 1)],
    ["Ground", metres(value("ground_m"))],
    ["Reports by", reportsBy(text(propertyOf(feature, "reports_by"), 20), propertyOf(feature, "linked"))],
  ];
}

/** How a sensor reports; what the terrain says of its link is a plan, and its reports are the proof. */
function reportsBy(way: string, linked: unknown): string {
  const words = way === "" ? "–" : way.replaceAll("_", " ");
  return linked === false ? `${words}; no link to a base over this terrain` : words;
}

function messageFacts(id: string, state: State): Fact[] {
  const counts = state.counts.get(id);
  if (counts === undefined) return [["Received", "–"]];
  return [
    ["Received", count(counts.received)],
    ["Journaled", count(counts.journaled)],
    ["Duplicate", count(counts.duplicate)],
    ["Dead letters", count(counts.deadLettered)],
    ["Shed", count(counts.shed)],
    ...(counts.implausible === null ? [] : [["Of these implausible", count(counts.implausible)] as const]),
  ];
}

export function describeSegment(id: string, state: State): Details | null {
  const all = state.segments.value ?? state.border.value;
  const feature = all?.features.find((entry) => String(propertyOf(entry, "segment")) === id);
  if (feature === undefined) return null;
  const from = number(propertyOf(feature, "chainage_from_m") ?? propertyOf(feature, "start_m"));
  const to = number(propertyOf(feature, "chainage_to_m") ?? propertyOf(feature, "end_m"));
  const hidden = number(propertyOf(feature, "hidden_share"));
  const section = text(propertyOf(feature, "section"), 80);
  const tracks = [...state.tracks.values()].filter(({ segment }) => String(segment) === id).length;
  return {
    kind: "Border segment",
    title: `Segment ${readable(id)}`,
    lead:
      hidden === null
        ? "How much of it is hidden is not known here."
        : `${percent(hidden)} of the ground along it is hidden from every sensor.`,
    sections: [
      {
        title: "Segment",
        facts: [
          [
            "Along the border",
            from === null || to === null ? "–" : `km ${(from / 1000).toFixed(2)} to ${(to / 1000).toFixed(2)}`,
          ],
          ...(section === "" ? [] : [["Section", section] as const]),
          ["Hidden share", percent(hidden)],
          ["Tracks at it now", String(tracks)],
        ],
      },
    ],
    shares: [],
    links: [],
    place: null,
    alert: null,
  };
}
