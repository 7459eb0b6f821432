// The sensors of a layout as pins on the map: dragged, moved and turned by keys, and the handle that turns one.

import { Marker, type Map as MapLibreMap } from "maplibre-gl";
import { el } from "../ui/dom.ts";
import { say } from "../words/say.ts";
import { bearingTo, destination } from "./places.ts";
import type { PlanSensor } from "./server.ts";

/** How far from its sensor the handle is that turns it, as a share of the range. */
const HANDLE = 0.4;
/** Pins of sensors on one mast stand side by side. */
const PIN_PX = 20;
const ONE_MAST_DEG = 0.0005;
export const STEP_M = 50;
const FAR_STEP_M = 500;
const TURN_DEG = 5;
const ARROWS: Readonly<Record<string, number>> = { ArrowUp: 0, ArrowRight: 90, ArrowDown: 180, ArrowLeft: 270 };

const KEYS = [...Object.keys(ARROWS), "R", "D", "Delete"];

/** What a person does with a sensor, which is named by its key. */
export interface PinEvents {
  select(sensor: string): void;
  /** While it is in hand: nothing is kept yet. */
  drag(sensor: string, edit: { lon?: number; lat?: number; azimuth_deg?: number }): void;
  move(sensor: string, lon: number, lat: number): void;
  turn(sensor: string, azimuthDeg: number): void;
  duplicate(sensor: string): void;
  remove(sensor: string): void;
}

export function keyOf({ key, id }: PlanSensor): string {
  return key ?? id;
}

export class Pins {
  readonly #map: MapLibreMap;
  readonly #events: PinEvents;
  readonly #pins = new Map<string, Marker>();
  #sensors = new Map<string, PlanSensor>();
  #turner: Marker | null = null;

  constructor(map: MapLibreMap, events: PinEvents) {
    this.#map = map;
    this.#events = events;
  }

  /** Put the pins where the sensors are now; the selected one can be turned by its handle. */
  show(sensors: readonly PlanSensor[], selected: string | null): void {
    this.#sensors = new Map(sensors.map((sensor) => [keyOf(sensor), sensor]));
    for (const [key, pin] of this.#pins) {
      if (this.#sensors.has(key)) continue;
      pin.remove();
      this.#pins.delete(key);
    }
    const placed: PlanSensor[] = [];
    for (const [key, sensor] of this.#sensors) {
      const pin = this.#pins.get(key) ?? this.#pin(key, sensor);
      const beside = placed.filter((other) => isBeside(other, sensor)).length;
      placed.push(sensor);
      pin.setLngLat([sensor.lon, sensor.lat]).setOffset([beside * PIN_PX, 0]);
      const button = pin.getElement();
      button.title = sensor.id;
      button.dataset["sensor"] = sensor.id;
      button.dataset["fresh"] = String(sensor.fresh === true);
      button.setAttribute("aria-label", say("planner-pin", { kind: sensor.kind, sensor: sensor.id }));
      button.setAttribute("aria-pressed", String(key === selected));
    }
    this.#turner?.remove();
    this.#turner = null;
    const chosen = selected === null ? undefined : this.#sensors.get(selected);
    if (chosen !== undefined && chosen.field_of_view_deg < 360) this.#turner = this.#handle(chosen);
  }

  /** Mark the sensors without a link to a base. */
  unheard(ids: readonly string[]): void {
    for (const [key, pin] of this.#pins)
      pin.getElement().dataset["unheard"] = String(ids.includes(this.#sensors.get(key)?.id ?? key));
  }

  focus(key: string): void {
    this.#pins.get(key)?.getElement().focus();
  }

  #pin(key: string, { kind }: PlanSensor): Marker {
    const button = el("button", {
      class: "pin",
      type: "button",
      data: { kind, testid: "pin" },
      aria: { keyshortcuts: KEYS.join(" ") },
      on: {
        click: () => this.#events.select(key),
        keydown: (event) => this.#key(key, event as KeyboardEvent),
      },
    });
    const pin = new Marker({ element: button, draggable: true }).setLngLat([0, 0]).addTo(this.#map);
    const place = (): { lon: number; lat: number } => {
      const { lng: lon, lat } = pin.getLngLat();
      return { lon, lat };
    };
    pin.on("dragstart", () => this.#events.select(key));
    pin.on("drag", () => this.#events.drag(key, place()));
    pin.on("dragend", () => {
      const { lon, lat } = place();
      this.#events.move(key, lon, lat);
    });
    this.#pins.set(key, pin);
    return pin;
  }

  /** Arrow keys move a pin instead of the map below it. */
  #key(key: string, event: KeyboardEvent): void {
    const sensor = this.#sensors.get(key);
    if (sensor === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    const letter = event.key.toLowerCase();
    if (arrow !== undefined) this.#events.move(key, ...destination(sensor, arrow, event.shiftKey ? FAR_STEP_M : STEP_M));
    else if (letter === "r" && sensor.field_of_view_deg < 360)
      this.#events.turn(key, turned(sensor.azimuth_deg + (event.shiftKey ? -TURN_DEG : TURN_DEG)));
    else if (letter === "d") this.#events.duplicate(key);
    else if (event.key === "Delete") this.#events.remove(key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #handle(sensor: PlanSensor): Marker {
    const button = el("button", { class: "turner", type: "button", title: say("planner-turn"), data: { testid: "turner" }, aria: { label: say("planner-turn-of", { sensor: sensor.id }) } });
    button.addEventListener("keydown", (event) => this.#key(keyOf(sensor), event));
    const place = destination(sensor, sensor.azimuth_deg, sensor.max_range_m * HANDLE);
    const handle = new Marker({ element: button, draggable: true }).setLngLat(place).addTo(this.#map);
    const azimuth = (): number => {
      const { lng, lat } = handle.getLngLat();
      return bearingTo(sensor, { lon: lng, lat });
    };
    handle.on("drag", () => this.#events.drag(keyOf(sensor), { azimuth_deg: azimuth() }));
    handle.on("dragend", () => this.#events.turn(keyOf(sensor), azimuth()));
    return handle;
  }
}

/** −180 to 180 degrees. */
export function turned(azimuthDeg: number): number {
  return ((((azimuthDeg + 180) % 360) + 360) % 360) - 180;
}

function isBeside(a: PlanSensor, b: PlanSensor): boolean {
  return Math.abs(a.lon - b.lon) < ONE_MAST_DEG && Math.abs(a.lat - b.lat) < ONE_MAST_DEG;
}
