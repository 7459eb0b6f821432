// The pictures of an incident at the server, and what a person sees on them.

import { list, moment, number, object, text } from "../model/parse.ts";
import { getJson } from "./api.ts";

export const SHOWN = ["person", "vehicle", "animal", "nothing", "unclear"] as const;
export type Shown = (typeof SHOWN)[number];

export interface Picture {
  readonly id: number;
  readonly sensor: string;
  readonly observedMs: number;
  /** SHA-256 of the file. */
  readonly sha256: string;
  readonly azimuthDeg: number | null;
  readonly reported: string;
  readonly stored: boolean;
  /** Code of the reason why it is not shown; empty for one that is. A clip is not shown to everyone. */
  readonly problem: string;
  readonly shown: string;
  readonly by: string;
  /** Whether it is shown as it was taken. */
  readonly sharp: boolean;
  readonly address: string;
  /** Whether it is a clip, which a player shows. */
  readonly clip: boolean;
}

export async function picturesOf(incident: string): Promise<readonly Picture[]> {
  const base = `/v1/incidents/${encodeURIComponent(incident)}/pictures`;
  return list(object(await getJson(base))?.["pictures"]).flatMap((raw) => read(raw, base));
}

function read(raw: unknown, base: string): Picture[] {
  const body = object(raw);
  const id = number(body?.["id"]);
  const observedMs = moment(body?.["observed_at"]);
  if (body === null || id === null || observedMs === null) return [];
  return [
    {
      id,
      sensor: text(body["sensor"], 64),
      observedMs,
      sha256: text(body["picture"], 64),
      azimuthDeg: number(body["azimuth_deg"]),
      reported: text(body["reported"], 20),
      stored: body["state"] === "stored" && text(body["problem"], 20) === "",
      problem: text(body["problem"], 20),
      shown: text(body["shown"], 20),
      by: text(body["by"], 80),
      sharp: body["sharp"] === true,
      address: `${base}/${id}`,
      clip: text(body["type"], 20).startsWith("video/"),
    },
  ];
}
