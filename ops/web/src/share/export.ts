// A file of what is shown, from the server; the person states the purpose.

import { openLogin, problemOf, RequestFailed } from "../net/api.ts";

export const FORMATS = ["gpkg", "geoparquet", "csv", "kml"] as const;
export const LAYERS = ["tracks", "positions", "incidents", "alerts", "sensors", "segments"] as const;

export interface ExportWish {
  readonly format: string;
  readonly layers: readonly string[];
  /** West, south, east, north; null: everywhere. */
  readonly bounds: readonly [number, number, number, number] | null;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly purpose: string;
}

export interface ExportedFile {
  readonly name: string;
  readonly content: Blob;
}

/** The server makes the file in up to two minutes, and may wait for another one. */
const TIMEOUT_MS = 180_000;

export function exportAddress({ format, layers, bounds, fromMs, untilMs }: ExportWish): string {
  const query = new URLSearchParams({ format, layers: layers.join(",") });
  query.set("from", new Date(fromMs).toISOString());
  query.set("until", new Date(untilMs).toISOString());
  if (bounds !== null) query.set("bbox", bounds.map((degrees) => degrees.toFixed(6)).join(","));
  return `/v1/export?${query.toString()}`;
}

export async function exportFile(wish: ExportWish): Promise<ExportedFile> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    const headers = { Purpose: wish.purpose };
    response = await fetch(exportAddress(wish), { credentials: "same-origin", headers, signal: timeout });
  } catch {
    throw new RequestFailed(timeout.aborted ? "page-net-timeout" : "page-net-unreachable", 0);
  }
  if (response.status === 401) openLogin();
  if (!response.ok) throw new RequestFailed(await problemOf(response), response.status);
  const name = /filename="([\w.-]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
  return { name: name ?? `watchline.${wish.format}`, content: await response.blob() };
}
