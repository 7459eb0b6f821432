// Where names of alerts, units, bases and sensors stand on the screen: never on each other, never on the symbol of an
// alert or a unit, off everything else where there is room. Plain numbers in pixels; knows no map.

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Spot {
  readonly x: number;
  readonly y: number;
}

export interface Label {
  readonly id: string;
  /** Middle of its symbol. */
  readonly x: number;
  readonly y: number;
  /** From the middle to the edge of its symbol. */
  readonly reach: number;
  readonly width: number;
  readonly height: number;
  /** The higher is placed first. */
  readonly rank: number;
  /** Shown whatever it costs, beside a leader line where it must stand apart; another is left out rather. */
  readonly must: boolean;
}

export interface Obstacle extends Box {
  /** How bad it is to cover it: 1 for the symbol of an alert or a unit. */
  readonly weight: number;
}

export interface Placed {
  /** Middle of the text. */
  readonly x: number;
  readonly y: number;
  /** Which candidate it is, for the next time. */
  readonly choice: number;
  /** Whether it stands so far from its symbol that a line leads there. */
  readonly apart: boolean;
}

/** Below, above, right, left, then between. */
const DIRECTIONS = [90, 270, 0, 180, 45, 315, 135, 225, 67, 293, 113, 247, 22, 338, 158, 202].map((degrees) => (degrees * Math.PI) / 180);
const RINGS_PX = [5, 16, 32, 52, 78, 108, 142, 180] as const;
/** So often names are placed where some find no room, if they are no more than this; more take their places once, and the grid is not tried. */
const ATTEMPTS = 3;
const FEW = 20;
/** Choices from here on are those of the grid. */
const FIRST_SPARE = DIRECTIONS.length * RINGS_PX.length;
const GAP_PX = 2;
const APART_PX = 16;
/** What a candidate costs: covering a label or a weighty symbol as a whole, leaving the map, each pixel of distance, a leader line across a
    weighty symbol, and another place than before. */
const COVERED = 1000;
const OUTSIDE = 3000;
const FARTHER = 0.45;
const CROSSING = 30;
const WORSE_DIRECTION = 0.6;
const MOVED = 9;
/** Spots that are tried where every candidate covers something, and the label must be shown: so many on each side of the symbol, so far apart [px]. */
const SPARE = { columns: 20, rows: 20, across: 13, down: 11 } as const;
/** The nearest first. */
const SPARE_SPOTS: readonly Spot[] = Array.from({ length: (2 * SPARE.columns + 1) * (2 * SPARE.rows + 1) }, (_, index) => ({
  x: ((index % (2 * SPARE.columns + 1)) - SPARE.columns) * SPARE.across,
  y: (Math.floor(index / (2 * SPARE.columns + 1)) - SPARE.rows) * SPARE.down,
})).sort((a, b) => Math.hypot(a.x, a.y) - Math.hypot(b.x, b.y));
/** A label that need not be shown is left out where it would cost more. */
const LEFT_OUT = 40;

/** Place labels by rank within `frame`; `before`: the choices of the last time, which are kept where they are as good. */
export function placeLabels(
  labels: readonly Label[],
  obstacles: readonly Obstacle[],
  frame: Box,
  before: ReadonlyMap<string, number> = new Map(),
): Map<string, Placed> {
  let ordered = [...labels].sort((a, b) => Number(b.must) - Number(a.must) || b.rank - a.rank || a.id.localeCompare(b.id));
  const few = labels.length <= FEW;
  let best = inTurn(ordered, obstacles, frame, before, few);
  for (let attempt = 1; few && attempt < ATTEMPTS && best.covering.size > 0; attempt += 1) {
    // Those that found no room come first: others have more to choose from.
    const { covering } = best;
    ordered = [...ordered.filter(({ id }) => covering.has(id)), ...ordered.filter(({ id }) => !covering.has(id))];
    const next = inTurn(ordered, obstacles, frame, before, few);
    if (next.covering.size >= best.covering.size) break;
    best = next;
  }
  return best.placed;
}

interface Turn {
  readonly placed: Map<string, Placed>;
  /** Those that cover another label or a weighty symbol. */
  readonly covering: ReadonlySet<string>;
}

function inTurn(ordered: readonly Label[], obstacles: readonly Obstacle[], frame: Box, before: ReadonlyMap<string, number>, few: boolean): Turn {
  const taken: Obstacle[] = [...obstacles];
  const placed = new Map<string, Placed>();
  const covering = new Set<string>();
  for (const label of ordered) {
    const found = cheapest(label, taken, frame, before.get(label.id), few);
    if (found === null) continue;
    const box = boxOf(found, label);
    if (taken.some((one) => one.weight >= 1 && shared(box, one) > 0)) covering.add(label.id);
    placed.set(label.id, found);
    taken.push({ ...box, weight: 1 });
  }
  return { placed, covering };
}

function cheapest(label: Label, taken: readonly Obstacle[], frame: Box, last: number | undefined, few: boolean): Placed | null {
  const rings = label.must ? RINGS_PX.length : 3;
  const near = obstaclesNear(label, taken, (RINGS_PX[rings - 1] ?? 0) + label.reach + Math.max(label.width, label.height));
  let best: Placed | null = null;
  let least = label.must ? Number.POSITIVE_INFINITY : LEFT_OUT;
  for (let ring = 0; ring < rings; ring += 1) {
    for (let way = 0; way < DIRECTIONS.length; way += 1) {
      const choice = ring * DIRECTIONS.length + way;
      const candidate = moved(frame, candidateOf(label, ring, way, choice), label);
      const own = FARTHER * (RINGS_PX[ring] ?? 0) + WORSE_DIRECTION * way + (last === undefined || last === choice ? 0 : MOVED);
      if (own >= least) continue;
      const cost = own + covering(boxOf(candidate, label), near, frame, label, least - own) + (candidate.apart ? CROSSING * crossed(label, candidate, near) : 0);
      if (cost < least) [best, least] = [candidate, cost];
    }
  }
  return few && label.must && least >= COVERED / 10 ? spare(label, taken, frame, last, least) ?? best : best;
}

/** The cheapest of a grid of spots around the symbol; null where none costs less than `most`. */
function spare(label: Label, taken: readonly Obstacle[], frame: Box, last: number | undefined, most: number): Placed | null {
  const near = obstaclesNear(label, taken, SPARE.columns * SPARE.across + label.width);
  let best: Placed | null = null;
  let least = most;
  for (const [index, { x: east, y: south }] of SPARE_SPOTS.entries()) {
    const choice = FIRST_SPARE + index;
    const candidate = moved(frame, { x: label.x + east, y: label.y + south, choice, apart: true }, label);
    const own = FARTHER * Math.hypot(candidate.x - label.x, candidate.y - label.y) + (last === undefined || last === choice ? 0 : MOVED);
    if (own >= least) continue;
    let cost = own + covering(boxOf(candidate, label), near, frame, label, least - own);
    if (cost < least) cost += CROSSING * crossed(label, candidate, near);
    if (cost < least) [best, least] = [candidate, cost];
  }
  return best;
}

/** Those that may be in the way of a label within so many pixels of its symbol. */
function obstaclesNear({ x, y }: Spot, taken: readonly Obstacle[], furthest: number): Obstacle[] {
  return taken.filter((box) => box.left < x + furthest && box.right > x - furthest && box.top < y + furthest && box.bottom > y - furthest);
}

/** The text's box touches the circle around its symbol. */
function candidateOf({ x, y, reach, width, height }: Label, ring: number, way: number, choice: number): Placed {
  const [angle, away] = [DIRECTIONS[way] ?? 0, (RINGS_PX[ring] ?? 0) + reach];
  const [east, south] = [Math.cos(angle), Math.sin(angle)];
  const [beside, below] = [(Math.abs(east) < 0.01 ? 0 : Math.sign(east)) * width / 2, (Math.abs(south) < 0.01 ? 0 : Math.sign(south)) * height / 2];
  const [sideways, upright] = [Math.min(1, Math.abs(east) * 2), Math.min(1, Math.abs(south) * 2)];
  return { x: x + east * away + beside * sideways, y: y + south * away + below * upright, choice, apart: (RINGS_PX[ring] ?? 0) >= APART_PX };
}

/** Moved into the frame by the shortest way, where the text fits into it. */
function moved({ left, right, top, bottom }: Box, placed: Placed, { width, height }: Label): Placed {
  const [beside, below] = [width / 2 + GAP_PX, height / 2 + GAP_PX];
  return { ...placed, x: clamped(placed.x, left + beside, right - beside), y: clamped(placed.y, top + below, bottom - below) };
}

/** Unchanged where there is nothing between the limits. */
function clamped(value: number, least: number, most: number): number {
  return least > most ? value : Math.min(Math.max(value, least), most);
}

/** Stops where it is more than `most`. */
function covering(box: Box, near: readonly Obstacle[], frame: Box, { width, height }: Label, most: number): number {
  const whole = width * height;
  let cost = OUTSIDE * (1 - shared(box, frame) / Math.max(area(box), 1));
  for (const obstacle of near) {
    if (cost >= most) break;
    const covered = shared(box, obstacle);
    if (covered > 0) cost += obstacle.weight * (COVERED * (covered / Math.min(whole, area(obstacle))) + COVERED / 10);
  }
  return cost;
}

/** How many weighty symbols, besides its own, the line from a symbol to its text crosses. */
function crossed(from: Label, to: Placed, near: readonly Obstacle[]): number {
  return near.filter((box) => box.weight >= 1 && !inside(from, box) && !inside(to, box) && meets(from, to, box)).length;
}

function inside({ x, y }: Spot, { left, right, top, bottom }: Box): boolean {
  return x > left && x < right && y > top && y < bottom;
}

/** Whether a line from one place to another meets a box. */
function meets(from: Spot, to: Spot, box: Box): boolean {
  return shareWithin(from, to, box) !== null;
}

/** The middle of the part of a line that lies within a box; null where none does. */
export function middleWithin(from: Spot, to: Spot, box: Box): Spot | null {
  const share = shareWithin(from, to, box);
  if (share === null) return null;
  const middle = (share[0] + share[1]) / 2;
  return { x: from.x + (to.x - from.x) * middle, y: from.y + (to.y - from.y) * middle };
}

/** From where to where of a line, 0 to 1, it lies within a box: within both of its strips at once. */
function shareWithin(from: Spot, to: Spot, box: Box): readonly [number, number] | null {
  let [first, last] = [0, 1];
  for (const [start, step, low, high] of [[from.x, to.x - from.x, box.left, box.right], [from.y, to.y - from.y, box.top, box.bottom]] as const) {
    if (step === 0) {
      if (start < low || start > high) return null;
      continue;
    }
    const [one, other] = [(low - start) / step, (high - start) / step];
    [first, last] = [Math.max(first, Math.min(one, other)), Math.min(last, Math.max(one, other))];
  }
  return first <= last ? [first, last] : null;
}

/** Whether a place lies in a box or on its edge. */
export function within({ x, y }: Spot, { left, right, top, bottom }: Box): boolean {
  return x >= left && x <= right && y >= top && y <= bottom;
}

export function boxOf({ x, y }: Spot, { width, height }: Pick<Label, "width" | "height">): Box {
  return { left: x - width / 2 - GAP_PX, right: x + width / 2 + GAP_PX, top: y - height / 2 - GAP_PX, bottom: y + height / 2 + GAP_PX };
}

/** Pixels that two boxes share. */
export function shared(a: Box, b: Box): number {
  const [wide, high] = [Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
  return wide > 0 && high > 0 ? wide * high : 0;
}

function area({ left, top, right, bottom }: Box): number {
  return (right - left) * (bottom - top);
}
