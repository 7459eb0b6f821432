// The map of the nation: sectors as areas with their state, their border with its coverage, and what is open.

import { svg, svgText } from "../ui/svg.ts";
import { say } from "../words/say.ts";
import { clusters, fitting, middle, toPixels, type Area, type Cluster, type Point, type Size, type View } from "./geometry.ts";
import { EMPTY, type Picture, type Rank, type Row } from "./picture.ts";

const ZOOM = 1.6;
const CLOSEST = 4000;
const NAME_PX = 64;

/** Shapes differ by rank, so that they are told apart without colour. */
export const SHAPES: Readonly<Record<Rank, string>> = {
  distress: "M-13-13h26v26h-26z",
  high: "M0-16 16 12h-32z",
  medium: "M0-15 15 0 0 15-15 0z",
  low: "M0-12a12 12 0 1 0 .01 0z",
};

export class NationMap {
  readonly #root: SVGSVGElement;
  readonly #open: (sector: string) => void;
  #areas: readonly Area[] = [];
  #picture: Picture = EMPTY;
  #view: View | null = null;
  #size: Size = { width: 0, height: 0 };
  #chosen: string | null = null;
  #whole = true;
  #dragged = false;

  constructor(root: SVGSVGElement, open: (sector: string) => void) {
    this.#root = root;
    this.#open = open;
    new ResizeObserver(() => this.#resized()).observe(root);
    root.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.#zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM, [event.offsetX, event.offsetY]);
    }, { passive: false });
    this.#listenToDrags();
    root.addEventListener("click", (event) => this.#press(event));
  }

  show(areas: readonly Area[], picture: Picture): void {
    this.#areas = areas;
    this.#picture = picture;
    this.#draw();
  }

  /** Mark the sector that a row has the focus on. */
  choose(sector: string | null): void {
    this.#chosen = sector;
    for (const area of this.#root.querySelectorAll<SVGElement>(".area"))
      area.setAttribute("data-chosen", String(area.dataset["sector"] === sector));
  }

  zoomIn(): void {
    this.#zoom(ZOOM, [this.#size.width / 2, this.#size.height / 2]);
  }

  zoomOut(): void {
    this.#zoom(1 / ZOOM, [this.#size.width / 2, this.#size.height / 2]);
  }

  zoomAll(): void {
    this.#whole = true;
    this.#draw();
  }

  #resized(): void {
    this.#size = { width: this.#root.clientWidth, height: this.#root.clientHeight };
    this.#draw();
  }

  #zoom(factor: number, [x, y]: Point): void {
    const view = this.#view;
    if (view === null) return;
    const all = fitting(this.#areas, this.#size)?.scale ?? view.scale;
    const scale = Math.min(Math.max(view.scale * factor, all / 2), CLOSEST);
    const narrow = Math.cos((view.lat * Math.PI) / 180);
    const [dx, dy] = [x - this.#size.width / 2, y - this.#size.height / 2];
    const moved = 1 / view.scale - 1 / scale;
    this.#view = { lon: view.lon + (dx * moved) / narrow, lat: view.lat - dy * moved, scale };
    this.#whole = false;
    this.#draw();
  }

  /** A click opens what is there now: what was pressed may have been drawn again since. */
  #press(event: MouseEvent): void {
    if (this.#dragged) return;
    const there = document.elementFromPoint(event.clientX, event.clientY);
    const cluster = there?.closest<SVGElement>(".cluster") ?? null;
    const [first, ...others] = cluster?.dataset["sectors"]?.split(" ") ?? [];
    if (first !== undefined && others.length > 0) return this.#zoom(2 * ZOOM, [event.offsetX, event.offsetY]);
    const area = there?.closest<SVGElement>(".area") ?? null;
    const sector = first ?? area?.dataset["sector"];
    if (sector !== undefined && (first !== undefined || area?.dataset["state"] !== "hidden")) this.#open(sector);
  }

  #listenToDrags(): void {
    let from: { pointer: number; x: number; y: number; view: View } | null = null;
    this.#root.addEventListener("pointerdown", (event) => {
      this.#dragged = false;
      if (event.button === 0 && this.#view !== null) from = { pointer: event.pointerId, x: event.clientX, y: event.clientY, view: this.#view };
    });
    addEventListener("pointermove", (event) => {
      if (from === null || event.pointerId !== from.pointer || event.buttons === 0) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      if (!this.#dragged && Math.hypot(dx, dy) < 5) return;
      this.#dragged = true;
      const { lon, lat, scale } = from.view;
      this.#view = { lon: lon - dx / scale / Math.cos((lat * Math.PI) / 180), lat: lat + dy / scale, scale };
      this.#whole = false;
      this.#draw();
    });
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => (from = null));
  }

  #draw(): void {
    if (this.#size.width === 0) return;
    if (this.#whole) this.#view = fitting(this.#areas, this.#size);
    const view = this.#view;
    if (view === null) return this.#root.replaceChildren();
    const place = (point: Point): Point => toPixels(point, view, this.#size);
    const rows = this.#picture.rows;
    const marked = this.#areas.flatMap((area) => {
      const open = rows.get(area.sector)?.open;
      return open == null ? [] : [{ sector: area.sector, at: place(middle(area)), open }];
    });
    this.#root.setAttribute("viewBox", `0 0 ${this.#size.width} ${this.#size.height}`);
    this.#root.replaceChildren(
      hatching(),
      ...this.#areas.map((area) => this.#area(area, rows.get(area.sector), place)),
      ...clusters(marked).map((cluster) => this.#cluster(cluster)),
    );
  }

  #area(area: Area, row: Row | undefined, place: (point: Point) => Point): SVGElement {
    const ring = area.ring.map(place);
    const [xs, ys] = [ring.map(([x]) => x), ring.map(([, y]) => y)];
    const width = Math.max(...xs) - Math.min(...xs);
    const group = svg(
      "g",
      { class: "area", "data-sector": area.sector, "data-state": row?.state ?? "never", "data-chosen": String(area.sector === this.#chosen) },
      svg("title", {}, document.createTextNode(`${area.title}: ${stateOf(row)}`)),
      svg("polygon", { class: "outline", points: joined(ring) }),
    );
    if (area.line.length > 1) group.append(svg("polyline", { class: "border", "data-coverage": coverageOf(row), points: joined(area.line.map(place)) }));
    if (width >= NAME_PX)
      group.append(svgText(area.title, { class: "name", x: Math.min(...xs) + width / 2, y: Math.max(...ys) + 15 }));
    return group;
  }

  #cluster(cluster: Cluster): SVGElement {
    const [x, y] = cluster.at;
    const group = svg(
      "g",
      { class: "cluster", "data-rank": cluster.rank, "data-sectors": cluster.sectors.join(" "), transform: `translate(${x} ${y})` },
      svg("title", {}, document.createTextNode(say("nation-page-cluster", { rank: cluster.rank, count: cluster.count, all: cluster.all, sectors: cluster.sectors }))),
      svg("path", { d: SHAPES[cluster.rank] }),
      svgText(String(cluster.count), { class: "count", y: cluster.rank === "high" ? 8 : 5 }),
    );
    if (cluster.all > cluster.count)
      group.append(svgText(say("nation-page-cluster-more", { count: cluster.all - cluster.count }), { class: "more", x: 19, y: 5 }));
    return group;
  }
}

/** Whether a sector's border has the coverage that was planned. */
export function coverageOf(row: Row | undefined): "planned" | "less" | "unknown" {
  if (row?.coverage == null) return "unknown";
  return row.coverage.now >= row.coverage.planned ? "planned" : "less";
}

function joined(points: readonly Point[]): string {
  return points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
}

function hatching(): SVGElement {
  const pattern = svg("pattern", { id: "unknown", width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("path", { class: "hatch", d: "M0 0v8" }));
  return svg("defs", {}, pattern);
}

/** The state of a sector's picture in words. */
export function stateOf(row: Row | undefined): string {
  const state = row?.state === "silent" && row.heardAt === null ? "unreadable" : (row?.state ?? "never");
  return say("nation-page-state", { state, since: row?.heardAt ?? null });
}
