// What the server knows of codes of goods: their titles, and how far they were checked.

import { list, object, text } from "./parse.ts";
import type { Tracing } from "./records.ts";

export const CODE_FIELDS = ["hs_code", "eccn", "eu_list"] as const;
export type CodeField = (typeof CODE_FIELDS)[number];
export type StatedCodes = Readonly<Record<CodeField, string>>;

export interface GoodsCode {
  readonly field: string;
  readonly code: string;
  /** Empty where the code exists, as far as `depth` says. */
  readonly fault: string;
  readonly depth: string;
  readonly nearest: string;
  readonly title: string;
}

/** The record whose codes were looked up; another day may have other titles. */
export function codesKey({ hsCode, eccn, euList }: Tracing, openedMs: number): string {
  return [hsCode, eccn, euList, openedMs].join(" ");
}

export function parseGoodsCodes(raw: unknown): readonly GoodsCode[] {
  return list(object(raw)?.["codes"]).map((entry) => {
    const body = object(entry);
    return {
      field: text(body?.["field"], 20),
      code: text(body?.["code"], 64),
      fault: text(body?.["fault"], 20),
      depth: text(body?.["depth"], 20),
      nearest: text(body?.["nearest"], 64),
      title: text(body?.["title"], 500),
    };
  });
}
