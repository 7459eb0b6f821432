// Gain and loss along the border: the change of each segment's mean probability as a bar up or down.

import { svg, svgText } from "../../ui/svg.ts";
import { formats, say } from "../../words/say.ts";
import type { Segment } from "../server.ts";

const [LEFT, RIGHT, TOP, BOTTOM] = [44, 10, 6, 18];

/** The change of each segment; null where either is unknown. */
export function changeOf(before: readonly (number | null)[], after: readonly (number | null)[]): (number | null)[] {
  return after.map((value, number) => {
    const was = before[number] ?? null;
    return value === null || was === null ? null : value - was;
  });
}

export function drawChange(canvas: SVGSVGElement, changes: readonly (number | null)[], segments: readonly Segment[]): void {
  const { width, height } = canvas.getBoundingClientRect();
  canvas.replaceChildren();
  const [first, last] = [segments[0], segments.at(-1)];
  if (width < 80 || height < 40 || first === undefined || last === undefined) return;
  canvas.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const most = Math.max(0.1, ...changes.map((change) => Math.abs(change ?? 0)));
  const x = (km: number): number => LEFT + ((km - first.start_km) / (last.end_km - first.start_km)) * (width - LEFT - RIGHT);
  const middle = (TOP + height - BOTTOM) / 2;
  const y = (change: number): number => middle - (change / most) * ((height - TOP - BOTTOM) / 2);
  for (const change of [most, -most]) {
    canvas.append(svg("line", { class: "rule", x1: LEFT, x2: width - RIGHT, y1: y(change), y2: y(change) }));
    canvas.append(svgText(say("planner-change-points", { points: change * 100 }), { translate: "no", x: LEFT - 4, y: y(change) + (change > 0 ? 9 : -1), "text-anchor": "end" }));
  }
  changes.forEach((change, number) => {
    const segment = segments[number];
    if (segment === undefined || change === null || change === 0) return;
    const [from, to] = [x(segment.start_km), x(segment.end_km)];
    const [top, bottom] = change > 0 ? [y(change), middle] : [middle, y(change)];
    canvas.append(svg("rect", { class: change > 0 ? "gain" : "loss", x: from + 0.5, y: top, width: Math.max(to - from - 1, 0.5), height: Math.max(bottom - top, 0.5) }));
  });
  canvas.append(svg("line", { class: "axis", x1: LEFT, x2: width - RIGHT, y1: middle, y2: middle }));
  for (const [km, anchor] of [[first.start_km, "start"], [(first.start_km + last.end_km) / 2, "middle"], [last.end_km, "end"]] as const)
    canvas.append(svgText(formats().distance(km * 1000), { x: x(km), y: height - 4, "text-anchor": anchor }));
}
