// The page of a field unit: offline first, so everything is shown from what this phone holds, and says how old it is.

import "./words.ts";
import { part, setData, setText, el, keyed } from "../ui/dom.ts";
import { remember } from "../ui/preferences.ts";
import { Press } from "../ui/press.ts";
import { LANGUAGE_NAMES } from "../words/catalogue.ts";
import { formats, say, words } from "../words/say.ts";
import { applyPalette, AwakeScreen, choosePalette, install, palette, Signals, vibrate } from "./device.ts";
import { DistressButton } from "./distress.ts";
import { AnswerForm } from "./form.ts";
import { announcement, IncidentList, marksOf, marksSeen, news } from "./list.ts";
import { FieldMap, roughly } from "./map.ts";
import { Sharing } from "./position.ts";
import { latest, textOf, unsent, type Answer } from "./queue.ts";
import type { FieldIncident } from "./records.ts";
import { CarriedMap, type Link } from "./tiles.ts";
import { Unit } from "./unit.ts";

type ViewName = "list" | "map" | "phone" | "answer" | "enrol" | "revoked";
const TABS = ["list", "map", "phone"] as const;
const AGES_MS = 1_000;
const OLD_CONTACT_S = 60;
const LOG_IN_AGAIN_MS = 10_000;

const page = document.documentElement;
let shown: ViewName = "list";
/** What this phone has shown of the incidents of the last list, and that list. */
let seen: ReadonlySet<string> | null = null;
let heard: readonly FieldIncident[] | null = null;
let onDisk = false;
let useUpdate: (() => void) | null = null;

applyPalette(palette());
const unit = new Unit(() => changed());
const carried = new CarriedMap(unit.keep, () => changed());
const signals = new Signals();
const awake = new AwakeScreen(() => showPhone());
const sharing = new Sharing(
  (fix, isNews) => {
    unit.fix = fix;
    if (isNews) void unit.share(fix);
    changed();
  },
  () => changed(),
);
const form = new AnswerForm(unit, () => {
  if (shown === "answer") open("list");
});
const list = new IncidentList(unit, {
  answer: (incident, action) => {
    vibrate([30]);
    void unit.answer(incident, action);
  },
  open: (incident, action) => {
    open("answer");
    form.open(incident, action);
  },
  showOnMap: (incident) => {
    list.select(incident.id);
    open("map");
    if (incident.place !== null) map.goTo(incident.place);
  },
});
const map = new FieldMap(unit, carried, (incident) => {
  open("list");
  list.select(incident.id);
});
new DistressButton(() => {
  vibrate([200, 100, 200]);
  void unit.callForHelp();
});

/** What is pressed there stays under the finger: one tap is a whole answer, and what appears above moves all below it. */
const presses = ["notices", "list-view", "answer-view"].map((id) => new Press(part(id), () => show()));

/** Show what has changed by itself, once nothing is pressed; what is new is heard at once. */
function changed(): void {
  if (presses.some(({ held }) => held)) hear();
  else show();
}

function open(view: ViewName): void {
  shown = view;
  show();
  if (view === "map") map.show();
}

/** Show everything from what is known now. */
function show(): void {
  const view = unit.stage === "revoked" ? "revoked" : unit.stage === "unknown" ? "enrol" : shown;
  setData(page, "stage", unit.stage);
  setData(page, "link", unit.link);
  setData(page, "map", carried.progress.state);
  for (const name of ["list", "map", "phone", "answer", "enrol", "revoked"]) part(`${name}-view`).hidden = name !== view && !(name === "enrol" && view === "revoked");
  for (const name of TABS) part(`tab-${name}`).setAttribute("aria-current", view === name ? "page" : "false");
  const enrolled = unit.stage === "enrolled";
  part("thumb").hidden = !enrolled;
  part("sharing").hidden = !enrolled;
  showHead();
  showBanners();
  showCall();
  if (view === "list") list.show();
  map.selected = list.selected;
  if (view === "map") showMap();
  if (view === "phone") showPhone();
  if (view === "revoked") showRevoked();
  hear();
}

function showHead(): void {
  const name = unit.enrolment?.unit ?? "";
  setText(part("unit"), name === "" ? "Watchline" : name);
  setText(part("link"), unit.stage === "enrolled" ? linkLine() : "");
  setData(part("link"), "state", unit.link);
  const { state } = sharing;
  const fix = unit.fix;
  const button = part("sharing");
  button.setAttribute("aria-checked", String(state === "on" || state === "waiting"));
  setData(button, "state", state);
  setText(
    part("sharing-text"),
    say("field-sharing", {
      state: state === "on" && fix === null ? "waiting" : state,
      age: fix === null ? "" : formats().duration(roughly((Date.now() - fix.atMs) / 1000)),
      error: fix?.sdM == null ? 0 : fix.sdM * 2,
      waiting: unit.positions.length,
    }),
  );
}

function linkLine(): string {
  const contactS = unit.contactMs === null ? null : (Date.now() - unit.contactMs) / 1000;
  return say("field-link", {
    state: unit.link,
    known: contactS === null ? "no" : "yes",
    age: contactS === null ? "" : formats().duration(roughly(contactS)),
    waiting: unsent(unit.answers).length,
  });
}

function showBanners(): void {
  const contactS = unit.contactMs === null ? null : (Date.now() - unit.contactMs) / 1000;
  const old = unit.stage === "enrolled" && unit.link !== "live" && contactS !== null && contactS > OLD_CONTACT_S;
  banner("banner-old", old ? say("field-old", { age: formats().duration(roughly(contactS ?? 0)) }) : "");
  banner(
    "banner-storage",
    unit.memoryOnly
      ? say("field-storage-answers")
      : unit.trouble === "full"
        ? say(unit.mapRemoved ? "field-storage-map" : "field-storage-full")
        : unit.trouble === "unusable"
          ? say("field-storage-unusable")
          : "",
  );
  banner("banner-problem", unit.problem === "" ? "" : say("field-problem", { sentence: unit.problem }));
  const clockS = Math.round(Math.abs(unit.aheadMs) / 1000);
  banner("banner-clock", unit.state !== null && clockS >= 120 ? say("field-clock", { time: formats().duration(clockS), ahead: unit.aheadMs < 0 ? "yes" : "no" }) : "");
  part("banner-update").hidden = useUpdate === null;
}

function banner(id: string, text: string): void {
  const node = part(id);
  setText(node, text);
  node.hidden = text === "";
}

/** What became of the distress call of this phone, and calls of others: above everything else. */
function showCall(): void {
  const { call, state } = unit;
  const own = part("own-call");
  own.hidden = call === null;
  if (call !== null) {
    setData(own, "state", call.arrivedMs === null ? "sending" : "arrived");
    setText(
      part("own-call-text"),
      say("field-call", {
        state: call.arrivedMs === null ? "sending" : "arrived",
        tries: call.tries,
        age: formats().duration(roughly((Date.now() - (call.arrivedMs ?? call.firstMs)) / 1000)),
        position: unit.isPlaced ? "yes" : "no",
      }),
    );
    part("own-call-dismiss").hidden = call.arrivedMs === null;
  }
  const others = (state?.incidents ?? []).filter((one) => one.priority === "distress" && !(one.caller !== "" && one.caller === state?.unit));
  keyed(
    part("calls"),
    unit.stage === "enrolled" ? others : [],
    ({ id }) => id,
    ({ id }) =>
      el("button", {
        class: "call", type: "button", data: { testid: "call" },
        on: {
          click: () => {
            open("list");
            list.select(id);
          },
        },
      }),
    (node, incident) => {
      setData(node, "received", String(latest(unit.answers, incident.id) !== null));
      setText(node, say("field-call-other", { name: incident.name, sentence: incident.sentence }));
    },
  );
}

function showMap(): void {
  const { progress, area } = carried;
  setText(
    part("map-note"),
    say("field-map-held", {
      state: progress.state,
      done: progress.done,
      total: progress.total,
      age: carried.keptMs === null ? "" : formats().duration(roughly((Date.now() - carried.keptMs) / 1000)),
    }),
  );
  part("map-note").hidden = progress.state === "complete";
  setData(part("map"), "state", area === null ? "none" : progress.state);
  map.show();
}

function showPhone(): void {
  const { progress } = carried;
  setText(
    part("carried"),
    say("field-map-held", {
      state: progress.state,
      done: progress.done,
      total: progress.total,
      age: carried.keptMs === null ? "" : formats().duration(roughly((Date.now() - carried.keptMs) / 1000)),
    }),
  );
  const bar = part<HTMLProgressElement>("carried-progress");
  bar.hidden = progress.state !== "loading";
  [bar.max, bar.value] = [Math.max(1, progress.total), progress.done];
  part<HTMLButtonElement>("carried-load").disabled = progress.state === "loading";
  setText(part("awake"), say("field-awake", { state: awake.state }));
  setText(part("offline"), say("field-offline", { state: onDisk ? "yes" : "no" }));
  setText(part("enrolled-as"), say("field-enrolled-as", { unit: unit.enrolment?.unit ?? "", sector: unit.state?.sector ?? "" }));
  setText(part("palette"), say("field-palette", { palette: palette() === "day" ? "night" : "day" }));
  setText(part("sound"), say("field-sound", { state: signals.wanted ? "on" : "off" }));
  part("sound").setAttribute("aria-pressed", String(signals.wanted));
  keyed(
    part("sent-answers"),
    [...unit.answers].reverse(),
    ({ order }) => String(order),
    () => el("li", { data: { testid: "sent-answer" } }),
    (node, answer) => {
      setData(node, "state", answer.state);
      setText(node, answerLine(answer));
    },
  );
  part("sent-none").hidden = unit.answers.length > 0;
}

/** An answer in words; its time is the server's, as far as this phone knows. */
function answerLine({ name, body, state, sentence }: Answer): string {
  const at = new Date(Date.parse(body.at) + unit.aheadMs).toISOString();
  const text = textOf(body);
  return say("field-answer-line", {
    name, action: say("field-action", { action: body.action }), state, at,
    sentence, has: sentence === "" ? "no" : "yes", text, own: text === "" ? "no" : "yes",
  });
}

function showRevoked(): void {
  setText(part("revoked-text"), say("field-revoked-text", { count: unit.lost.length, call: unit.lostCall ? "lost" : "none" }));
  keyed(
    part("revoked-answers"),
    unit.lost,
    ({ order }) => String(order),
    () => el("li"),
    (node, answer) => setText(node, answerLine(answer)),
  );
}

/** A signal for what is new; what was there when the page opened is new only if this phone never showed it. */
function hear(): void {
  const incidents = unit.state?.incidents;
  if (incidents === undefined || incidents === heard || seen === null) return;
  const [fresh, before] = [news(incidents, seen), seen];
  heard = incidents;
  seen = new Set(incidents.flatMap(marksOf));
  void unit.keep.keepFact("seen", [...seen]);
  if (fresh === null) return;
  signals.signal(fresh.priority);
  part("announce").replaceChildren(announcement(fresh, before)); // the same text again is announced again
}

function listen(): void {
  for (const name of TABS) part(`tab-${name}`).addEventListener("click", () => open(name));
  part("sharing").addEventListener("click", () => {
    sharing.toggle();
    if (sharing.state === "off") unit.fix = null;
    show();
  });
  part("palette").addEventListener("click", () => {
    choosePalette(palette() === "day" ? "field-night" : "day");
    carried.redraw();
    show();
  });
  part("sound").addEventListener("click", () => {
    signals.toggleSound();
    show();
  });
  part("carried-load").addEventListener("click", () => void carried.load());
  part("own-call-dismiss").addEventListener("click", () => void unit.dismissCall());
  part("update").addEventListener("click", () => useUpdate?.());
  for (const [tag, name] of Object.entries(LANGUAGE_NAMES)) {
    const choose = (): void => {
      remember("language", tag);
      location.assign("/field");
    };
    const button = el("button", { type: "button", code: true, aria: { pressed: String(tag === words().language) }, on: { click: choose } }, name);
    button.lang = tag;
    part("languages").append(button);
  }
  part("enrol-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void enrol(part<HTMLInputElement>("enrol-code").value.trim());
  });
}

/** The code of the address, or an empty text. The address loses it at once: a code is not for the history. */
function takeCode(): string {
  const code = new URLSearchParams(location.hash.slice(1)).get("enrol");
  if (location.hash !== "") history.replaceState(null, "", location.pathname + location.search);
  return code ?? "";
}

/** Exchange the code of the address or of the form. */
async function enrol(code: string): Promise<void> {
  if (code === "") return;
  setText(part("enrol-problem"), say("field-enrolling"));
  const refused = await unit.enrol(code, deviceName());
  if (refused === "") {
    setText(part("enrol-problem"), "");
    shown = "list";
    show();
    await carried.open(); // the map of another unit, or of an access that was withdrawn, is gone
  } else setText(part("enrol-problem"), refused === null ? say("field-enrol-no-link") : say("field-enrol-refused", { sentence: refused }));
  void carried.update(mapLink()); // what was loaded was given up for the code
}

/** A phone that the server knows needs no code. Without an answer it asks again, because only then can it call for help. */
async function logIn(): Promise<void> {
  if (unit.stage !== "unknown") return;
  const refused = await unit.logIn();
  if (refused === null) setTimeout(() => void logIn(), LOG_IN_AGAIN_MS);
  else if (refused !== "") setText(part("enrol-problem"), say("field-enrol-refused", { sentence: refused }));
  else void carried.update(mapLink());
}

function deviceName(): string {
  const { userAgentData } = navigator as Navigator & { userAgentData?: { platform?: string; mobile?: boolean } };
  return (userAgentData?.platform ?? navigator.platform ?? "").slice(0, 64) || "phone";
}

/** What of the map may be loaded without being asked. */
function mapLink(): Link {
  const { connection } = navigator as Navigator & { connection?: { effectiveType?: string; saveData?: boolean } };
  const slow = connection?.saveData === true || ["slow-2g", "2g"].includes(connection?.effectiveType ?? "");
  return unit.stage !== "enrolled" ? "none" : slow ? "slow" : "good";
}

async function start(): Promise<void> {
  const code = takeCode();
  listen();
  void install(
    () => {
      onDisk = true;
      setData(page, "kept", "yes");
      changed();
    },
    (use) => {
      useUpdate = use;
      changed();
    },
  ).catch((error: unknown) => console.warn("service worker", error));
  await unit.open();
  seen = marksSeen((await unit.keep.fact("seen")) ?? [], unit.state?.incidents ?? []);
  await carried.open();
  addEventListener("hashchange", () => void enrol(takeCode())); // a link that is opened where the page is open
  if (code === "") unit.resume();
  else await enrol(code);
  await logIn();
  sharing.resume();
  void awake.hold();
  changed();
  setInterval(changed, AGES_MS);
  await carried.keepCurrent(mapLink);
}

/** One page at a time works with what the phone holds; a second one waits until the first is closed. */
async function alone(): Promise<void> {
  part("other-page").hidden = false;
  await navigator.locks.request("watchline-field", async () => {
    part("other-page").hidden = true;
    await start();
    return new Promise<never>(() => undefined);
  });
}

void alone();
