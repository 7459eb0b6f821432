// The words of this page: one catalogue, set before anything is shown.

import type { Catalogue, Message } from "./catalogue.ts";
import type { Formats } from "./formats.ts";

let spoken: Catalogue | null = null;

/** From now on everything is said in these words. */
export function speak(catalogue: Catalogue): void {
  spoken = catalogue;
}

export function words(): Catalogue {
  if (spoken === null) throw new Error("say() was called before speak()");
  return spoken;
}

export function formats(): Formats {
  return words().formats;
}

/** The sentence of a message, in the language and units of this page. */
export function say(message: Message | string, parameters: Message["parameters"] = {}): string {
  return typeof message === "string"
    ? words().say(message, parameters)
    : words().say(message.id, message.parameters);
}

/** Whether the catalogue has a message. */
export function canSay(message: Message | null): message is Message {
  return message !== null && words().has(message.id);
}

/** Coordinates and other code, which run from left to right in every language. */
export function code(text: string): string {
  return words().rightToLeft ? `\u2066${text}\u2069` : text;
}
