// The picture of cost against coverage: what stands, the change, and the layouts that a plan found, with their front.

import { setText, part } from "../../ui/dom.ts";
import { svg, svgText } from "../../ui/svg.ts";
import { say } from "../../words/say.ts";
import { digitsOf, frontOf, overlap, spanOf, ticksOf, type Box, type FrontPoint } from "./front.ts";

const [LEFT, RIGHT, TOP, BOTTOM] = [44, 10, 8, 32];
const [LINE_PX, LETTER_PX, POINT_PX, HIT_PX] = [14, 6.4, 5, 13];
/** Points in this order are drawn last to first, so that what is edited lies on top and is named first. */
const RANK: Readonly<Record<FrontPoint["role"], number>> = { b: 0, a: 1, saved: 2, planned: 3 };

export interface FrontInput {
  readonly points: readonly FrontPoint[];
  /** From the layout without edits to the one as edited. */
  readonly changes: readonly (readonly [from: FrontPoint, to: FrontPoint])[];
  readonly measure: "mean" | "worst";
  readonly currency: string;
  /** Layouts whose cost is unknown, so that they have no place on the picture. */
  readonly without: number;
}

/** `show`: a person picks a layout, which is then shown. */
export function drawFront(canvas: SVGSVGElement, input: FrontInput, show: (key: string) => void): void {
  const { points, measure, currency } = input;
  const { width, height } = canvas.getBoundingClientRect();
  const nothing = points.length === 0 || width < 80 || height < 60;
  setText(part("front-note"), input.without > 0 ? say("planner-front-without", { count: input.without }) : "");
  canvas.replaceChildren();
  if (nothing) return;
  const focused = document.activeElement instanceof SVGElement ? document.activeElement.dataset["layout"] : undefined;
  canvas.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const [costs, values] = [spanOf(points.map(({ cost }) => cost)), spanOf(points.map(({ value }) => value))];
  const x = (cost: number): number => LEFT + ((cost - costs.low) / (costs.high - costs.low)) * (width - LEFT - RIGHT);
  const y = (value: number): number => height - BOTTOM - ((value - values.low) / (values.high - values.low)) * (height - TOP - BOTTOM);
  const base = height - BOTTOM;
  const marks = ticksOf(values, 4);
  const percents = digitsOf(marks.map((value) => value * 100), 1);
  for (const value of marks) {
    canvas.append(svg("line", { class: "rule", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }));
    canvas.append(svgText(say("planner-front-value", { value, digits: percents }), { x: LEFT - 5, y: y(value) + 4, "text-anchor": "end" }));
  }
  canvas.append(svg("line", { class: "axis", x1: LEFT, x2: width - RIGHT, y1: base, y2: base }));
  const sums = ticksOf(costs, Math.max(2, Math.floor(width / 110)));
  const millions = digitsOf(sums.map((cost) => cost / 1e6), 2);
  for (const cost of sums) {
    canvas.append(svg("line", { class: "axis", x1: x(cost), x2: x(cost), y1: base, y2: base + 3 }));
    canvas.append(svgText(say("planner-front-cost", { cost: cost / 1e6, digits: millions }), { x: x(cost), y: base + 14, "text-anchor": "middle" }));
  }
  canvas.append(svgText(say("planner-front-axis", { currency }), { class: "title", x: width - RIGHT, y: height - 4, "text-anchor": "end" }));
  const front = frontOf(points);
  const path = front.map(({ cost, value }, n) => (n === 0 ? `M${x(cost)} ${y(value)}` : `H${x(cost)}V${y(value)}`)).join("");
  canvas.append(svg("path", { class: "front-line", d: `${path}H${width - RIGHT}` }));
  for (const [from, to] of input.changes)
    canvas.append(svg("line", { class: "change-line", "data-role": to.role, x1: x(from.cost), y1: y(from.value), x2: x(to.cost), y2: y(to.value) }));
  const ranked = [...points].sort((one, other) => RANK[one.role] - RANK[other.role]);
  const taken: Box[] = points.map(({ cost, value }) => ({ x: x(cost) - POINT_PX, y: y(value) - POINT_PX, width: 2 * POINT_PX, height: 2 * POINT_PX }));
  const labels: SVGElement[] = [];
  for (const point of ranked) {
    const label = placed(point, { x: x(point.cost), y: y(point.value) }, { width, base }, taken);
    if (label !== null) labels.push(label);
  }
  for (const point of ranked.reverse()) canvas.append(pointOf(point, x(point.cost), y(point.value), front.includes(point), measure, show));
  canvas.append(...labels);
  if (focused !== undefined) canvas.querySelector<SVGElement>(`[data-layout="${CSS.escape(focused)}"]`)?.focus();
}

function pointOf(point: FrontPoint, x: number, y: number, best: boolean, measure: FrontInput["measure"], show: (key: string) => void): SVGGElement {
  const said = say("planner-front-point", { layout: point.label, cost: point.cost / 1e6, value: point.value, measure, best });
  const mark =
    point.role === "planned"
      ? svg("path", { class: "mark", d: `M${x} ${y - POINT_PX - 1}l${POINT_PX + 1} ${POINT_PX + 1}l${-POINT_PX - 1} ${POINT_PX + 1}l${-POINT_PX - 1} ${-POINT_PX - 1}z` })
      : svg("circle", { class: "mark", cx: x, cy: y, r: point.role === "saved" ? POINT_PX - 1 : POINT_PX + 1 });
  const title = svg("title");
  title.textContent = said;
  const node = svg("g", { class: "point", "data-role": point.role, "data-best": String(best), "data-layout": point.key, "aria-label": said }, title, svg("circle", { class: "hit", cx: x, cy: y, r: HIT_PX }), mark);
  if (point.role === "a" || point.role === "b") {
    node.setAttribute("role", "img");
    return node;
  }
  node.setAttribute("role", "button");
  node.setAttribute("tabindex", "0");
  node.addEventListener("click", () => show(point.key));
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    show(point.key);
  });
  return node;
}

/** The name of a point beside it where there is room; null where there is none: the point still says its name. */
function placed(point: FrontPoint, at: { x: number; y: number }, within: { width: number; base: number }, taken: Box[]): SVGElement | null {
  const long = point.label.length * LETTER_PX;
  const places = [
    { x: at.x + 7, y: at.y - LINE_PX - 3 }, // off the front, which runs on to the right
    { x: at.x + 7, y: at.y + 4 },
    { x: at.x - 7 - long, y: at.y - LINE_PX - 3 },
    { x: at.x + 9, y: at.y - LINE_PX / 2 },
    { x: at.x - 9 - long, y: at.y - LINE_PX / 2 },
    { x: at.x - long / 2, y: at.y - LINE_PX - 7 },
    { x: at.x - long / 2, y: at.y + 7 },
  ];
  for (const place of places) {
    const box = { ...place, width: long, height: LINE_PX };
    const inside = box.x >= LEFT && box.x + long <= within.width && box.y >= 0 && box.y + LINE_PX <= within.base;
    if (!inside || taken.some((other) => overlap(box, other))) continue;
    taken.push(box);
    return svgText(point.label, { class: "label", translate: point.named === true ? "no" : "yes", "data-role": point.role, x: box.x, y: box.y + LINE_PX - 3, "aria-hidden": "true" });
  }
  return null;
}
