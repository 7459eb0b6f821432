// Requests to this server, and to no other: an answer, or a message why not.

import { object, readSaid } from "../model/parse.ts";
import type { Message } from "../words/catalogue.ts";

const TIMEOUT_MS = 10_000;

/** A message for the operator; `status` 0 when no answer came at all. */
export class RequestFailed extends Error {
  readonly problem: Message;
  readonly status: number;

  constructor(problem: Message | string, status: number) {
    const message = typeof problem === "string" ? { id: problem, parameters: {} } : problem;
    super(message.id);
    this.problem = message;
    this.status = status;
  }
}

/** Whether to ask again: the server did not answer, or could not at that time. */
export function isPassing(error: unknown): boolean {
  return error instanceof RequestFailed && (error.status === 0 || error.status === 429 || error.status >= 500);
}

/** The message of whatever was thrown. */
export function failure(error: unknown): Message {
  if (error instanceof RequestFailed) return error.problem;
  return { id: "page-net-refused", parameters: { sentence: error instanceof Error ? error.message : String(error) } };
}

export async function getJson(path: string, signal?: AbortSignal, timeoutMs = TIMEOUT_MS): Promise<unknown> {
  const response = await request(path, { method: "GET" }, signal, timeoutMs);
  return parse(response);
}

let credentials: RequestCredentials = "same-origin";

/**
 * This server knows no logins. Browsers keep requests without credentials apart from the others (Fetch standard,
 * "connections"), so an action then never waits until tiles or a slow answer free one of the six to a server.
 */
export function actWithoutLogin(): void {
  credentials = "omit";
}

/**
 * Send an operator's action; resolves once the server says that it is on its way. With a login it uses the connections
 * of the other requests, of which tiles leave some free (map/base_map.ts).
 */
export async function post(path: string, body: unknown = null): Promise<void> {
  const content = body === null ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  await request(path, { method: "POST", priority: "high", credentials, ...content });
}

/** Send an action and read the answer; see `post`. */
export async function postJson(path: string, body: unknown): Promise<unknown> {
  const headers = { "Content-Type": "application/json" };
  return parse(await request(path, { method: "POST", priority: "high", credentials, headers, body: JSON.stringify(body) }));
}

async function request(path: string, init: RequestInit, signal?: AbortSignal, timeoutMs = TIMEOUT_MS): Promise<Response> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const until = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  let response: Response;
  try {
    response = await fetch(path, { cache: "no-cache", credentials: "same-origin", ...init, signal: until });
  } catch {
    throw new RequestFailed(timeout.aborted ? "page-net-timeout" : "page-net-unreachable", 0);
  }
  if (response.status === 401) openLogin();
  if (!response.ok) throw new RequestFailed(await problemOf(response), response.status);
  return response;
}

/** Whether the person is logging out: the login page that follows leads the next person nowhere. */
let loggingOut = false;

export function setLoggingOut(now: boolean): void {
  loggingOut = now;
}

/** The login has ended: the login page opens, and leads back here. A worker leaves that to its pages. */
export function openLogin(): void {
  if (typeof document === "undefined" || loggingOut) return;
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** Refusals that a server states as a message of the catalogue, which the page says in its own language. */
const OWN_MESSAGES: ReadonlySet<string> = new Set(["incident-refused-goods-code"]);

/** The server's own sentence when it gave one. */
export async function problemOf(response: Response): Promise<Message> {
  try {
    const body = object(await response.json());
    const { message } = readSaid(body?.["message"], "");
    if (message !== null && OWN_MESSAGES.has(message.id)) return message;
    const sentence = body?.["error"];
    if (typeof sentence === "string" && sentence !== "") 
      return { id: "page-net-refused", parameters: { sentence: sentence.slice(0, 500) } };
  } catch {
    // not JSON: the status has to do
  }
  const parameters = { status: String(response.status), path: new URL(response.url).pathname };
  return { id: "page-net-status", parameters };
}

async function parse(response: Response): Promise<unknown> {
  let body: string;
  try {
    body = await response.text();
  } catch (error) { // the answer began and did not end: what came of the request is not known
    const late = error instanceof DOMException && error.code === DOMException.TIMEOUT_ERR;
    throw new RequestFailed(late ? "page-net-timeout" : "page-net-unreachable", 0);
  }
  try {
    return JSON.parse(body);
  } catch {
    throw new RequestFailed("page-net-unreadable", response.status);
  }
}
