// Cost against coverage: layouts as points, and the front of those that no other betters.

/** A layout by what it costs and covers. */
export interface FrontPoint {
  /** The name of the layout; of what is being edited, that of its side. */
  readonly key: string;
  readonly label: string;
  /** The label is a name that a person gave, which is the same in every language. */
  readonly named?: boolean;
  /** What it is: the layout of a side as it is now, a layout of the sector, or one that a plan found. */
  readonly role: "a" | "b" | "saved" | "planned";
  readonly cost: number;
  readonly value: number;
}

/** The points that no other point betters: none costs as little and covers as much. By rising cost. */
export function frontOf(points: readonly FrontPoint[]): FrontPoint[] {
  const front: FrontPoint[] = [];
  for (const point of [...points].sort((one, other) => one.cost - other.cost || other.value - one.value)) {
    const best = front.at(-1);
    if (best === undefined || point.value > best.value) front.push(point);
  }
  return front;
}

export interface Span {
  readonly low: number;
  readonly high: number;
}

/** Limits of an axis around values, with some room, and never below 0. */
export function spanOf(values: readonly number[]): Span {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = Math.max((most - least) * 0.15, Math.abs(most) * 0.05, 1e-3);
  return { low: Math.max(0, least - room), high: most + room };
}

/** Round numbers within a span, at most `count` of them. */
export function ticksOf({ low, high }: Span, count: number): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((part) => part * power).find((size) => size >= rough) ?? rough;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => Number(((first + n) * step).toPrecision(12)));
}

/** Decimals that tell all these numbers apart as they are, at most `most`. */
export function digitsOf(numbers: readonly number[], most: number): number {
  for (let digits = 0; digits < most; digits += 1) if (numbers.every((one) => Math.abs(one - Number(one.toFixed(digits))) < 1e-9)) return digits;
  return most;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
