// The line of sight between two points, computed by the server, and drawn as a profile.

import { leg } from "../geo/geodesy.ts";
import { degrees, exactDistance, height } from "../words/format.ts";
import { say } from "../words/say.ts";
import { list, number, object } from "../model/parse.ts";
import type { Place } from "../model/records.ts";
import { failure, getJson } from "../net/api.ts";
import { el, part } from "../ui/dom.ts";
import { fillTool, toolHead, type ToolCommands } from "./measure_panel.ts";
import { profileChart, type Profile } from "./profile_chart.ts";

const OBSERVER_HEIGHT_M = 2;
/** Left and right of the panel, with its border. */
const PADDING_PX = 26;

export class SightPanel {
  readonly #commands: ToolCommands;
  readonly #observer = heightInput("observer-height", OBSERVER_HEIGHT_M);
  readonly #target = heightInput("target-height", 1.7);
  readonly #targetHeightM: () => number;
  #touched = false;
  #places: readonly Place[] = [];
  #asked = new AbortController();

  constructor(commands: ToolCommands, targetHeightM: () => number) {
    this.#commands = commands;
    this.#targetHeightM = targetHeightM;
    for (const input of [this.#observer, this.#target]) {
      input.addEventListener("change", () => {
        this.#touched = true;
        this.show(this.#places);
      });
    }
  }

  show(places: readonly Place[]): void {
    this.#places = places;
    this.#asked.abort(); // the panel, which all tools share, shows another thing from here on
    if (!this.#touched) this.#target.value = String(this.#targetHeightM());
    const [from, to] = places;
    if (from === undefined || to === undefined) {
      const end = from === undefined ? "observer" : "target";
      this.#draw(el("p", { class: "hint" }, say("page-sight-hint", { end })));
      return;
    }
    this.#draw(el("p", { class: "hint" }, say("page-sight-asking")));
    void this.#ask(from, to);
  }

  #draw(...content: Node[]): void {
    const inputs = el(
      "div",
      { class: "tool-inputs" },
      el("label", {}, `${say("page-sight-observer")} `, this.#observer, " m"),
      el("label", {}, `${say("page-sight-target")} `, this.#target, " m"),
    );
    fillTool(toolHead(say("page-sight-title"), this.#commands), inputs, ...content);
  }

  async #ask(from: Place, to: Place): Promise<void> {
    const asked = (this.#asked = new AbortController());
    const place = ({ lon, lat }: Place): string => `${lon.toFixed(7)},${lat.toFixed(7)}`;
    const query = new URLSearchParams({
      from: place(from),
      to: place(to),
      observer_height_m: this.#observer.value,
      target_height_m: this.#target.value,
    });
    try {
      const profile = readProfile(await getJson(`/api/profile?${query}`, asked.signal));
      if (asked.signal.aborted) return;
      const { distanceM, azimuthDeg } = leg(from, to);
      const legText = { distance: exactDistance(distanceM), bearing: degrees(azimuthDeg, 1) };
      this.#draw(
        el("p", { class: "lead", role: "status", data: { testid: "sight-verdict" } }, verdict(profile, legText)),
        profileChart(profile, Math.max(300, part("tool-panel").clientWidth - PADDING_PX)),
        el("p", { class: "hint" }, assumptions(profile)),
      );
    } catch (error) {
      if (asked.signal.aborted) return;
      this.#draw(
        el(
          "p",
          { class: "problem", role: "alert", data: { testid: "sight-problem" } },
          say(failure(error)),
        ),
      );
    }
  }
}

function heightInput(id: string, value: number): HTMLInputElement {
  const input = el("input", { type: "number", id, data: { testid: id } });
  input.min = "0";
  input.max = "1000";
  input.step = "0.1";
  input.value = String(value);
  return input;
}

export function readProfile(raw: unknown): Profile {
  const body = object(raw) ?? {};
  const numbers = (name: string): (number | null)[] => list(body[name]).map(number);
  const visible = body["visible"];
  return {
    distanceM: numbers("distance_m").map((value) => value ?? 0),
    elevationM: numbers("elevation_m"),
    sightM: numbers("sight_m"),
    visible: typeof visible === "boolean" ? visible : null,
    blockedAtM: number(body["blocked_at_m"]),
    neededM: number(body["needed_target_height_m"]),
    curvatureK: number(body["curvature_k"]),
  };
}

function verdict({ visible, blockedAtM, neededM }: Profile, leg: { distance: string; bearing: string }): string {
  if (visible === null) return say("page-sight-unknown", leg);
  if (visible) return say("page-sight-visible", leg);
  const needed = neededM === null ? "" : height(neededM, neededM < 100 ? 1 : 0);
  const found = { ...leg, known: neededM !== null, needed };
  const sentence =
    blockedAtM === null
      ? say("page-sight-blocked-somewhere", found)
      : say("page-sight-blocked", { ...found, blocked: blockedAtM });
  return sentence.replaceAll("  ", " ");
}

function assumptions({ curvatureK }: Profile): string {
  return curvatureK === null ? say("page-sight-flat") : say("page-sight-earth", { k: curvatureK });
}
