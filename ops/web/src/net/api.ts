// Requests to this server, and to no other: an answer, or a sentence why not.

const TIMEOUT_MS = 10_000;

/** A sentence for the operator; `status` 0 when no answer came at all. */
export class RequestFailed extends Error {
  readonly status: number;

  constructor(sentence: string, status: number) {
    super(sentence);
    this.status = status;
  }
}

export async function getJson(path: string, signal?: AbortSignal): Promise<unknown> {
  const response = await request(path, { method: "GET" }, signal);
  return parse(response);
}

/**
 * Send an operator's action; resolves once the server says that it is on its way.
 *
 * Without credentials, of which this server has none: browsers keep such connections apart from the others (Fetch
 * standard, "connections"), so an action never waits until tiles or a slow answer free one of the six to a server.
 */
export async function post(path: string, body: unknown = null): Promise<void> {
  const content = body === null ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  await request(path, { method: "POST", credentials: "omit", ...content });
}

async function request(path: string, init: RequestInit, signal?: AbortSignal): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const until = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  let response: Response;
  try {
    response = await fetch(path, { cache: "no-cache", credentials: "same-origin", ...init, signal: until });
  } catch {
    throw new RequestFailed(
      timeout.aborted ? "The server did not answer in time." : "The server cannot be reached.",
      0,
    );
  }
  if (!response.ok) throw new RequestFailed(await sentenceOf(response), response.status);
  return response;
}

/** The server's own sentence when it gave one. */
export async function sentenceOf(response: Response): Promise<string> {
  try {
    const body: unknown = await response.json();
    const sentence = (body as { error?: unknown } | null)?.error;
    if (typeof sentence === "string" && sentence !== "") return sentence.slice(0, 500);
  } catch {
    // not JSON: the status has to do
  }
  return `The server answered ${response.status} to ${new URL(response.url).pathname}.`;
}

async function parse(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    throw new RequestFailed("The server's answer could not be read.", response.status);
  }
}
