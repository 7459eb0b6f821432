// The national page: one picture, kept equal to the server's, as totals, events, a map and a table.

import "./words.ts";
import { ServerClock } from "../model/clock.ts";
import { failure, getJson, isPassing } from "../net/api.ts";
import { GrowingPause } from "../net/growing_pause.ts";
import { showPerson } from "../panels/person.ts";
import { el, part, setData, setText } from "../ui/dom.ts";
import { Settings } from "../ui/settings.ts";
import { svg } from "../ui/svg.ts";
import { Theme } from "../ui/theme.ts";
import { count, probability, utcClock } from "../words/format.ts";
import { say } from "../words/say.ts";
import { news, showEvents, type Acting } from "./events.ts";
import { readActsIn, readAreas, type Area } from "./geometry.ts";
import { follow } from "./link.ts";
import { JoinDialog } from "./join_dialog.ts";
import { NationMap, SHAPES } from "./map.ts";
import { after, EMPTY, quietOf, RANKS, totals, type Picture } from "./picture.ts";
import { SectorTable } from "./table.ts";

const TICK_MS = 1000;
const page = document.documentElement;

let areas: readonly Area[] = [];
/** Sectors in which the person may act on incidents. */
let actsIn: ReadonlySet<string> = new Set();
let picture: Picture = EMPTY;
const clock = new ServerClock();
let lastMs = Number.NaN;

new Theme();
new Settings();
const open = (sector: string): void => location.assign(`/sectors/${encodeURIComponent(sector)}`);
const map = new NationMap(document.getElementById("map") as unknown as SVGSVGElement, open);
const table = new SectorTable(part("rows"), (sector) => map.choose(sector));
part("zoom-in").addEventListener("click", () => map.zoomIn());
part("zoom-out").addEventListener("click", () => map.zoomOut());
part("zoom-all").addEventListener("click", () => map.zoomAll());

const titleOf = (sector: string): string => areas.find((area) => area.sector === sector)?.title ?? sector;
const joins = new JoinDialog(titleOf, (name, problem) => tell(problem === "" ? "" : `${name}: ${problem}`));
const acting: Acting = {
  mayAct: ({ sector, beforeSector }) => actsIn.has(sector) && actsIn.has(beforeSector),
  separate: (joined) => joins.open("separate", joined),
  rejoin: (join) => joins.open("rejoin", [join]),
};
const nowMs = (): number => (clock.known ? clock.now(performance.now()) : Date.now());

function tell(problem: string): void {
  const box = part("problem");
  box.hidden = problem === "";
  setText(box, problem);
}

function streamIs(state: "connecting" | "open" | "lost"): void {
  page.dataset["stream"] = state;
  setData(part("stream-state"), "state", state);
  setText(part("stream-state"), say("nation-page-stream", { state }));
}

function show(): void {
  map.show(areas, picture);
  showTotals();
  showAges();
  setData(page, "events", String(picture.events.length));
}

function showAges(): void {
  table.show(areas, picture.rows, nowMs());
  showEvents(part("incident-list"), picture.events, titleOf, nowMs(), acting);
  setText(part("clock-utc"), utcClock(nowMs()));
}

/** What is known of all sectors together, and of how many it is known. */
function showTotals(): void {
  const sums = totals(picture);
  const entries: [string, string, string][] = RANKS.map((rank) => [rank, say("alert-priority", { priority: rank }), count(sums.open[rank])]);
  entries.push(["waiting", say("nation-page-total-waiting"), count(sums.attention)]);
  entries.push(["current", say("nation-page-total-current"), say("nation-page-of", { part: sums.current, all: sums.shown })]);
  if (sums.hidden > 0) entries.push(["hidden", say("nation-page-total-hidden"), count(sums.hidden)]);
  entries.push(["sensors", say("nation-page-total-sensors", { sectors: sums.sensors.sectors }), say("nation-page-of", { part: sums.sensors.working, all: sums.sensors.all })]);
  const { now, planned, segments, sectors } = sums.coverage;
  if (segments > 0)
    entries.push(["coverage", say("nation-page-total-coverage", { sectors, planned: planned / segments }), probability(now / segments)]);
  part("totals").replaceChildren(
    ...entries.map(([name, title, value]) => el("li", { data: { name, value, testid: `total-${name}` } }, el("span", {}, title), " ", el("b", {}, value))),
  );
  const quiet = quietOf(picture, page.dataset["stream"] === "lost");
  setText(part("incidents-note"), picture.atMs === null ? say("nation-page-loading") : say("nation-page-incidents-note", { quiet, silent: sums.shown - sums.current }));
}

function showLegend(): void {
  const mark = (rank: (typeof RANKS)[number]): SVGElement =>
    svg("svg", { viewBox: "-18 -18 36 36", "aria-hidden": "true", class: "mark" }, svg("g", { class: "cluster", "data-rank": rank }, svg("path", { d: SHAPES[rank] })));
  const line = (coverage: string): SVGElement =>
    svg("svg", { viewBox: "0 0 36 18", "aria-hidden": "true", class: "mark" }, svg("path", { class: "border", "data-coverage": coverage, d: "M1 9h34" }));
  const area = (state: string): SVGElement =>
    svg("svg", { viewBox: "0 0 36 18", "aria-hidden": "true", class: "mark" }, svg("g", { class: "area", "data-state": state }, svg("rect", { class: "outline", x: 2, y: 2, width: 32, height: 14 })));
  const entries: [SVGElement, string][] = [
    ...RANKS.map((rank): [SVGElement, string] => [mark(rank), say("alert-priority", { priority: rank })]),
    [line("planned"), say("nation-page-legend-planned")],
    [line("less"), say("nation-page-legend-less")],
    [line("unknown"), say("nation-page-legend-unknown")],
    [area("silent"), say("nation-page-legend-silent")],
    [area("hidden"), say("nation-page-legend-hidden")],
  ];
  part("legend").replaceChildren(...entries.map(([sign, words]) => el("li", {}, sign, words)));
}

/** Asked again while the server does not answer, such as while it is started again. */
async function awaitSectors(): Promise<unknown> {
  const pause = new GrowingPause();
  for (;;) {
    try {
      return await getJson("/v1/nation/sectors");
    } catch (error) {
      if (!isPassing(error)) throw error;
      stateFailure(error);
      await pause.next();
    }
  }
}

function stateFailure(error: unknown): void {
  streamIs("lost");
  tell(say(failure(error)));
}

async function begin(): Promise<void> {
  streamIs("connecting");
  showLegend();
  const person = await showPerson();
  const opened = await awaitSectors();
  areas = readAreas(opened);
  actsIn = readActsIn(opened);
  const title = (opened as { title?: unknown }).title;
  const name = typeof title === "string" ? title : "";
  setText(part("nation-name"), name);
  document.title = name === "" ? "Watchline" : `${name} – Watchline`;
  part("map").setAttribute("aria-label", say("nation-page-map", { count: areas.length }));
  if (person === null) return;
  show();
  void follow({
    opened() {
      tell("");
      streamIs("open");
    },
    event(event, data) {
      const before = picture;
      picture = after(picture, event, data);
      if (picture.atMs !== null && picture.atMs !== lastMs) {
        lastMs = picture.atMs;
        clock.add(picture.atMs, performance.now());
      }
      if (event === "beat") return;
      show();
      const said = news(before, picture, titleOf);
      if (said !== "") part("announce").replaceChildren(el("span", {}, said)); // said again, even if it is the same
    },
    lost(problem) {
      streamIs("lost");
      showTotals();
      tell(Number.isNaN(lastMs) ? say(problem) : say("nation-page-lost", { reason: problem, at: lastMs }));
    },
  });
  setInterval(showAges, TICK_MS);
}

begin().catch(stateFailure);
