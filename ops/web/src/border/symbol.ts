// A piece of the border line in each of its states, for the key to the symbols.

import type { Colours } from "../map/palette.ts";
import { context, RATIO, square } from "../map/symbols.ts";
import { STROKES } from "./layers.ts";
import type { BorderState } from "./states.ts";

export function borderSymbol(state: BorderState, colours: Colours): HTMLCanvasElement {
  const canvas = square();
  const pen = context(canvas);
  const { edge, core, dashes } = STROKES[state];
  const draw = (width: number, colour: string, pattern: readonly number[] = []): void => {
    pen.beginPath();
    pen.setLineDash(pattern.map((part) => part * width * RATIO));
    pen.moveTo(0, canvas.height / 2);
    pen.lineTo(canvas.width, canvas.height / 2);
    pen.lineWidth = width * RATIO;
    pen.strokeStyle = colour;
    pen.stroke();
  };
  draw(edge + 3, colours.halo);
  draw(edge, colours.border);
  if (state === "dead" || state === "lost") draw(core, colours.halo);
  if (state === "alert") draw(core, colours.high);
  if (dashes !== null) draw(core, state === "lost" ? colours.lost : colours.halo, dashes);
  return canvas;
}
