// The pictures of the selected incident: one at a time, with its time, camera and bearing, assessed by one key.

import { readable } from "../model/parse.ts";
import type { Incident } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { failure } from "../net/api.ts";
import type { ActionFields, Answer } from "../net/incidents.ts";
import { picturesOf, SHOWN, type Picture, type Shown } from "../net/pictures.ts";
import { el, setText, showFacts } from "../ui/dom.ts";
import type { After } from "../ui/press.ts";
import { Sending, type TellLate } from "../ui/sending.ts";
import { sentenceOf } from "../words/alert_words.ts";
import { degrees, utcDateTime } from "../words/format.ts";
import { className } from "../words/labels.ts";
import { formats, say } from "../words/say.ts";

type Assess = (incident: Incident, action: "assess", fields: ActionFields) => Promise<Answer>;

/** Pictures are asked for again after this time while the incident stays selected. */
const AGAIN_MS = 5_000;

export class PicturesPanel {
  readonly node: HTMLElement = el("section", { class: "pictures", hidden: true, data: { testid: "pictures" } });
  readonly #assess: Assess;
  readonly #image = el("img", { data: { testid: "picture" } });
  readonly #clip = el("video", { data: { testid: "clip" } });
  readonly #none = el("p", { class: "hint", data: { testid: "picture-none" } });
  readonly #blurred = el("p", { class: "hint" }, say("pictures-blurred"));
  readonly #facts = el("dl", { class: "facts", data: { testid: "picture-facts" } });
  readonly #count = el("span", { class: "kind", data: { testid: "picture-count" } });
  readonly #newer = this.#step("newer", "←", -1);
  readonly #older = this.#step("older", "→", 1);
  readonly #turn = el("div", { class: "picture-turn" }, this.#newer, this.#count, this.#older);
  readonly #buttons = el("div", { class: "details-acts" });
  readonly #problem = el("p", { class: "problem", role: "alert" });
  /** Why the list could not be loaded. */
  readonly #unlisted = el("p", { class: "problem", role: "alert" });
  #incident: Incident | null = null;
  #pictures: readonly Picture[] = [];
  #chosen: number | null = null;
  #askedAt = Number.NEGATIVE_INFINITY;
  #mayAct = false;
  readonly #sending: Sending;
  readonly #after: After;
  /** How many lists of pictures were asked for, and the last of them that was shown: an older answer may come later. */
  #asked = 0;
  #listed = 0;

  /** `after`: what changes here waits until nothing in the details is pressed. */
  constructor(assess: Assess, tellLate: TellLate, after: After) {
    this.#assess = assess;
    this.#after = after;
    const busy = (sends: boolean): void => {
      for (const button of this.#buttons.children) button.setAttribute("aria-disabled", String(sends));
    };
    this.#sending = new Sending(this.#problem, tellLate, busy, after);
    this.#clip.controls = true;
    this.#clip.muted = true;
    this.#clip.preload = "metadata";
    for (const [index, shown] of SHOWN.entries()) {
      const label = say("pictures-assess", { key: String(index + 1), shown });
      const run = (): void => void this.#state(shown);
      this.#buttons.append(el("button", { type: "button", data: { testid: `assess-${shown}` }, on: { click: run } }, label));
    }
    this.node.append(
      el("h3", {}, say("pictures-title")),
      this.#image, this.#clip, this.#none, this.#turn, this.#buttons, this.#problem, this.#unlisted, this.#blurred, this.#facts,
    );
  }

  /** Follow the selection; called at each change and every few seconds. */
  follow(state: State): void {
    const { selection } = state;
    const incident = selection?.kind === "incident" && state.replay === null ? (state.incidents.get(selection.id) ?? null) : null;
    const other = incident?.id !== this.#incident?.id;
    const revised = incident?.revision !== this.#incident?.revision;
    this.#incident = incident;
    this.#mayAct = state.rights.has("act");
    if (other) {
      this.#pictures = [];
      this.#chosen = null;
      this.#sending.begin();
      setText(this.#unlisted, "");
      this.#show();
    }
    if (incident === null) return;
    if (other || revised || performance.now() - this.#askedAt > AGAIN_MS) void this.#load(incident.id);
  }

  /** As if the button with this number had been pressed, where it is shown. */
  press(index: number): void {
    const shown = SHOWN[index];
    if (shown !== undefined && this.#buttons.closest("[hidden]") === null) void this.#state(shown);
  }

  async #load(incident: string): Promise<void> {
    this.#askedAt = performance.now();
    const asked = (this.#asked += 1);
    try {
      const found = await picturesOf(incident);
      this.#after(() => this.#take(incident, asked, found));
    } catch (error) {
      this.#after(() => {
        if (incident !== this.#incident?.id || asked < this.#listed) return;
        setText(this.#unlisted, say(failure(error)));
        this.#show();
      });
    }
  }

  #take(incident: string, asked: number, found: readonly Picture[]): void {
    if (incident !== this.#incident?.id || asked < this.#listed) return;
    this.#listed = asked;
    setText(this.#unlisted, "");
    this.#pictures = found;
    this.#show();
  }

  async #state(shown: Shown): Promise<void> {
    const picture = this.#shownPicture();
    const incident = this.#incident;
    if (incident === null || picture === null || !picture.stored) return;
    const send = async (): Promise<string> => {
      const refused = await this.#assess(incident, "assess", { assessment: { picture: picture.sha256, shown } });
      return refused === null ? "" : sentenceOf(refused);
    };
    await this.#sending.send(incident.name, send, () => void this.#load(incident.id));
  }

  /** The chosen picture; otherwise the newest that is stored, or else the newest. */
  #shownPicture(): Picture | null {
    const chosen = this.#pictures.find(({ id }) => id === this.#chosen);
    return chosen ?? this.#pictures.find(({ stored }) => stored) ?? this.#pictures[0] ?? null;
  }

  #show(): void {
    const picture = this.#shownPicture();
    this.node.hidden = picture === null && this.#unlisted.textContent === "";
    for (const part of [this.#image, this.#clip, this.#none, this.#turn, this.#buttons, this.#blurred, this.#facts]) part.hidden = picture === null;
    if (picture === null) return;
    this.#chosen ??= picture.stored ? picture.id : null;
    this.#image.hidden = !picture.stored || picture.clip;
    this.#none.hidden = picture.stored;
    this.#playClip(picture);
    if (picture.stored && !picture.clip) {
      if (this.#image.getAttribute("src") !== picture.address) this.#image.src = picture.address;
      this.#image.alt = say("pictures-alt", { sensor: readable(picture.sensor), time: utcDateTime(picture.observedMs) });
    } else if (!picture.stored) setText(this.#none, say("picture-problem", { problem: picture.problem }));
    const index = this.#pictures.indexOf(picture);
    const count = this.#pictures.length;
    setText(this.#count, say("pictures-count", { number: formats().number(index + 1), count: formats().number(count) }));
    this.#turn.hidden = count < 2;
    this.#newer.disabled = index === 0;
    this.#older.disabled = index === count - 1;
    this.#buttons.hidden = !this.#mayAct || !picture.stored;
    for (const [at, button] of [...this.#buttons.children].entries())
      button.setAttribute("aria-pressed", String(SHOWN[at] === picture.shown));
    this.#blurred.hidden = picture.sharp || !picture.stored;
    const assessed = picture.shown === "" ? say("pictures-not-assessed") : say("pictures-assessed-by", { shown: picture.shown, by: picture.by });
    showFacts(this.#facts, [
      [say("pictures-from"), readable(picture.sensor), "code"],
      [say("pictures-time"), utcDateTime(picture.observedMs), "code"],
      [say("pictures-bearing"), degrees(picture.azimuthDeg)],
      [say("pictures-reported"), className(picture.reported)],
      [say("pictures-assessed"), assessed],
    ]);
  }

  /** Shows the clip in the player, which fetches its parts; ends a clip that is no longer shown. */
  #playClip(picture: Picture): void {
    const shown = picture.stored && picture.clip;
    this.#clip.hidden = !shown;
    const address = shown ? picture.address : "";
    if ((this.#clip.getAttribute("src") ?? "") === address) return;
    if (address === "") this.#clip.removeAttribute("src");
    else this.#clip.src = address;
    this.#clip.setAttribute("aria-label", say("pictures-clip-alt", { sensor: readable(picture.sensor), time: utcDateTime(picture.observedMs) }));
    this.#clip.load();
  }

  #step(name: "newer" | "older", sign: string, by: number): HTMLButtonElement {
    const label = say(`pictures-${name}`);
    const run = (): void => {
      const picture = this.#shownPicture();
      const next = picture === null ? undefined : this.#pictures[this.#pictures.indexOf(picture) + by];
      if (next === undefined) return;
      this.#chosen = next.id;
      this.#sending.begin(); // an answer about the picture before holds up nothing
      this.#show();
    };
    return el("button", { type: "button", class: "icon-button", title: label, aria: { label }, data: { testid: `picture-${name}` }, on: { click: run } }, sign);
  }
}
