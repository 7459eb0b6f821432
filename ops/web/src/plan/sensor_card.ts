// The selected sensor: its name, what it is and costs, its azimuth and place; duplicated and removed.

import { part, setText } from "../ui/dom.ts";
import { formats, say } from "../words/say.ts";
import { wrongName } from "./edits.ts";
import { priceOf } from "./equipment_list.ts";
import { keyOf, STEP_M } from "./pins.ts";
import { destination } from "./places.ts";
import { itemName } from "./planned_layout.ts";
import type { Setup } from "./server.ts";
import type { Side } from "./side.ts";

const AZIMUTHS = { n: 0, e: 90, s: 180, w: 270 } as const;

export class SensorCard {
  readonly #setup: Setup;
  readonly #active: () => Side | null;

  /** `active`: the side whose sensor is selected. */
  constructor(setup: Setup, active: () => Side | null) {
    this.#setup = setup;
    this.#active = active;
    const turn = part<HTMLInputElement>("turn");
    turn.addEventListener("input", () => {
      setText(part("turn-says"), formats().bearing(Number(turn.value)));
      this.#do((side, key) => side.hold(key, { azimuth_deg: Number(turn.value) }));
    });
    turn.addEventListener("change", () => this.#do((side, key) => side.edit(key, { azimuth_deg: Number(turn.value) })));
    part("sensor-name").addEventListener("change", () => this.#name());
    part("duplicate").addEventListener("click", () => this.#do((side, key) => side.duplicate(key)));
    part("remove").addEventListener("click", () => this.#do((side, key) => side.edit(key, null)));
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-move]"))
      button.addEventListener("click", () => this.#do((side, key) => {
        const sensor = side.sensor;
        if (sensor === undefined) return;
        const [lon, lat] = destination(sensor, AZIMUTHS[button.dataset["move"] as keyof typeof AZIMUTHS], STEP_M);
        side.edit(key, { lon, lat });
      }));
  }

  show(): void {
    const sensor = this.#active()?.sensor;
    part("sensor").hidden = sensor === undefined;
    part("sensor-none").hidden = sensor !== undefined;
    this.#problem(null);
    if (sensor === undefined) return;
    part<HTMLInputElement>("sensor-name").value = sensor.id;
    const item = this.#setup.equipment.find((one) => one.item === sensor.item);
    const named = sensor.item === null ? say("planner-kind", { kind: sensor.kind }) : itemName(sensor.item);
    setText(part("sensor-what"), say("planner-sensor", { relay: sensor.kind === "relay", item: named, range: sensor.max_range_m }));
    const { currency, years } = this.#setup;
    const cost = item === undefined ? say("planner-sensor-unpriced") : say("planner-sensor-cost", { currency, years, price: priceOf(item), cost: Math.round(item.life_cycle_cost), crew: item.crew, whole: Number.isInteger(item.crew) });
    setText(part("sensor-cost"), cost);
    part("turn-label").hidden = sensor.field_of_view_deg >= 360;
    part<HTMLInputElement>("turn").value = String(Math.round(((sensor.azimuth_deg + 540) % 360) - 180));
    setText(part("turn-says"), formats().bearing(sensor.azimuth_deg));
  }

  #name(): void {
    this.#do((side, key) => {
      const name = part<HTMLInputElement>("sensor-name").value;
      if (name === side.sensor?.id) return this.#problem(null);
      const wrong = wrongName(name, key, side.sensors);
      if (wrong === null) side.edit(key, { name });
      else this.#problem(wrong);
    });
  }

  #problem(wrong: string | null): void {
    part("sensor-name").setAttribute("aria-invalid", String(wrong !== null));
    part("name-problem").hidden = wrong === null;
    setText(part("name-problem"), wrong === null ? "" : say("planner-name-problem", { wrong }));
  }

  #do(act: (side: Side, key: string) => void): void {
    const side = this.#active();
    const sensor = side?.sensor;
    if (side !== null && sensor !== undefined) act(side, keyOf(sensor));
  }
}
