// The sectors as a table, in the order of the nation file: rows do not move under a reader.

import { el, keyed, setData, setText } from "../ui/dom.ts";
import { MISSING } from "../words/formats.ts";
import { count, probability } from "../words/format.ts";
import { say } from "../words/say.ts";
import type { Area } from "./geometry.ts";
import { coverageOf, stateOf } from "./map.ts";
import { RANKS, worst, type Row } from "./picture.ts";

const CELLS = ["open", "waiting", "sensors", "coverage", "posture", "fusion"] as const;
const COLUMNS: Readonly<Record<(typeof CELLS)[number], string>> = {
  open: "nation-page-column-open",
  waiting: "nation-page-column-waiting",
  sensors: "nation-page-column-sensors",
  coverage: "nation-page-column-coverage",
  posture: "nation-page-column-posture",
  fusion: "nation-page-column-fusion",
};

export class SectorTable {
  readonly #body: HTMLElement;
  readonly #chosen: (sector: string | null) => void;

  constructor(body: HTMLElement, chosen: (sector: string | null) => void) {
    this.#body = body;
    this.#chosen = chosen;
    body.addEventListener("keydown", (event) => this.#move(event));
    body.addEventListener("focusin", (event) => chosen(sectorOf(event.target)));
    body.addEventListener("focusout", () => chosen(null));
    body.addEventListener("pointerover", (event) => chosen(sectorOf(event.target)));
    body.addEventListener("pointerleave", () => chosen(sectorOf(document.activeElement)));
  }

  show(areas: readonly Area[], rows: ReadonlyMap<string, Row>, nowMs: number): void {
    keyed(this.#body, areas, ({ sector }) => sector, create, (node, area) => update(node, area, rows.get(area.sector), nowMs));
  }

  /** The arrow keys go from one sector's link to the next. */
  #move(event: KeyboardEvent): void {
    const links = [...this.#body.querySelectorAll<HTMLElement>("a[href]")];
    const at = links.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
    if (at < 0 || to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = links[Math.min(Math.max(to, 0), links.length - 1)];
    next?.focus();
    this.#chosen(sectorOf(next ?? null));
  }
}

function sectorOf(target: EventTarget | null): string | null {
  return target instanceof Element ? (target.closest<HTMLElement>("tr")?.dataset["key"] ?? null) : null;
}

function create(): HTMLElement {
  const link = el("a", { code: true });
  const open = el("ul", { class: "ranks" }, ...RANKS.map((rank) => el("li", { data: { rank } })));
  return el(
    "tr",
    {},
    el("th", {}, link, el("span", { class: "state" })),
    ...CELLS.map((name) => {
      const data = { label: say(COLUMNS[name]) };
      return name === "open" ? el("td", { class: name, data }, open, el("span")) : el("td", { class: name, data }, el("span", { class: "figure" }), el("span", { class: "detail" }));
    }),
  );
}

function update(node: HTMLElement, area: Area, row: Row | undefined, nowMs: number): void {
  const state = row?.state ?? "never";
  setData(node, "state", state);
  setData(node, "rank", worst(row) ?? "none");
  const head = node.children[0] as HTMLElement;
  head.setAttribute("scope", "row");
  const link = head.children[0] as HTMLAnchorElement;
  setText(link, area.title);
  if (state === "hidden") link.removeAttribute("href");
  else if (link.getAttribute("href") === null) link.href = `/sectors/${encodeURIComponent(area.sector)}`;
  setText(head.children[1] as HTMLElement, stateOf(row));
  for (const [index, name] of CELLS.entries()) {
    const cell = node.children[index + 1] as HTMLElement;
    if (name === "open") {
      showOpen(cell, row);
      continue;
    }
    const [figure, detail] = row === undefined || state === "hidden" ? [MISSING, ""] : FIGURES[name](row, nowMs);
    setText(cell.children[0] as HTMLElement, figure);
    setText(cell.children[1] as HTMLElement, detail);
  }
  setData(node.querySelector(".coverage") as HTMLElement, "coverage", coverageOf(row));
}

function showOpen(cell: HTMLElement, row: Row | undefined): void {
  const [ranks, none] = [cell.children[0] as HTMLElement, cell.children[1] as HTMLElement];
  const open = row?.open ?? null;
  ranks.hidden = open === null;
  setText(none, open === null ? MISSING : "");
  for (const [index, rank] of RANKS.entries()) {
    const entry = ranks.children[index] as HTMLElement;
    const number = open?.[rank] ?? 0;
    setData(entry, "count", String(number));
    if (entry.children.length === 0) entry.append(el("span", { class: "hidden-text" }), el("b"));
    setText(entry.children[0] as HTMLElement, `${say("alert-priority", { priority: rank })} `);
    setText(entry.children[1] as HTMLElement, count(number));
  }
}

type Figure = readonly [figure: string, detail: string];

const FIGURES: Readonly<Record<Exclude<(typeof CELLS)[number], "open">, (row: Row, nowMs: number) => Figure>> = {
  waiting(row, nowMs) {
    if (row.attention === null) return [MISSING, ""];
    return [count(row.attention), row.oldest === null ? "" : say("nation-page-oldest", { age: age(row.oldest, nowMs) })];
  },
  sensors(row) {
    if (row.sensors === null) return [MISSING, unknown(row)];
    const { working, others } = row.sensors;
    return [say("nation-page-of", { part: working, all: working + others }), others > 0 ? say("nation-page-sensors-lost", { count: others }) : ""];
  },
  coverage(row) {
    if (row.coverage === null || row.coverage.segments === 0) return [MISSING, unknown(row)];
    const { now, planned, segments } = row.coverage;
    return [probability(now / segments), say("nation-page-planned", { fraction: planned / segments, segments })];
  },
  posture(row) {
    if (row.posture === null) return [MISSING, unknown(row)];
    const { met, unmet, open } = row.posture;
    if (met + unmet + open === 0) return [MISSING, say("nation-page-no-sections")];
    return [say("nation-page-of", { part: met, all: met + unmet + open }), say("nation-page-posture", { unmet, open })];
  },
  fusion(row) {
    const lag = row.behind === null ? MISSING : row.behind === 0 ? say("nation-page-up-to-date") : say("nation-page-behind", { count: row.behind });
    return [row.state === "never" ? MISSING : lag, row.worker === null ? say("nation-page-no-worker") : row.worker.replace(/^\w+:\/\//, "")];
  },
};

function unknown(row: Row): string {
  return row.state === "current" ? say("nation-page-unknown") : say("nation-page-not-now");
}

/** Whole minutes since a time [s]. */
export function age(at: string, nowMs: number): number {
  return Math.max(Math.floor((nowMs - Date.parse(at)) / 60_000), 0) * 60;
}
