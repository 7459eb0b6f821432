// Devices of a field unit: enrol one with a QR code that is valid once, see which there are, and revoke one.

import { list, moment, object, text } from "../model/parse.ts";
import { failure, getJson, postJson } from "../net/api.ts";
import { el, keyed, part, setText } from "../ui/dom.ts";
import { utcDateTime } from "../words/format.ts";
import { formats, say } from "../words/say.ts";

interface Device {
  readonly id: string;
  readonly name: string;
  readonly enrolledMs: number | null;
  readonly seenMs: number | null;
  readonly revokedMs: number | null;
}

/** A code is used on the phone while this dialog is open: the list then shows the new device. */
const LOOK_MS = 3_000;
/** How long a code is valid (ops/field/devices.py), from its request on: the browser's own clock may be wrong. */
const CODE_MS = 600_000;

export class DevicesDialog {
  readonly #dialog = part<HTMLDialogElement>("devices-dialog");
  readonly #list = part("devices-list");
  readonly #code = part("devices-code");
  readonly #qr = part<HTMLImageElement>("devices-qr");
  readonly #problem = part("devices-problem");
  #unit = "";
  /** Counts what was opened and closed: an answer belongs to the unit that was shown when it was asked for. */
  #opening = 0;
  /** Why the last act failed, and why the list could not be read. */
  #refused = "";
  #unread = "";
  #endsMs: number | null = null;
  #sure = "";
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    part("devices-close").addEventListener("click", () => this.#dialog.close());
    part("devices-enrol").addEventListener("click", () => void this.#act(() => this.#enrol()));
    this.#dialog.addEventListener("close", () => {
      this.#opening += 1;
      clearInterval(this.#timer);
      this.#forgetCode();
    });
  }

  open(unit: string): void {
    this.#unit = unit;
    this.#opening += 1;
    this.#sure = "";
    this.#refused = this.#unread = "";
    this.#forgetCode();
    setText(part("devices-title"), say("forces-devices-title", { unit }));
    this.#tell();
    this.#list.replaceChildren();
    this.#dialog.showModal();
    void this.#look();
    this.#timer = setInterval(() => {
      this.#tick();
      void this.#look();
    }, LOOK_MS);
  }

  async #enrol(): Promise<void> {
    const opening = this.#opening;
    const endsMs = performance.now() + CODE_MS;
    const made = object(await postJson(`${this.#path()}/enrolments`, null));
    const svg = made?.["qr_svg"];
    if (opening !== this.#opening || made === null || typeof svg !== "string") return;
    this.#forgetCode();
    this.#endsMs = endsMs;
    this.#qr.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    this.#qr.alt = say("forces-devices-qr", { unit: this.#unit });
    setText(part("devices-typed"), text(made["code"], 64));
    this.#code.hidden = false;
    this.#tick();
  }

  async #show(): Promise<void> {
    const opening = this.#opening;
    const devices = list(await getJson(`${this.#path()}/devices`)).map(parseDevice).filter((one) => one !== null);
    if (opening !== this.#opening) return;
    const inUse = devices.filter(({ revokedMs }) => revokedMs === null).length;
    setText(part("devices-note"), say("forces-devices-note", { count: inUse }));
    keyed(this.#list, devices, ({ id }) => id, (device) => this.#row(device), (row, device) => this.#update(row, device));
  }

  #row({ id }: Device): HTMLElement {
    const revoke = el("button", { type: "button", data: { testid: "device-revoke" }, on: { click: () => void this.#act(() => this.#revoke(id)) } });
    return el("li", { class: "section-row", data: { testid: "device" } }, el("span", {}, el("bdi", { class: "name", code: true }), el("br"), el("span", { class: "small" })), revoke);
  }

  #update(row: HTMLElement, device: Device): void {
    const [name, when, revoke] = row.querySelectorAll<HTMLElement>(".name, .small, button");
    if (name === undefined || when === undefined || revoke === undefined) return;
    setText(name, device.name);
    const at = device.revokedMs ?? device.seenMs;
    setText(when, say("forces-devices-when", { state: device.revokedMs === null ? "in_use" : "revoked", enrolled: utcDateTime(device.enrolledMs), at: utcDateTime(at) }));
    revoke.hidden = device.revokedMs !== null;
    setText(revoke, say("forces-devices-revoke", { sure: this.#sure === device.id }));
    revoke.setAttribute("aria-label", say("forces-devices-revoke-of", { device: device.name, sure: this.#sure === device.id }));
  }

  /** The first press asks, the second one revokes. */
  async #revoke(id: string): Promise<void> {
    if (this.#sure === id) {
      this.#sure = "";
      await postJson(`${this.#path()}/devices/${encodeURIComponent(id)}/revoke`, null);
    } else this.#sure = id;
  }

  #tick(): void {
    if (this.#endsMs === null) return;
    const leftS = (this.#endsMs - performance.now()) / 1000;
    if (leftS <= 0) this.#forgetCode();
    else setText(part("devices-expiry"), say("forces-devices-expiry", { time: formats().duration(Math.ceil(leftS / 10) * 10) }));
  }

  #forgetCode(): void {
    if (this.#qr.src !== "") URL.revokeObjectURL(this.#qr.src);
    this.#qr.removeAttribute("src");
    setText(part("devices-typed"), "");
    this.#endsMs = null;
    this.#code.hidden = true;
  }

  #path(): string {
    return `/v1/units/${encodeURIComponent(this.#unit)}`;
  }

  /** Do something and look again. Why it failed is said until the next act, or until the dialog is closed. */
  async #act(run: () => Promise<void>): Promise<void> {
    const opening = this.#opening;
    const refused = await problemOf(run);
    if (opening !== this.#opening) return;
    this.#refused = refused;
    this.#tell();
    await this.#look();
  }

  async #look(): Promise<void> {
    const opening = this.#opening;
    const unread = await problemOf(() => this.#show());
    if (opening !== this.#opening) return;
    this.#unread = unread;
    this.#tell();
  }

  #tell(): void {
    setText(this.#problem, this.#refused === "" ? this.#unread : this.#refused);
  }
}

async function problemOf(run: () => Promise<void>): Promise<string> {
  try {
    await run();
    return "";
  } catch (error) {
    return say(failure(error));
  }
}

function parseDevice(raw: unknown): Device | null {
  const body = object(raw);
  const id = text(body?.["id"], 64);
  if (body === null || id === "") return null;
  const at = (name: string): number | null => moment(body[name]);
  return { id, name: text(body["name"], 64), enrolledMs: at("enrolled_at"), seenMs: at("seen_at"), revokedMs: at("revoked_at") };
}
