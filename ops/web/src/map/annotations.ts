// Marks of the map that are not APP-6 symbols: rings of alerts, hatching of lost coverage, predicted crossing points.

import { PRIORITIES, type Priority } from "../model/records.ts";
import { RATIO, type NamedImage } from "./symbols.ts";
import { say } from "../words/say.ts";
import type { Colours } from "./palette.ts";

const RING_PX = 64;

export function markName(priority: Priority, active: boolean): string {
  return `mark/${priority}/${active ? "active" : "taken"}`;
}

export function markImages(colours: Colours): NamedImage[] {
  return [
    ...PRIORITIES.flatMap((priority) =>
      [true, false].map((active) => ({ name: markName(priority, active), draw: () => ring(priority, active, colours) })),
    ),
    { name: "crossing", draw: () => crossing(colours) },
  ];
}

/** Weight by priority: two rings for distress, a thick one for high, thinner below; taken in hand, it is dashed. */
function ring(priority: Priority, active: boolean, colours: Colours): HTMLCanvasElement {
  const [canvas, pen] = blank(RING_PX);
  const middle = canvas.width / 2;
  const width = { distress: 5, high: 4, medium: 2.5, low: 1.5 }[priority] * RATIO;
  const draw = (radius: number, lineWidth: number, colour: string): void => {
    pen.beginPath();
    pen.arc(middle, middle, radius * RATIO, 0, 2 * Math.PI);
    pen.strokeStyle = colour;
    pen.lineWidth = lineWidth;
    pen.stroke();
  };
  draw(22, width + 3 * RATIO, colours.halo);
  if (!active) pen.setLineDash([5 * RATIO, 5 * RATIO]);
  draw(22, width, colours[priority]);
  if (priority === "distress") draw(28, 2 * RATIO, colours[priority]);
  pen.setLineDash([]);
  badge(pen, priority, middle + 17 * RATIO, middle - 17 * RATIO, colours);
  return canvas;
}

/** The priority's shape, as in the list: diamond, triangle, square, circle. */
function badge(pen: CanvasRenderingContext2D, priority: Priority, x: number, y: number, colours: Colours): void {
  const r = 7 * RATIO;
  pen.beginPath();
  if (priority === "distress")
    polygon(pen, [
      [x, y - r],
      [x + r, y],
      [x, y + r],
      [x - r, y],
    ]);
  else if (priority === "high")
    polygon(pen, [
      [x, y - r],
      [x + r, y + r * 0.8],
      [x - r, y + r * 0.8],
    ]);
  else if (priority === "medium") pen.rect(x - r * 0.8, y - r * 0.8, r * 1.6, r * 1.6);
  else pen.arc(x, y, r * 0.75, 0, 2 * Math.PI);
  pen.closePath();
  pen.lineWidth = 2.5 * RATIO;
  pen.strokeStyle = colours.halo;
  pen.stroke();
  pen.fillStyle = colours[priority];
  pen.fill();
}

function polygon(pen: CanvasRenderingContext2D, corners: readonly (readonly [number, number])[]): void {
  corners.forEach(([x, y], index) => (index === 0 ? pen.moveTo(x, y) : pen.lineTo(x, y)));
}

function crossing(colours: Colours): HTMLCanvasElement {
  const [canvas, pen] = blank(22);
  const [low, high] = [canvas.width * 0.22, canvas.width * 0.78];
  for (const [width, colour] of [
    [6 * RATIO, colours.halo],
    [2.5 * RATIO, colours.ink],
  ] as const) {
    pen.beginPath();
    pen.moveTo(low, low);
    pen.lineTo(high, high);
    pen.moveTo(high, low);
    pen.lineTo(low, high);
    pen.lineWidth = width;
    pen.strokeStyle = colour;
    pen.stroke();
  }
  return canvas;
}

/** Diagonal lines, transparent between: the field of view of a sensor that is offline or degraded. */
export function hatchImage(colours: Colours): NamedImage {
  return { name: "hatch", draw: () => hatch(colours) };
}

function hatch(colours: Colours): HTMLCanvasElement {
  const size = 14 * RATIO;
  const [canvas, pen] = blank(14);
  pen.strokeStyle = colours.lost;
  pen.lineWidth = 1.1 * RATIO;
  for (const shift of [-size, 0, size]) {
    pen.beginPath();
    pen.moveTo(shift - size * 0.1, size * 1.1);
    pen.lineTo(shift + size * 1.1, -size * 0.1);
    pen.stroke();
  }
  return canvas;
}

function blank(sizePx: number): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = sizePx * RATIO;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (pen === null) throw new Error(say("page-no-canvas"));
  return [canvas, pen];
}
