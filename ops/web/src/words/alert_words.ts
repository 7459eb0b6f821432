// What an alert says: its message in the words of this page, else the sentence in the server's language.

import { isOpen, responseAgeS } from "../model/alerts.ts";
import type { Alert, Said } from "../model/records.ts";
import { canSay, say } from "./say.ts";
import { withTrackNames } from "./track_names.ts";

export function sentenceOf({ message, sentence }: Said): string {
  if (canSay(message)) return say(withTrackNames(message));
  return sentence || say("page-alert-no-text");
}

export function headline(alert: Alert): string {
  return sentenceOf(alert.headline);
}

/** The name of a rule. */
export function ruleName(rule: string): string {
  return say("alert-rule", { rule });
}

/** The response estimate in one line, or that it is out of date, as are the times in the sentence about a track. */
export function responseLine(alert: Alert, nowMs: number): string {
  if (!isOpen(alert)) return "";
  const age = responseAgeS(alert, nowMs);
  if (age === null) return alert.response === null ? "" : sentenceOf(alert.response);
  return alert.response === null && alert.track === null ? "" : say("page-alert-outdated", { age });
}

/** Who acknowledged, cleared or rejected it, and why; or why it was cleared without an operator. */
export function handledLine(alert: Alert): string {
  if (alert.status === "active") return "";
  const { status, by } = alert;
  if (alert.autoCleared !== null) return sentenceOf(alert.autoCleared);
  const handled = by === "" ? say("page-alert-handled", { status }) : say("page-alert-handled-by", { status, by });
  return alert.reason === null ? handled : say("page-alert-reason", { handled, reason: sentenceOf(alert.reason) });
}
