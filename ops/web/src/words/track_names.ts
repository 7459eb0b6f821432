// The names for radio in sentences that a server states with the identifiers of tracks.

import type { Message } from "./catalogue.ts";
import type { State } from "../model/state.ts";

let known: ReadonlyMap<string, string> = new Map();

/** Learn the names of the tracks in the picture and of those that incidents have had. */
export function learnTrackNames({ tracks, incidents }: Pick<State, "tracks" | "incidents">): void {
  const names = new Map<string, string>();
  for (const incident of incidents.values()) for (const { track, name } of incident.tracks) if (name !== "") names.set(track, name);
  for (const { id, name } of tracks.values()) if (name !== "") names.set(id, name);
  known = names;
}

/** What people call a track: the name for radio where one is known, else its identifier. */
export function spokenTrack(id: string): string {
  return known.get(id) ?? id;
}

/** A message whose tracks have their names for radio. */
export function withTrackNames(message: Message): Message {
  const { track, tracks } = message.parameters;
  const named: Record<string, Message["parameters"][string]> = {};
  if (typeof track === "string") named["track"] = spokenTrack(track);
  if (Array.isArray(tracks)) named["tracks"] = (tracks as readonly unknown[]).every((one) => typeof one === "string") ? (tracks as string[]).map(spokenTrack) : tracks;
  return Object.keys(named).length === 0 ? message : { ...message, parameters: { ...message.parameters, ...named } };
}
