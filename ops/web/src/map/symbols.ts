// Symbols after APP-6 (drawn by milsymbol), rendered once into images. A mover's standard identity is always *unknown*:
// nobody is friend, neutral or hostile because a program says so. Our own sensors are friend.

import icons from "milsymbol/parts/iconparts/ground.js";
import { ms } from "milsymbol/parts/milsymbol.js";
import { geticons } from "milsymbol/parts/numbersidc/geticons.js";
import { metadata } from "milsymbol/parts/numbersidc/metadata.js";
import { CLASSES, type Label } from "../model/records.ts";
import { dotName, iconName, type Drawn } from "../model/tracks.ts";
import { say } from "../words/say.ts";
import { iconSet } from "./icon_set.ts";
import type { Colours } from "./palette.ts";

ms.addIcons({ type: "number", getMetadata: metadata, getIcons: geticons, iconParts: icons, icons: iconSet });

/** Images are drawn for screens of twice the usual density. */
export const RATIO = 2;
const SIZE_PX = 34;
const DOT_PX = 16;

/** Symbol set and entity: civilian individual and group, civilian automobile, pack animal; land equipment else. */
const ENTITY: Readonly<Record<Label, readonly [set: string, entity: string]>> = {
  person: ["11", "110300"],
  group: ["11", "110400"],
  vehicle: ["15", "160100"],
  animal: ["15", "180000"],
  other: ["15", "000000"],
  unknown: ["15", "000000"],
};
const SENSOR_ENTITY: Readonly<Record<string, string>> = { radar: "220300", camera: "220100", ground_sensor: "220200" };

const LOOKS: readonly Drawn[] = ["confirmed", "tentative", "coasting", "stale", "tentative-stale"];
const LABELS: readonly Label[] = [...CLASSES, "unknown"];

/** Drawn when the map first needs it: a page shows a few of them only. */
export interface NamedImage {
  readonly name: string;
  readonly draw: () => HTMLCanvasElement;
}

export function trackImages(colours: Colours): NamedImage[] {
  const images: NamedImage[] = [];
  for (const label of LABELS) {
    for (const how of LOOKS) {
      for (const alerted of [false, true]) {
        images.push({ name: iconName(label, how, alerted), draw: () => trackSymbol(label, how, alerted, colours) });
      }
    }
  }
  for (const how of LOOKS) images.push({ name: dotName(how), draw: () => dotSymbol(how, colours) });
  return images;
}

/** A track seen from afar: filled where seen, hollow where only predicted. */
function dotSymbol(how: Drawn, colours: Colours): HTMLCanvasElement {
  const canvas = square(DOT_PX);
  const pen = context(canvas);
  const predicted = how !== "confirmed" && how !== "tentative";
  pen.beginPath();
  pen.arc(canvas.width / 2, canvas.height / 2, (isTentative(how) ? 2.8 : 4.2) * RATIO, 0, 2 * Math.PI);
  pen.lineWidth = 2.4 * RATIO;
  pen.strokeStyle = colours.halo;
  pen.stroke();
  pen.lineWidth = 1.4 * RATIO;
  pen.strokeStyle = pen.fillStyle = colours.ink;
  if (predicted) pen.stroke();
  else pen.fill();
  return canvas;
}

/** Confirmed: filled. Tentative: small. Coasting: dashed and hollow. Stale: the same, crossed through. */
export function trackSymbol(label: Label, how: Drawn, alerted: boolean, colours: Colours): HTMLCanvasElement {
  const [set, entity] = ENTITY[label];
  const predicted = how !== "confirmed" && how !== "tentative";
  const small = isTentative(how) ? 0.68 : 1;
  const canvas = square();
  const sidc = `1001${set}${predicted ? "1" : "0"}000${entity}0000`;
  const fill = alerted ? colours.alert : colours.calm;
  frame(canvas, sidc, {
    fill,
    hollow: predicted,
    size: 19 * small,
    halo: colours.halo,
    ink: predicted ? colours.ink : "black",
  });
  if (!entity.startsWith("0000")) icon(canvas, sidc, 30 * small, predicted ? colours.ink : "black");
  if (label === "other") dot(canvas, predicted ? colours.ink : "black");
  if (how === "stale" || how === "tentative-stale") stroke(canvas, colours.ink, small);
  return canvas;
}

function isTentative(how: Drawn): boolean {
  return how === "tentative" || how === "tentative-stale";
}

/** Online, crossed through where it is offline or degraded, and with two bars where people have muted it. */
const SENSOR_DRAWN = ["ok", "lost", "muted"] as const;
export type SensorDrawn = (typeof SENSOR_DRAWN)[number];

export function sensorImages(kinds: readonly string[], colours: Colours): NamedImage[] {
  return [...new Set([...kinds, "radar", "camera", "ground_sensor"])].flatMap((kind) =>
    SENSOR_DRAWN.map((how) => ({
      name: `sensor/${kind}/${how}`,
      draw: () => sensorSymbol(kind, how, colours),
    })),
  );
}

/** For the key: the line of a bearing in the wedge of its error. */
export function bearingSymbol(colours: Colours): HTMLCanvasElement {
  const canvas = square();
  const pen = context(canvas);
  const [left, middle, right] = [0.1 * canvas.width, canvas.height / 2, 0.9 * canvas.width];
  pen.fillStyle = pen.strokeStyle = colours.ink;
  pen.globalAlpha = 0.16;
  pen.beginPath();
  pen.moveTo(left, middle);
  pen.lineTo(right, 0.3 * canvas.height);
  pen.lineTo(right, 0.7 * canvas.height);
  pen.fill();
  pen.globalAlpha = 0.8;
  pen.lineWidth = 1.2 * RATIO;
  pen.setLineDash([5 * RATIO, 4 * RATIO]);
  pen.beginPath();
  pen.moveTo(left, middle);
  pen.lineTo(right, middle);
  pen.stroke();
  return canvas;
}

export function sensorSymbol(kind: string, how: SensorDrawn, colours: Colours): HTMLCanvasElement {
  const canvas = square();
  const lost = how !== "ok";
  const sidc = `100315${lost ? "1" : "0"}000${SENSOR_ENTITY[kind] ?? "220100"}0000`;
  frame(canvas, sidc, {
    fill: colours.sensor,
    hollow: lost,
    size: 14,
    halo: colours.halo,
    ink: lost ? colours.lost : "black",
  });
  icon(canvas, sidc, 16, lost ? colours.lost : "black");
  if (how === "lost") stroke(canvas, colours.lost);
  if (how === "muted") pause(canvas, colours);
  return canvas;
}

/** The sign of a pause, in a corner beside the icon. */
function pause(canvas: HTMLCanvasElement, colours: Colours): void {
  const pen = context(canvas);
  const [x, y, radius] = [0.76 * canvas.width, 0.74 * canvas.height, 0.2 * canvas.width];
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fillStyle = colours.halo;
  pen.fill();
  pen.strokeStyle = colours.lost;
  pen.lineWidth = 1.2 * RATIO;
  pen.stroke();
  pen.lineWidth = 2 * RATIO;
  pen.beginPath();
  for (const shift of [-0.35, 0.35]) {
    pen.moveTo(x + shift * radius, y - 0.5 * radius);
    pen.lineTo(x + shift * radius, y + 0.5 * radius);
  }
  pen.stroke();
}

interface FrameStyle {
  readonly fill: string;
  readonly hollow: boolean;
  readonly size: number;
  readonly halo: string;
  readonly ink: string;
}

export function frame(canvas: HTMLCanvasElement, sidc: string, style: FrameStyle): void {
  const colour = {
    Civilian: style.fill,
    Friend: style.fill,
    Hostile: style.fill,
    Neutral: style.fill,
    Unknown: style.fill,
    Suspect: style.fill,
  };
  const ink = {
    Civilian: style.ink,
    Friend: style.ink,
    Hostile: style.ink,
    Neutral: style.ink,
    Unknown: style.ink,
    Suspect: style.ink,
  };
  const symbol = new ms.Symbol(sidc, {
    size: style.size,
    icon: false,
    civilianColor: false,
    colorMode: colour,
    fill: !style.hollow,
    frameColor: ink,
    strokeWidth: style.hollow ? 9 : 7,
    outlineWidth: 9,
    outlineColor: style.halo,
  });
  paste(canvas, symbol);
}

/** The icon alone, larger than the standard's proportion: at this size it would not be legible in its frame. */
export function icon(canvas: HTMLCanvasElement, sidc: string, size: number, ink: string): void {
  paste(
    canvas,
    new ms.Symbol(sidc, { size, frame: false, fill: false, civilianColor: false, monoColor: ink, strokeWidth: 6 }),
  );
}

export function square(sizePx = SIZE_PX): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = sizePx * RATIO;
  return canvas;
}

export function context(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const found = canvas.getContext("2d", { willReadFrequently: true });
  if (found === null) throw new Error(say("page-no-canvas"));
  return found;
}

function paste(canvas: HTMLCanvasElement, symbol: InstanceType<typeof ms.Symbol>): void {
  const { x, y } = symbol.getAnchor();
  const middle = canvas.width / 2;
  context(canvas).drawImage(symbol.asCanvas(RATIO), middle - x * RATIO, middle - y * RATIO);
}

function dot(canvas: HTMLCanvasElement, ink: string): void {
  const pen = context(canvas);
  pen.fillStyle = ink;
  pen.beginPath();
  pen.arc(canvas.width / 2, canvas.height / 2, 3 * RATIO, 0, 2 * Math.PI);
  pen.fill();
}

export function stroke(canvas: HTMLCanvasElement, ink: string, size = 1): void {
  const pen = context(canvas);
  const [low, high] = [canvas.width * (0.5 - 0.3 * size), canvas.width * (0.5 + 0.3 * size)];
  pen.strokeStyle = ink;
  pen.lineWidth = 2 * RATIO;
  pen.beginPath();
  pen.moveTo(low, high);
  pen.lineTo(high, low);
  pen.stroke();
}
