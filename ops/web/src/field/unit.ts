// The unit of this phone: its state, its answers and positions on their way, and its distress call. Everything that
// changes is kept on the phone before it is sent, and sent until the server says that it has it.

import { object, text } from "../model/parse.ts";
import type { Place } from "../model/records.ts";
import { formats, say } from "../words/say.ts";
import { Keep, type Enrolment, type KeptCall, type KeptPosition, type KeptState, type PositionBody, type Trouble } from "./keep.ts";
import { versionOf, wholeState } from "./changes.ts";
import { allRefused, ask, exchange, fetchState, isLater, namesAll, problemIn, Rhythm, sendPositions, sendReplies, sentenceOf, type Answered } from "./link.ts";
import { isSettled, toSend, trimmed, unsent, withOutcomes, withResults, type Answer, type AnswerAction, type ReplyBody } from "./queue.ts";
import { parseState, type FieldIncident, type FieldState } from "./records.ts";

/** Where this phone is. */
export interface Fix extends Place {
  readonly sdM: number | null;
  readonly atMs: number;
}

export type Stage = "starting" | "unknown" | "enrolled" | "revoked";
export type LinkState = "connecting" | "live" | "lost";

/** Positions that wait; with more, every second of the older ones is given up. */
const MOST_POSITIONS = 720;
const POSITIONS_AT_ONCE = 30;
/** A call that failed is sent again this soon. */
const CALL_AGAIN_MS = 5_000;
/** One that is under way is sent again beside it: its connection may be dead, but a slow one must not be crowded. */
const CALL_BESIDE_MS = 15_000;
const NEW_CALL_MS = 600_000;
/** An older position is not where this phone is now. */
const CURRENT_MS = 60_000;

export class Unit {
  readonly keep: Keep;
  readonly #changed: () => void;
  readonly #rhythm = new Rhythm(() => this.#sync());
  #raw: KeptState | null = null;
  #callTimer: ReturnType<typeof setTimeout> | undefined;
  /** Whether there is an access to send with; not while a code is exchanged for another. */
  #sends = false;
  /** Until the last code is exchanged. */
  #exchanged: Promise<unknown> = Promise.resolve();
  /** The code under exchange, and those that wait. */
  readonly #codes = new Map<string, Promise<string | null>>();
  /** When DISTRESS was last pressed for a call that is not confirmed; it outlives the access with which the call was made. */
  #pressedMs: number | null = null;
  /** Until what was kept for the last enrolment is erased. */
  #revoking: Promise<void> = Promise.resolve();
  stage: Stage = "starting";
  link: LinkState = "connecting";
  enrolment: Enrolment | null = null;
  state: FieldState | null = null;
  answers: readonly Answer[] = [];
  positions: readonly KeptPosition[] = [];
  call: KeptCall | null = null;
  fix: Fix | null = null;
  /** When the list last came, or was found to be as before; other answers of the server make it no newer. */
  contactMs: number | null = null;
  /** Milliseconds by which the server's clock is at least ahead of this phone's; 0 while that may be right. */
  aheadMs = 0;
  trouble: Trouble = "";
  mapRemoved = false;
  /** Answers that are held by this page only, because the phone has no room. */
  memoryOnly = false;
  /** What had not been sent when the access was withdrawn, and whether a distress call was not confirmed. */
  lost: readonly Answer[] = [];
  lostCall = false;
  problem = "";
  /** Why the last batch of positions was refused; empty if it was taken. */
  #trackProblem = "";

  constructor(changed: () => void) {
    this.#changed = changed;
    this.keep = new Keep((trouble, mapRemoved) => {
      if (mapRemoved !== null || this.trouble === "unusable") this.trouble = trouble;
      if (mapRemoved !== null) this.mapRemoved = trouble !== "" && (this.mapRemoved || mapRemoved);
      changed();
    });
  }

  /** Take what this phone holds. The server is asked for nothing before `resume`: a code that is at hand goes first. */
  async open(): Promise<void> {
    await this.keep.open();
    this.enrolment = await this.keep.fact("enrolment");
    this.answers = await this.keep.answers();
    this.positions = await this.keep.positions();
    this.contactMs = await this.keep.fact("contactMs");
    this.call = await this.keep.fact("call");
    if (this.call !== null && this.call.arrivedMs === null) this.#pressedMs = this.call.firstMs;
    this.#raw = await this.keep.fact("state");
    if (this.#raw !== null) this.#take(this.#raw);
    this.stage = this.enrolment === null ? "unknown" : "enrolled";
    this.#changed();
  }

  /** Begin the exchange with the server, or continue it. */
  resume(): void {
    if (this.stage !== "enrolled") return;
    this.#sends = true;
    this.#sendCall();
    this.#rhythm.start();
  }

  /**
   * Exchange a one-time code for the access of this phone, after one that is being exchanged. Returns the sentence of a refusal,
   * else an empty text; null: no answer came.
   */
  enrol(code: string, device: string): Promise<string | null> {
    const known = this.#codes.get(code);
    if (known !== undefined) return known; // a link that is opened again while its code is exchanged
    const exchanged = this.#exchanged.then(() => this.#enrol(code, device)).finally(() => this.#codes.delete(code));
    this.#codes.set(code, exchanged);
    this.#exchanged = exchanged.catch(() => undefined);
    return exchanged;
  }

  async #enrol(code: string, device: string): Promise<string | null> {
    this.#sends = false;
    const answered = await exchange(code, device, this.#rhythm.stop());
    const body = answered.body as { unit?: unknown; device?: unknown } | null;
    if (answered.status !== 200 || typeof body?.unit !== "string") {
      this.resume();
      return answered.status === 0 ? null : sentenceOf(answered) || String(answered.status);
    }
    await this.#enter(body.unit, String(body.device ?? ""));
    return "";
  }

  /**
   * Log in without a code: with the client certificate of this phone, or with the cookie of an earlier enrolment, which may
   * outlive the database. Returns why it was refused, else an empty text; null: no answer came.
   */
  async logIn(): Promise<string | null> {
    const answered = await ask("/v1/field/certificate");
    if (isLater(answered)) return null;
    const found = object(answered.body);
    const unit = text(found?.["unit"], 64);
    if (unit === "" || this.enrolment !== null) return unit === "" ? text(found?.["problem"], 500) : "";
    await this.#enter(unit, text(found?.["device"], 64));
    return "";
  }

  async #enter(unit: string, device: string): Promise<void> {
    await this.#revoking;
    if (this.enrolment !== null && this.enrolment.unit !== unit) await this.#forget();
    this.enrolment = { unit, device };
    await this.keep.keepFact("enrolment", this.enrolment);
    this.stage = "enrolled";
    this.#changed();
    this.resume();
    this.lostCall = false;
    if (this.call === null && this.#pressedMs !== null && Date.now() - this.#pressedMs < NEW_CALL_MS) await this.callForHelp();
  }

  /** Record a one-tap answer; it is on this phone's disk when this returns. */
  async answer(incident: FieldIncident, action: AnswerAction, more: Partial<ReplyBody> = {}): Promise<void> {
    if (this.enrolment === null) return;
    const unit = this.enrolment.unit;
    const body: ReplyBody = {
      action_id: crypto.randomUUID(),
      action,
      incident: incident.id,
      alert: incident.alert,
      by: unit,
      at: new Date().toISOString(),
      ...more,
    };
    const order = 1 + Math.max(0, ...this.answers.map((one) => one.order));
    const answer: Answer = { order, unit, body, name: incident.name, state: "waiting", sentence: "" };
    await this.#keepAnswers([...this.answers, answer]);
    this.#rhythm.wake();
  }

  /** A position to share; `fix` is where this phone is. */
  async share(fix: Fix): Promise<void> {
    if (this.enrolment === null) return;
    const order = 1 + Math.max(0, ...this.positions.map((one) => one.order));
    const position: KeptPosition = { order, unit: this.enrolment.unit, body: bodyOf(fix) };
    const all = [...this.positions, position];
    const gone = all.length <= MOST_POSITIONS ? [] : all.slice(0, MOST_POSITIONS / 2).filter((_, index) => index % 2 === 1);
    this.positions = all.filter((one) => !gone.includes(one));
    await this.keep.keepPositions([position], gone.map((one) => one.order));
    this.#rhythm.wake();
  }

  /** Call for help: sent now, and again until the server's state shows the call. */
  async callForHelp(): Promise<void> {
    this.#pressedMs = Date.now();
    if (this.stage !== "enrolled" || this.enrolment === null) {
      this.lostCall = true;
      return this.#changed();
    }
    const unit = this.enrolment.unit;
    const recent = this.call !== null && this.call.unit === unit && Date.now() - this.call.firstMs < NEW_CALL_MS;
    this.call = recent && this.call !== null ? { ...this.call, taken: false, arrivedMs: null } : { unit, firstMs: Date.now(), tries: 0, taken: false, arrivedMs: null };
    this.#changed();
    await this.keep.keepFact("call", this.call);
    this.#sendCall();
  }

  /** Remove what is said about the call on this phone; the call itself stays with the operations centre. */
  async dismissCall(): Promise<void> {
    this.call = this.#pressedMs = null;
    clearTimeout(this.#callTimer);
    await this.keep.keepFact("call", null);
    this.#changed();
  }

  wake(): void {
    this.#rhythm.wake();
  }

  /** The server's time by this phone's clock. */
  now(): number {
    return Date.now() + this.aheadMs;
  }

  /** Whether this phone knows where it is now. */
  get isPlaced(): boolean {
    return this.fix !== null && Date.now() - this.fix.atMs < CURRENT_MS;
  }

  #sendCall(): void {
    clearTimeout(this.#callTimer);
    const call = this.call;
    const { enrolment } = this;
    if (call === null || call.arrivedMs !== null || !this.#sends || call.unit !== enrolment?.unit) return;
    this.#sendCallIn(CALL_BESIDE_MS);
    this.call = { ...call, tries: call.tries + 1 };
    void this.keep.keepFact("call", this.call);
    this.#changed();
    void sendPositions(this.#callBodies()).then((answered) => {
      if (answered.status === 401) void this.#revoke(enrolment);
      else if (answered.status === 202) {
        this.#report(problemIn(answered));
        if (this.call !== null && problemIn(answered) === "") this.call = { ...this.call, taken: true };
        this.#rhythm.wake();
      }
      else {
        this.#sendCallIn(CALL_AGAIN_MS);
        if (!isLater(answered)) this.#report(sentenceOf(answered) || String(answered.status));
      }
    });
  }

  #sendCallIn(waitMs: number): void {
    clearTimeout(this.#callTimer);
    this.#callTimer = setTimeout(() => this.#sendCall(), waitMs);
  }

  /**
   * A call states the present time, so that it is not taken for an old message. A position that is not current keeps its
   * own: it is sent before the call, which then has none. The server takes such a call as from where it last knew the
   * unit; how old that is stands in the note.
   */
  #callBodies(): readonly PositionBody[] {
    const { fix } = this;
    const at = new Date().toISOString();
    if (fix !== null && this.isPlaced) return [{ ...bodyOf(fix), at, distress: true }];
    const observedMs = fix === null ? (this.state?.position?.observedMs ?? null) : fix.atMs + this.aheadMs;
    const ageMs = observedMs === null ? 0 : this.now() - observedMs;
    const note = ageMs < CURRENT_MS ? {} : { note: say("field-call-note", { age: formats().duration(Math.round(ageMs / 60_000) * 60) }) };
    return [...(fix === null ? [] : [bodyOf(fix)]), { at, distress: true, ...note }];
  }

  /** One exchange with the server; whether it answered. */
  async #sync(): Promise<boolean> {
    const { enrolment } = this;
    const unit = enrolment?.unit ?? "";
    if (this.link === "lost") this.problem = ""; // it was about the link
    let later = false;
    for (const exchange of [() => this.#sendAnswers(unit), () => this.#fetch(), () => this.#sendTrack(unit)]) {
      const answered = await exchange();
      if (answered === null) continue;
      if (answered.status === 401) {
        await this.#revoke(enrolment);
        return true;
      }
      if (answered.status === 0) {
        this.#setLink("lost");
        return false;
      }
      if (isLater(answered)) { // what it does not take now may not keep the list from coming
        this.#report(sentenceOf(answered) || String(answered.status));
        later = true;
      }
    }
    this.#setLink(later ? "lost" : "live");
    return !later;
  }

  async #sendAnswers(unit: string): Promise<Answered | null> {
    let atMost: number | undefined;
    for (;;) {
      const batch = toSend(this.answers, unit, atMost).map(({ body }) => body);
      if (batch.length === 0) return null;
      const answered = await sendReplies(batch);
      if (answered.status === 401 || isLater(answered)) return answered;
      if (answered.status === 202 || answered.status === 200) {
        if (!namesAll(answered.body, batch)) return { ...answered, status: 502 };
        await this.#keepAnswers(withResults(this.answers, answered.body));
      } else if (batch.length > 1) atMost = 1; // one of them is at fault: find out which
      else await this.#keepAnswers(withResults(this.answers, allRefused(batch, sentenceOf(answered) || String(answered.status))));
    }
  }

  /** One batch at a time: answers and the list do not wait for all positions of a long silence. */
  async #sendTrack(unit: string): Promise<Answered | null> {
    const waiting = this.positions.filter((one) => one.unit === unit);
    const batch = waiting.slice(0, POSITIONS_AT_ONCE);
    if (batch.length === 0) return null;
    const answered = await sendPositions(batch.map(({ body }) => body));
    if (answered.status === 401 || isLater(answered)) return answered;
    const problem = answered.status >= 400 ? sentenceOf(answered) || String(answered.status) : problemIn(answered);
    if (problem !== "" || this.problem === this.#trackProblem) this.#report(problem);
    this.#trackProblem = problem;
    this.positions = this.positions.filter((one) => !batch.includes(one));
    await this.keep.keepPositions([], batch.map(({ order }) => order));
    if (waiting.length > batch.length) this.#rhythm.wake();
    return answered;
  }

  async #fetch(): Promise<Answered> {
    const known = this.#raw;
    let sentMs = Date.now();
    // only a whole answer has the time, which shows when a wrong clock was put right
    const right = Math.abs(this.aheadMs) < CURRENT_MS;
    let answered = await fetchState(right ? (known?.etag ?? "") : "", versionOf(known?.raw));
    let raw = answered.status === 200 ? wholeState(known?.raw, answered.body) : null;
    if (answered.status === 200 && raw === null) {
      sentMs = Date.now();
      answered = await fetchState("", "");
      raw = answered.body;
    }
    if (answered.status === 304 && this.state !== null) {
      this.#contact();
      await this.#arrived(this.state);
    }
    if (answered.status === 200) {
      const kept = { raw, etag: answered.etag, sentMs, receivedMs: Date.now() };
      if (!this.#take(kept)) return { ...answered, status: 502 };
      this.#raw = kept;
      await this.keep.keepFact("state", kept);
      const state = this.state as FieldState;
      if (state.unit !== this.enrolment?.unit) return { ...answered, status: 502 };
      this.#contact();
      await this.#keepAnswers(withOutcomes(this.answers, state.outcomes));
      await this.#arrived(state);
    }
    return answered;
  }

  /** The clock of this phone counts as right if the server's time lies between those of the request and the answer. */
  #take({ raw, sentMs, receivedMs }: KeptState): boolean {
    const state = parseState(raw);
    if (state === null) return false;
    this.state = state;
    const [least, most] = [state.atMs - receivedMs, state.atMs - sentMs];
    this.aheadMs = least > 0 ? least : most < 0 ? most : 0;
    this.#changed();
    return true;
  }

  /** Whether the state shows the call of this phone. */
  async #arrived(state: FieldState): Promise<void> {
    const call = this.call;
    if (call === null || call.arrivedMs !== null || !call.taken || !showsCall(state)) return;
    this.call = { ...call, arrivedMs: Date.now() };
    this.#pressedMs = null;
    clearTimeout(this.#callTimer);
    await this.keep.keepFact("call", this.call);
    this.#changed();
  }

  async #keepAnswers(answers: readonly Answer[]): Promise<void> {
    const kept = trimmed(answers);
    const before = new Set(this.answers);
    const gone = this.answers.filter((one) => !kept.some(({ order }) => order === one.order)).map(({ order }) => order);
    const fresh = kept.filter((one) => !before.has(one));
    if (fresh.length === 0 && gone.length === 0) return;
    this.answers = kept;
    this.#changed();
    const done = await this.keep.keepAnswers(this.memoryOnly ? kept : fresh, gone);
    this.memoryOnly = !done && unsent(kept).length > 0;
    if (done && !this.mapRemoved) this.trouble = "";
    this.#changed();
  }

  #contact(): void {
    this.contactMs = Date.now();
    void this.keep.keepFact("contactMs", this.contactMs);
  }

  #setLink(link: LinkState): void {
    this.link = link;
    this.#changed();
  }

  #report(sentence: string): void {
    this.problem = sentence;
    this.#changed();
  }

  /** The access `of` this phone was withdrawn: what was not sent is stated, then nothing is kept. */
  async #revoke(of: Enrolment | null): Promise<void> {
    if (this.stage !== "enrolled" || this.enrolment !== of) return;
    this.#sends = false;
    void this.#rhythm.stop();
    clearTimeout(this.#callTimer);
    this.stage = "revoked";
    this.lost = this.answers.filter((one) => !isSettled(one));
    this.lostCall = this.call !== null && this.call.arrivedMs === null;
    this.#changed();
    await (this.#revoking = this.#forget());
    this.#changed();
  }

  async #forget(): Promise<void> {
    await this.keep.erase();
    this.enrolment = null;
    this.state = null;
    this.#raw = null;
    this.answers = [];
    this.positions = [];
    this.call = null;
    this.contactMs = null;
    await this.keep.open();
  }
}

export function showsCall(state: FieldState): boolean {
  const own = ({ priority, caller }: FieldIncident): boolean => priority === "distress" && caller === state.unit;
  return state.position?.distress === true || state.incidents.some(own);
}

function bodyOf(fix: Fix): PositionBody {
  return {
    at: new Date(fix.atMs).toISOString(),
    lon: fix.lon,
    lat: fix.lat,
    ...(fix.sdM === null ? {} : { position_sd_m: Math.max(1, Math.round(fix.sdM)) }),
  };
}
