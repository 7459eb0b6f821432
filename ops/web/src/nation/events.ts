// What is open in all sectors, the most urgent first, and the announcement of what is new and urgent.

import { el, keyed, setData, setText } from "../ui/dom.ts";
import { say } from "../words/say.ts";
import { RANKS, type Event, type Picture } from "./picture.ts";
import { age } from "./table.ts";

const MOST_SHOWN = 100;

export function showEvents(list: HTMLElement, events: readonly Event[], titleOf: (sector: string) => string, nowMs: number): void {
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
  });
}

function create(): HTMLElement {
  const part = (name: string, code = false): HTMLElement => el("span", { class: name, code });
  return el("li", {}, el("a", {}, part("rank"), part("what", true), part("where", true), part("how"), part("before")));
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
