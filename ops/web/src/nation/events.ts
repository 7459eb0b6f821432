// What is open in all sectors, the most urgent first, and the announcement of what is new and urgent.

import { el, keyed, setData, setText } from "../ui/dom.ts";
import { say } from "../words/say.ts";
import { RANKS, type Event, type EventJoin, type Picture } from "./picture.ts";
import { age } from "./table.ts";

const MOST_SHOWN = 100;

/** What a person may do with the incidents of events. */
export interface Acting {
  mayAct(join: EventJoin): boolean;
  separate(joins: readonly EventJoin[]): void;
  rejoin(join: EventJoin): void;
}

export function showEvents(list: HTMLElement, events: readonly Event[], titleOf: (sector: string) => string, nowMs: number, acting: Acting): void {
  keyed(list, events.slice(0, MOST_SHOWN), ({ key }) => key, create, (node, event) => {
    setData(node, "rank", event.rank);
    setData(node, "attention", String(event.attention));
    const link = node.children[0] as HTMLAnchorElement;
    const href = `/sectors/${encodeURIComponent(event.sector)}`;
    if (link.getAttribute("href") !== href) link.href = href;
    const [rank, name, where, state, before] = [...link.children] as HTMLElement[];
    if (rank === undefined || name === undefined || where === undefined || state === undefined || before === undefined) return;
    setText(rank, say("alert-priority", { priority: event.rank }));
    setText(name, event.name);
    setText(where, titleOf(event.sector));
    setText(state, say("nation-page-event-state", { state: event.state, attention: event.attention, age: age(event.openedAt, nowMs) }));
    setText(before, event.before.length === 0 ? "" : say("nation-page-continues", { names: event.before }));
    showJoins(node.children[1] as HTMLElement, event.joins, titleOf, acting);
  });
}

function create(): HTMLElement {
  const part = (name: string, code = false): HTMLElement => el("span", { class: name, code });
  return el("li", {}, el("a", {}, part("rank"), part("what", true), part("where", true), part("how"), part("before")), el("div", { class: "joins" }, el("ul"), el("button", { type: "button", data: { testid: "separate" } }, say("nation-page-do", { action: "separate" }))));
}

/** What was separated, by whom, and what the person may separate or join again. */
function showJoins(node: HTMLElement, joins: readonly EventJoin[], titleOf: (sector: string) => string, acting: Acting): void {
  const [list, button] = [...node.children] as [HTMLElement, HTMLButtonElement];
  const separated = joins.filter((join) => join.separated !== null);
  const joined = joins.filter((join) => join.separated === null && acting.mayAct(join));
  node.hidden = separated.length + joined.length === 0;
  button.hidden = joined.length === 0;
  button.onclick = () => acting.separate(joined);
  keyed(list, separated, ({ key }) => key, createJoin, (line, join) => {
    const [words, again] = [...line.children] as [HTMLElement, HTMLButtonElement];
    setText(words, say("nation-page-separated", { pair: pairOf(join, titleOf), by: join.separated?.by ?? "", at: join.separated?.at ?? "" }));
    again.hidden = !acting.mayAct(join);
    again.onclick = () => acting.rejoin(join);
  });
}

function createJoin(): HTMLElement {
  return el("li", {}, el("span"), el("button", { type: "button", data: { testid: "rejoin" } }, say("nation-page-do", { action: "rejoin" })));
}

/** Both incidents of a join, by name and sector. */
export function pairOf(join: EventJoin, titleOf: (sector: string) => string): string {
  return say("nation-page-pair", { name: join.name, sector: titleOf(join.sector), before: join.beforeName, other: titleOf(join.beforeSector) });
}

/** What a screen reader says of unacknowledged distress and high priority that is new, or was less urgent; empty for none. */
export function news(before: Picture, now: Picture, titleOf: (sector: string) => string): string {
  if (before.atMs === null) return "";
  const known = new Map(before.events.map(({ key, rank }) => [key, RANKS.indexOf(rank)]));
  const fresh = now.events.filter(
    ({ key, attention, rank }) => attention && (rank === "distress" || rank === "high") && RANKS.indexOf(rank) < (known.get(key) ?? RANKS.length),
  );
  return fresh.slice(0, 3).map(({ rank, sector }) => say("nation-page-news", { rank, sector: titleOf(sector) })).join(" ");
}
