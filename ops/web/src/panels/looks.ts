// Cameras that can be turned to the selected incident, and what became of the looks that were asked for.

import { list, number, object, readable, text } from "../model/parse.ts";
import type { Incident } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { getJson } from "../net/api.ts";
import type { ActionFields, Answer } from "../net/incidents.ts";
import { el, keyed, setText } from "../ui/dom.ts";
import type { After } from "../ui/press.ts";
import { Sending, type TellLate } from "../ui/sending.ts";
import { sentenceOf } from "../words/alert_words.ts";
import { degrees, utcDateTime } from "../words/format.ts";
import { formats, say } from "../words/say.ts";

interface Option {
  readonly camera: string;
  readonly slewS: number;
  readonly inView: boolean;
}

type Send = (incident: Incident, action: "look", fields: ActionFields) => Promise<Answer>;

/** Options are asked for again after this time: the target moves on. */
const AGAIN_MS = 5_000;
const MOST = 3;
/** What the server writes in place of a person where a rule asked. */
const BY_RULE = "automatic";

export class LooksPanel {
  readonly node: HTMLElement = el("section", { class: "looks", hidden: true, data: { testid: "looks" } });
  readonly #send: Send;
  readonly #buttons = el("div", { class: "details-acts" });
  readonly #problem = el("p", { class: "problem", role: "alert" });
  readonly #states = el("ul", { class: "look-states", data: { testid: "look-states" } });
  #incident: Incident | null = null;
  #options: readonly Option[] = [];
  #askedAt = Number.NEGATIVE_INFINITY;
  readonly #sending: Sending;
  readonly #after: After;
  #sends = false;
  /** How many lists of options were asked for, and the last of them that was answered: an older answer may come later. */
  #asked = 0;
  #listed = 0;

  /** `after`: what changes here waits until nothing in the details is pressed. */
  constructor(send: Send, tellLate: TellLate, after: After) {
    this.#send = send;
    this.#after = after;
    const busy = (sends: boolean): void => {
      this.#sends = sends;
      this.#show();
    };
    this.#sending = new Sending(this.#problem, tellLate, busy, after);
    this.node.append(el("h3", {}, say("looks-title")), this.#buttons, this.#problem, this.#states);
  }

  /** Follow the selection; called at each change and every few seconds. */
  follow(state: State): void {
    const { selection } = state;
    const incident = selection?.kind === "incident" && state.replay === null ? (state.incidents.get(selection.id) ?? null) : null;
    const other = incident?.id !== this.#incident?.id;
    this.#incident = incident;
    if (other) {
      this.#options = [];
      this.#sending.begin();
    } else this.#after(() => this.#show());
    const asks = incident !== null && incident.state !== "closed" && state.rights.has("act");
    if (!asks) this.#options = [];
    else if (other || performance.now() - this.#askedAt > AGAIN_MS) void this.#load(incident.id);
  }

  /** As if the first button had been pressed, where it is shown. */
  press(): void {
    const [first] = this.#options;
    if (first !== undefined && this.node.closest("[hidden]") === null) void this.#turn(first.camera);
  }

  async #load(incident: string): Promise<void> {
    this.#askedAt = performance.now();
    const asked = (this.#asked += 1);
    let found: Option[];
    try {
      const body = object(await getJson(`/v1/incidents/${encodeURIComponent(incident)}/looks`));
      found = list(body?.["options"]).slice(0, MOST).flatMap(read);
    } catch {
      found = []; // a camera is not offered on an old answer
    }
    this.#after(() => {
      if (incident !== this.#incident?.id || asked < this.#listed) return;
      this.#listed = asked;
      this.#options = found;
      this.#show();
    });
  }

  async #turn(camera: string): Promise<void> {
    const incident = this.#incident;
    if (incident === null) return;
    const send = async (): Promise<string> => {
      const refused = await this.#send(incident, "look", { look: { camera } });
      return refused === null ? "" : sentenceOf(refused);
    };
    await this.#sending.send(incident.name, send, () => undefined);
  }

  #show(): void {
    const looks = this.#incident?.looks ?? [];
    this.node.hidden = this.#incident === null || (looks.length === 0 && this.#options.length === 0);
    keyed(
      this.#buttons,
      this.#options,
      ({ camera }) => camera,
      ({ camera }) => el("button", { type: "button", data: { testid: `look-${camera}` }, on: { click: () => void this.#turn(camera) } }),
      (button, { camera, slewS, inView }) => {
        setText(button, say("looks-turn", { camera: readable(camera), time: slewS }));
        button.title = inView ? "" : say("looks-unsure");
        button.setAttribute("aria-disabled", String(this.#sends));
      },
    );
    keyed(
      this.#states,
      [...looks].reverse().slice(0, MOST),
      ({ id }) => id,
      () => el("li"),
      (item, look) => {
        const { state, code } = look;
        const elevation = look.elevationDeg === null ? "none" : formats().number(look.elevationDeg, 0) + "°";
        const what = say("looks-state", { camera: readable(look.camera), bearing: degrees(look.azimuthDeg), elevation, state, code });
        setText(item, `${what} (${look.by === BY_RULE ? say("looks-by-rule") : look.by}, ${utcDateTime(look.changedMs)})`);
      },
    );
  }
}

function read(raw: unknown): Option[] {
  const body = object(raw);
  const slewS = number(body?.["slew_s"]);
  if (body === null || slewS === null) return [];
  return [{ camera: text(body["camera"], 64), slewS, inView: body["in_view"] === true }];
}
