// An elevation profile with the sight line over it, as SVG. Unknown terrain is shaded, not interpolated.

import { height as heightText } from "../words/format.ts";
import { formats, say } from "../words/say.ts";
import { svg, svgText } from "../ui/svg.ts";

export interface Profile {
  readonly distanceM: readonly number[];
  readonly elevationM: readonly (number | null)[];
  readonly sightM: readonly (number | null)[];
  readonly visible: boolean | null;
  readonly blockedAtM: number | null;
  readonly neededM: number | null;
  readonly curvatureK: number | null;
}

const HEIGHT = 140;
const LEFT = 56;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 26;

/** `width`: of the panel that it stands in, pixels; text keeps its size. */
export function profileChart(profile: Profile, width: number): SVGSVGElement {
  const chart = svg("svg", {
    viewBox: `0 0 ${width} ${HEIGHT}`,
    class: "chart",
    role: "img",
    "data-testid": "profile-chart",
  });
  const heights = [...profile.elevationM, ...profile.sightM].filter((value) => value !== null);
  const length = profile.distanceM.at(-1) ?? 0;
  if (heights.length === 0 || length <= 0) return chart;
  const low = Math.min(...heights);
  const high = Math.max(...heights, low + 10);
  const x = (distance: number): number => LEFT + (distance / length) * (width - LEFT - RIGHT);
  const y = (height: number): number => TOP + (1 - (height - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  chart.setAttribute("aria-label", say("page-sight-chart", { low: heightText(low), high: heightText(high), length }));
  for (const run of runs(profile.distanceM, profile.elevationM)) chart.append(ground(run, x, y));
  for (const [from, to] of voids(profile)) {
    chart.append(
      svg("rect", {
        class: "void",
        x: x(from),
        y: TOP,
        width: Math.max(1, x(to) - x(from)),
        height: HEIGHT - TOP - BOTTOM,
      }),
    );
  }
  for (const run of runs(profile.distanceM, profile.sightM)) {
    const points = run.map(([distance, height]) => `${x(distance).toFixed(1)},${y(height).toFixed(1)}`).join(" ");
    chart.append(svg("polyline", { class: profile.visible === true ? "sight" : "sight blocked", points }));
  }
  if (profile.blockedAtM !== null) chart.append(blockMark(profile.blockedAtM, profile, x, y));
  chart.append(...axes(low, high, length, x, y));
  return chart;
}

type Scale = (value: number) => number;
type Run = (readonly [distance: number, height: number])[];

/** Stretches without a gap. */
function runs(distances: readonly number[], heights: readonly (number | null)[]): Run[] {
  const found: Run[] = [];
  let run: Run = [];
  distances.forEach((distance, index) => {
    const height = heights[index] ?? null;
    if (height === null) {
      if (run.length > 0) found.push(run);
      run = [];
    } else {
      run.push([distance, height]);
    }
  });
  return run.length > 0 ? [...found, run] : found;
}

function voids({ distanceM, elevationM }: Profile): (readonly [number, number])[] {
  return distanceM.flatMap((distance, index) =>
    elevationM[index] === null ? [[distanceM[index - 1] ?? distance, distanceM[index + 1] ?? distance] as const] : [],
  );
}

function ground(run: Run, x: Scale, y: Scale): SVGElement {
  const floor = HEIGHT - BOTTOM;
  const [first, last] = [run[0]?.[0] ?? 0, run.at(-1)?.[0] ?? 0];
  const top = run.map(([distance, height]) => `L${x(distance).toFixed(1)} ${y(height).toFixed(1)}`).join("");
  return svg("path", { class: "ground", d: `M${x(first)} ${floor}${top}L${x(last)} ${floor}Z` });
}

function blockMark(at: number, profile: Profile, x: Scale, y: Scale): SVGElement {
  const index = profile.distanceM.findIndex((distance) => distance >= at);
  const height = profile.elevationM[index] ?? profile.sightM[index] ?? 0;
  return svg("circle", { class: "block", cx: x(at), cy: y(height), r: 5 });
}

function axes(low: number, high: number, length: number, x: Scale, y: Scale): SVGElement[] {
  const text = (words: string, left: number, top: number, anchor: string): SVGElement => {
    return svgText(words, { x: left, y: top, "text-anchor": anchor });
  };
  return [
    svg("line", { class: "axis", x1: x(0), x2: x(length), y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM }),
    text(heightText(high), LEFT - 4, y(high) + 10, "end"),
    text(heightText(low), LEFT - 4, y(low), "end"),
    text(formats().distance(0), x(0), HEIGHT - 8, "start"),
    text(formats().distance(length / 2), x(length / 2), HEIGHT - 8, "middle"),
    text(formats().distance(length), x(length), HEIGHT - 8, "end"),
  ];
}
