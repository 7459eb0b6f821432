// A small map on a canvas: the carried tiles, the border, bases, units, incidents and meeting points, and this phone. Its
// own, because a map library alone is twice what the whole page may weigh, and needs WebGL.

import { ELLIPSE_95, type NamedArea, type Place } from "../model/records.ts";
import { part } from "../ui/dom.ts";
import { formats, say } from "../words/say.ts";
import type { FieldIncident } from "./records.ts";
import { acrossOf, colour, downOf, type CarriedMap } from "./tiles.ts";
import type { Fix, Unit } from "./unit.ts";

const TILE_PX = 256;
const CLOSEST = 17;
const FARTHEST = 6;
const TAP_PX = 32;
const STEP_PX = 80;
const EQUATOR_M = 40_075_016.686;

interface View {
  x: number;
  y: number;
  zoom: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

export class FieldMap {
  readonly #unit: Unit;
  readonly #carried: CarriedMap;
  readonly #onPick: (incident: FieldIncident) => void;
  readonly #frame = part("map");
  readonly #canvas = part<HTMLCanvasElement>("map-canvas");
  readonly #pointers = new Map<number, Point>();
  #view: View | null = null;
  #asked = 0;
  #moved = 0;
  selected = "";

  constructor(unit: Unit, carried: CarriedMap, onPick: (incident: FieldIncident) => void) {
    this.#unit = unit;
    this.#carried = carried;
    this.#onPick = onPick;
    new ResizeObserver(() => this.show()).observe(this.#frame);
    this.#frame.addEventListener("keydown", (event) => this.#key(event));
    this.#canvas.addEventListener("pointerdown", (event) => {
      this.#canvas.setPointerCapture(event.pointerId);
      this.#pointers.set(event.pointerId, at(event));
      this.#moved = 0;
    });
    this.#canvas.addEventListener("pointermove", (event) => this.#drag(event));
    for (const name of ["pointerup", "pointercancel"] as const)
      this.#canvas.addEventListener(name, (event) => {
        if (this.#pointers.delete(event.pointerId) && name === "pointerup" && this.#moved < 8) this.#pick(at(event));
      });
    this.#canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.#zoom(event.deltaY < 0 ? 0.5 : -0.5, at(event));
    }, { passive: false });
    part("map-in").addEventListener("click", () => this.#zoom(1));
    part("map-out").addEventListener("click", () => this.#zoom(-1));
    part("map-own").addEventListener("click", () => this.#home());
  }

  /** Draw at the next frame. */
  show(): void {
    if (this.#frame.offsetParent === null) return;
    cancelAnimationFrame(this.#asked);
    this.#asked = requestAnimationFrame(() => this.#draw());
  }

  /** Bring a place to the middle. */
  goTo(place: Place): void {
    this.#view = { x: acrossOf(place.lon), y: downOf(place.lat), zoom: Math.max(this.#view?.zoom ?? 0, 13) };
    this.show();
  }

  #home(): void {
    const own = this.#own();
    if (own !== null) this.goTo(own);
    else this.#view = null;
    this.show();
  }

  #own(): Fix | null {
    const { fix, state } = this.#unit;
    const known = state?.position ?? null;
    return fix ?? (known === null ? null : { lon: known.lon, lat: known.lat, sdM: null, atMs: known.observedMs ?? 0 });
  }

  /** The own position or the first incident in the middle; else the middle of the area. */
  #start(): View | null {
    const place = this.#own() ?? this.#unit.state?.incidents.find((one) => one.place !== null)?.place ?? null;
    if (place !== null) return { x: acrossOf(place.lon), y: downOf(place.lat), zoom: 12.5 };
    const area = this.#carried.area;
    if (area === null) return null;
    const [west, south, east, north] = area.bounds;
    return { x: acrossOf((west + east) / 2), y: downOf((south + north) / 2), zoom: 10 };
  }

  #draw(): void {
    const { width, height } = this.#frame.getBoundingClientRect();
    const density = devicePixelRatio;
    this.#canvas.width = Math.max(1, Math.round(width * density));
    this.#canvas.height = Math.max(1, Math.round(height * density));
    const context = this.#canvas.getContext("2d");
    this.#view ??= this.#start();
    if (context === null || this.#view === null) return;
    context.scale(density, density);
    context.fillStyle = colour("--map-paper");
    context.fillRect(0, 0, width, height);
    const names = this.#drawTiles(context, this.#view, width, height);
    this.#drawOver(context, names);
    this.#showScale(this.#view);
    this.#frame.dataset["drawn"] = String(Number(this.#frame.dataset["drawn"] ?? 0) + 1);
  }

  /** Pixels of a place from the upper left corner. */
  #at(x: number, y: number): Point {
    const view = this.#view as View;
    const scale = TILE_PX * 2 ** view.zoom;
    return { x: (x - view.x) * scale + this.#frame.clientWidth / 2, y: (y - view.y) * scale + this.#frame.clientHeight / 2 };
  }

  #placed({ lon, lat }: Place): Point {
    return this.#at(acrossOf(lon), downOf(lat));
  }

  /** Draw the tiles that are there, coarser ones where finer are missing; return the names on them. */
  #drawTiles(context: CanvasRenderingContext2D, view: View, width: number, height: number): { name: string; at: Point; rank: number }[] {
    const area = this.#carried.area;
    const names: { name: string; at: Point; rank: number }[] = [];
    if (area === null) return names;
    const z = Math.max(area.minzoom, Math.min(area.maxzoom, Math.round(view.zoom)));
    const side = 2 ** z;
    const px = TILE_PX * 2 ** (view.zoom - z);
    const [left, top] = [view.x * side - width / 2 / px, view.y * side - height / 2 / px];
    for (let x = Math.floor(left); x <= left + width / px; x += 1)
      for (let y = Math.floor(top); y <= top + height / px; y += 1) {
        if (y < 0 || y >= side) continue;
        const corner = this.#at(x / side, y / side);
        for (let up = 0; up <= z - area.minzoom; up += 1) {
          const whole = ((x % side) + side) % side;
          const drawn = this.#carried.tile(z - up, whole >> up, y >> up);
          if (drawn === null) continue;
          const part = drawn.picture.width / 2 ** up;
          context.drawImage(drawn.picture, (whole - ((whole >> up) << up)) * part, (y - ((y >> up) << up)) * part, part, part, corner.x, corner.y, px + 0.5, px + 0.5);
          if (up === 0) for (const { name, x: across, y: down, rank } of drawn.names) names.push({ name, rank, at: { x: corner.x + across * px, y: corner.y + down * px } });
          break;
        }
      }
    return names;
  }

  #drawOver(context: CanvasRenderingContext2D, names: { name: string; at: Point; rank: number }[]): void {
    const [ink, halo] = [colour("--map-ink"), colour("--map-halo")];
    const now = this.#unit.now();
    context.lineJoin = "round";
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const taken: { x: number; y: number; w: number }[] = [];
    const write = (text: string, { x, y }: Point, bold = false, fill = ink): void => {
      context.font = `${bold ? 700 : 400} ${rem * 0.8}px system-ui, sans-serif`;
      const w = context.measureText(text).width;
      if (taken.some((one) => Math.abs(one.x - x) < (one.w + w) / 2 && Math.abs(one.y - y) < rem)) return;
      taken.push({ x, y, w });
      context.textAlign = "center";
      context.lineWidth = 4;
      context.strokeStyle = halo;
      context.strokeText(text, x, y);
      context.fillStyle = fill;
      context.fillText(text, x, y);
    };
    const labels: [text: string, at: Point, bold: boolean, fill?: string][] = [];
    const dangers: [text: string, at: Point, bold: boolean][] = [];
    for (const area of this.#carried.area?.areas ?? []) (area.kind === "danger" ? dangers : labels).push(this.#drawArea(context, area));
    this.#drawBorder(context);
    const { state } = this.#unit;
    const own = this.#own();
    for (const base of this.#carried.area?.bases ?? []) {
      const p = this.#placed(base);
      square(context, p, 6, ink, halo);
      labels.push([base.name, { x: p.x, y: p.y + 8 + rem }, false]);
    }
    for (const other of state?.units ?? []) {
      const p = this.#placed(other.place);
      const seconds = other.observedMs === null ? null : roughly(age(now, other.observedMs));
      circle(context, p, 8, colour("--unit"), ink);
      labels.unshift([`${other.unit} (${formats().duration(seconds)})`, { x: p.x, y: p.y - 12 }, true]);
    }
    const incidents = [...(state?.incidents ?? [])].map((incident, index) => ({ incident, rank: index + 1 })).reverse();
    for (const { incident, rank } of incidents) {
      const { place, priority, sdM } = incident;
      if (place === null) continue;
      const p = this.#placed(place);
      const isSelected = incident.id === this.selected;
      const fill = colour(`--${priority}`);
      const meet = incident.reach?.meet ?? null;
      if (isSelected && meet !== null) labels.unshift(this.#drawMeet(context, own, meet));
      if (isSelected && sdM !== null) ring(context, p, (sdM * ELLIPSE_95) / this.#metresPerPx(), fill);
      mark(context, p, priority, isSelected ? 16 : 12, fill, halo);
      context.font = `700 ${rem * 0.8}px system-ui, sans-serif`;
      context.textAlign = "center";
      context.fillStyle = colour("--on-priority");
      context.fillText(String(rank), p.x, p.y + rem * 0.28);
      labels.unshift([incident.name, { x: p.x, y: p.y - 20 }, isSelected || priority === "distress"]);
    }
    if (own !== null) this.#drawOwn(context, own);
    for (const label of [...dangers, ...labels]) write(...label);
    for (const { name, at: p } of names.sort((one, other) => one.rank - other.rank)) write(name, p, false, colour("--map-place"));
  }

  /** The outline of a named area, and its label. */
  #drawArea(context: CanvasRenderingContext2D, { name, kind, polygons }: NamedArea): [string, Point, boolean] {
    const danger = kind === "danger";
    context.strokeStyle = colour(danger ? "--high" : "--map-ink");
    context.lineWidth = danger ? 3 : 1.5;
    context.setLineDash(danger ? [] : [7, 4]);
    const corners: Point[] = [];
    for (const rings of polygons)
      for (const [index, ring] of rings.entries()) {
        const points = ring.map(([lon, lat]) => this.#placed({ lon, lat }));
        if (index === 0) corners.push(...points);
        path(context, points);
      }
    context.setLineDash([]);
    const [left, right] = [Math.min(...corners.map(({ x }) => x)), Math.max(...corners.map(({ x }) => x))];
    const [top, bottom] = [Math.min(...corners.map(({ y }) => y)), Math.max(...corners.map(({ y }) => y))];
    return [say("field-map-area", { kind, name }), { x: (left + right) / 2, y: (top + bottom) / 2 }, danger];
  }

  #drawBorder(context: CanvasRenderingContext2D): void {
    for (const [width, style] of [[6, "--map-halo"], [3, "--map-border"]] as const) {
      context.lineWidth = width;
      context.strokeStyle = colour(style);
      context.setLineDash(style === "--map-border" ? [14, 5, 3, 5] : []);
      for (const line of this.#carried.area?.border ?? []) {
        context.beginPath();
        line.forEach((place, index) => {
          const p = this.#placed(place);
          context[index === 0 ? "moveTo" : "lineTo"](p.x, p.y);
        });
        context.stroke();
      }
    }
    context.setLineDash([]);
  }

  /** The way to the meeting point, and its label. */
  #drawMeet(context: CanvasRenderingContext2D, own: Fix | null, meet: Place): [string, Point, boolean] {
    const p = this.#placed(meet);
    context.strokeStyle = colour("--map-ink");
    context.lineWidth = 3;
    if (own !== null) {
      context.setLineDash([4, 6]);
      path(context, [this.#placed(own), p]);
      context.setLineDash([]);
    }
    path(context, [{ x: p.x - 9, y: p.y - 9 }, { x: p.x + 9, y: p.y + 9 }]);
    path(context, [{ x: p.x - 9, y: p.y + 9 }, { x: p.x + 9, y: p.y - 9 }]);
    return [say("field-map-meet"), { x: p.x, y: p.y + 26 }, true];
  }

  #drawOwn(context: CanvasRenderingContext2D, own: Fix): void {
    const p = this.#placed(own);
    if (own.sdM !== null) ring(context, p, Math.max(8, (own.sdM * ELLIPSE_95) / this.#metresPerPx()), colour("--map-ink"));
    circle(context, p, 10, colour("--map-halo"), colour("--map-ink"), 4);
    circle(context, p, 4, colour("--map-ink"), colour("--map-ink"));
  }

  #metresPerPx(): number {
    const view = this.#view as View;
    return (EQUATOR_M / (TILE_PX * 2 ** view.zoom)) / Math.cosh(2 * Math.PI * (0.5 - view.y));
  }

  #showScale(view: View): void {
    const perPx = (EQUATOR_M / (TILE_PX * 2 ** view.zoom)) / Math.cosh(2 * Math.PI * (0.5 - view.y));
    const most = perPx * 90;
    const step = 10 ** Math.floor(Math.log10(most));
    const metres = step * ([5, 2, 1].find((times) => times * step <= most) ?? 1);
    part("map-scale").textContent = formats().distance(metres);
    part("map-scale").style.width = `${metres / perPx}px`;
  }

  #drag(event: PointerEvent): void {
    const before = this.#pointers.get(event.pointerId);
    const view = this.#view;
    if (before === undefined || view === null) return;
    const now = at(event);
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    const scale = TILE_PX * 2 ** view.zoom;
    const share = other === undefined ? 1 : 0.5;
    this.#moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    view.x -= ((now.x - before.x) * share) / scale;
    view.y -= ((now.y - before.y) * share) / scale;
    if (other !== undefined) this.#zoom(Math.log2(apart(now, other) / Math.max(1, apart(before, other))), now);
    this.#pointers.set(event.pointerId, now);
    this.show();
  }

  /** Zoom about a point, which stays where it is. */
  #zoom(by: number, about: Point = { x: this.#frame.clientWidth / 2, y: this.#frame.clientHeight / 2 }): void {
    const view = this.#view;
    if (view === null || !Number.isFinite(by)) return;
    const to = Math.max(FARTHEST, Math.min(CLOSEST, view.zoom + by));
    const [dx, dy] = [about.x - this.#frame.clientWidth / 2, about.y - this.#frame.clientHeight / 2];
    const gain = (1 / 2 ** view.zoom - 1 / 2 ** to) / TILE_PX;
    this.#view = { x: view.x + dx * gain, y: view.y + dy * gain, zoom: to };
    this.show();
  }

  #key(event: KeyboardEvent): void {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "+" || event.key === "=") this.#zoom(1);
    else if (event.key === "-") this.#zoom(-1);
    else if (step !== undefined && this.#view !== null) {
      const scale = TILE_PX * 2 ** this.#view.zoom;
      this.#view.x += ((step[0] ?? 0) * STEP_PX) / scale;
      this.#view.y += ((step[1] ?? 0) * STEP_PX) / scale;
      this.show();
    } else return;
    event.preventDefault();
  }

  #pick(where: Point): void {
    if (this.#view === null) return;
    const found = (this.#unit.state?.incidents ?? [])
      .filter((one) => one.place !== null)
      .map((incident) => ({ incident, far: apart(this.#placed(incident.place as Place), where) }))
      .sort((one, other) => one.far - other.far)[0];
    if (found !== undefined && found.far <= TAP_PX) this.#onPick(found.incident);
  }
}

/** Seconds between two moments. */
export function age(nowMs: number, thenMs: number): number {
  return Math.max(0, (nowMs - thenMs) / 1000);
}

/** Seconds below a minute in steps of five, whole minutes above: an age that changes each second draws the eye. */
export function roughly(seconds: number): number {
  return seconds < 60 ? Math.floor(seconds / 5) * 5 : Math.floor(seconds / 60) * 60;
}

function at(event: MouseEvent): Point {
  return { x: event.offsetX, y: event.offsetY };
}

function apart(one: Point, other: Point): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

function path(context: CanvasRenderingContext2D, points: readonly Point[]): void {
  context.beginPath();
  points.forEach(({ x, y }, index) => context[index === 0 ? "moveTo" : "lineTo"](x, y));
  context.stroke();
}

function circle(context: CanvasRenderingContext2D, { x, y }: Point, radius: number, fill: string, stroke: string, width = 2): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.fill();
  context.lineWidth = width;
  context.strokeStyle = stroke;
  context.stroke();
}

function ring(context: CanvasRenderingContext2D, { x, y }: Point, radius: number, stroke: string): void {
  if (radius > 4_000) return;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.lineWidth = 1.5;
  context.strokeStyle = stroke;
  context.stroke();
}

function square(context: CanvasRenderingContext2D, { x, y }: Point, half: number, fill: string, stroke: string): void {
  context.fillStyle = fill;
  context.strokeStyle = stroke;
  context.lineWidth = 2;
  context.strokeRect(x - half, y - half, 2 * half, 2 * half);
  context.fillRect(x - half, y - half, 2 * half, 2 * half);
}

/** Distress an eight-pointed star, high a diamond, medium a triangle, low a circle: shapes differ, not only colours. */
function mark(context: CanvasRenderingContext2D, p: Point, priority: string, radius: number, fill: string, halo: string): void {
  const corners = { distress: 8, high: 4, medium: 3 }[priority];
  if (corners === undefined) {
    circle(context, p, radius, fill, halo);
    return;
  }
  context.beginPath();
  for (let i = 0; i < corners * (priority === "distress" ? 2 : 1); i += 1) {
    const turn = priority === "distress" ? (i * Math.PI) / corners : (i * 2 * Math.PI) / corners;
    const r = priority === "distress" ? (i % 2 === 0 ? radius * 1.7 : radius * 1.15) : radius * (corners === 3 ? 1.5 : 1.25);
    context[i === 0 ? "moveTo" : "lineTo"](p.x + r * Math.sin(turn), p.y - r * Math.cos(turn));
  }
  context.closePath();
  context.fillStyle = fill;
  context.fill();
  context.lineWidth = 3;
  context.strokeStyle = halo;
  context.stroke();
}
