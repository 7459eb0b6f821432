// The page: one state, kept equal to the server's, and the parts that show it.

import "./words/language.ts";
import { ServerClock } from "./model/clock.ts";
import { INITIAL, type Selection, type State } from "./model/state.ts";
import { Store } from "./model/store.ts";
import { Trails } from "./model/trails.ts";
import { acknowledge, reject } from "./net/actions.ts";
import { actOn, loadMarkings } from "./net/incidents.ts";
import { OptionsLoader, RefusalLoader, setLevel } from "./net/forces.ts";
import { SHOWN } from "./net/pictures.ts";
import { followGoodsCodes } from "./net/goods_codes.ts";
import { followMuteNames } from "./net/mute_names.ts";
import { Sync } from "./net/sync.ts";
import { differences } from "./model/replay.ts";
import { ReplayBar } from "./replay/bar.ts";
import { replayFeatures } from "./replay/features.ts";
import { Replay } from "./replay/replay.ts";
import { ShownClock, ShownTrails } from "./replay/shown.ts";
import type { MapView } from "./map/view.ts";
import { AlertList } from "./panels/alert_list.ts";
import { Announcer } from "./ui/announcer.ts";
import { DetailsPanel, type IncidentStep } from "./panels/details.ts";
import { showPerson } from "./panels/person.ts";
import { part, setData, setText } from "./ui/dom.ts";
import { IncidentDialog } from "./panels/incident_dialog.ts";
import { TracingDialog } from "./panels/tracing_dialog.ts";
import { others } from "./words/incident_choices.ts";
import { IncidentQueue } from "./panels/incident_queue.ts";
import { ListSwitch } from "./panels/list_switch.ts";
import { ForcesPanel } from "./panels/forces_panel.ts";
import { DevicesDialog } from "./devices/dialog.ts";
import { ImpactDialog } from "./panels/impact_dialog.ts";
import { Help } from "./panels/help.ts";
import { listenForKeys } from "./ui/keys.ts";
import { showOnly } from "./panels/layers_panel.ts";
import { find, type Found } from "./goto/find.ts";
import { GoToBox } from "./goto/box.ts";
import { parseLink } from "./share/link.ts";
import { ShareDialog } from "./share/share_dialog.ts";
import { LooksPanel } from "./panels/looks.ts";
import { PicturesPanel } from "./panels/pictures.ts";
import { RejectDialog } from "./panels/reject_dialog.ts";
import { SensorsPanel } from "./panels/sensors_panel.ts";
import { Press, type After } from "./ui/press.ts";
import type { TellLate } from "./ui/sending.ts";
import { Settings } from "./ui/settings.ts";
import { followSplitters } from "./ui/splitter.ts";
import { followStripMenu } from "./ui/strip_menu.ts";
import { Sound } from "./ui/sound.ts";
import { StatusBar } from "./panels/status_bar.ts";
import { Tabs, type Tab } from "./panels/tabs.ts";
import { Theme } from "./ui/theme.ts";
import { showWorkload } from "./panels/workload_meter.ts";
import { TracksPanel } from "./panels/tracks_panel.ts";
import type { Incident } from "./model/records.ts";
import { leadOf } from "./model/incidents.ts";
import { sentenceOf } from "./words/alert_words.ts";
import { loadLine } from "./words/forces_words.ts";
import { learnTrackNames } from "./words/track_names.ts";
import { say } from "./words/say.ts";

const TICK_MS = 250;
const PANEL_TICK_MS = 1000;
const NO_RIGHTS: ReadonlySet<string> = new Set();

const theme = new Theme();
const live = new Store(INITIAL, (run) => setTimeout(run, 30));
const liveClock = new ServerClock();
const liveTrails = new Trails();
const sync = new Sync(live, liveClock, liveTrails, () => theme.palette);
const clock = new ShownClock(liveClock);
const trails = new ShownTrails(liveTrails);
const replay = new Replay(live, clock, trails);
const store = replay.shown;
const tabs = new Tabs();
const help = new Help();
new Settings();
followSplitters();
followStripMenu();
/** Nothing that a pointer presses moves, whatever comes above it. */
const press = new Press(document.body, () => statusBar.tick(live.state));
const sidePress = new Press(part("side"), () => showPanel(store.state));
const statusBar = new StatusBar(liveClock, () => press.held);
const announcer = new Announcer(new Sound());
const tellLate: TellLate = (...told) => panels.details.tellLate(...told);
const rejectDialog = new RejectDialog((alert, reason) => reject(alert.id, reason), tellLate);
const nowMs = (): number => clock.now(performance.now());
let view: MapView | null = null;

function select(selection: Selection | null): void {
  replay.select(selection);
  if (selection !== null && !tabs.isNarrow) tabs.open("details");
}

function selectAndFly(selection: Selection): void {
  select(selection);
  view?.flyTo(selection);
}

function goTo({ to, place, name }: Found): void {
  if (to !== null) selectAndFly(to);
  else if (place !== null) {
    select(null);
    view?.goTo(place, name);
  }
  view?.focus();
}

const goToBox = new GoToBox((text, places) => find(text, store.state, places, nowMs()), goTo);

const alertActions = {
  acknowledge: (alert: { readonly id: string }) => acknowledge(alert.id),
  reject: rejectDialog.open.bind(rejectDialog),
};
const incidentDialog = new IncidentDialog(actOn, tellLate);
const tracingDialog = new TracingDialog(actOn, tellLate);
const impactDialog = new ImpactDialog(setLevel, tellLate);
const devicesDialog = new DevicesDialog();
const options = new OptionsLoader(live, () => replay.view === null);
let hasLogin = false;
followMuteNames(live, () => hasLogin);
followGoodsCodes(live);
new RefusalLoader(live, () => replay.view === null);

/** Act at once, or ask in the dialog for what the action needs. Returns why it was refused, or nothing. */
async function actOnIncident(incident: Incident, step: IncidentStep): Promise<string> {
  if (replay.view !== null) return say("replay-no-actions");
  if (step === "acknowledge" || step === "en_route" || step === "on_scene" || step === "undo") {
    const refused = await actOn(incident, step);
    return refused === null ? "" : sentenceOf(refused);
  }
  if (step === "trace") {
    tracingDialog.open(incident);
    return "";
  }
  const lead = leadOf(incident, store.state.alerts);
  const live = lead !== null && (lead.track === null || store.state.tracks.has(lead.track));
  const ask = step === "assign" ? () => options.load(incident.id) : null;
  const operator = store.state.sector.value?.operator ?? "";
  incidentDialog.open(incident, step, live ? lead.candidates : [], others(incident, step, store.state), operator, ask);
  return "";
}

const queue = new IncidentQueue({
  select: ({ id }) => selectAndFly({ kind: "incident", id }),
  act: (incident, step) => {
    select({ kind: "incident", id: incident.id });
    panels.details.show(store.state, nowMs()); // on a narrow screen their panel stays closed
    panels.details.press(incident, step);
  },
});
const alertList = new AlertList({ ...alertActions, select: ({ id }) => selectAndFly({ kind: "alert", id }) });
const afterPress: After = (run) => panels.details.after(run);
const looks = new LooksPanel(actOn, tellLate, afterPress);
const pictures = new PicturesPanel(actOn, tellLate, afterPress);
const followParts = (state: State): void => [looks, pictures].forEach((each) => each.follow(state));
const panels = {
  details: new DetailsPanel(
    {
      ...alertActions,
      act: actOnIncident,
      devices: (unit) => devicesDialog.open(unit),
      select,
      goTo: selectAndFly,
      fly: (selection) => view?.flyTo(selection),
      refused: () => {
        if (tabs.isNarrow && tabs.tab === "alerts") tabs.focus("details"); // a key of the queue acted
      },
    },
    [looks.node, pictures.node],
  ),
  tracks: new TracksPanel(selectAndFly),
  forces: new ForcesPanel({ select: selectAndFly, setLevel: (section) => impactDialog.open(section) }),
  sensors: new SensorsPanel((id) => selectAndFly({ kind: "sensor", id })),
};

const listSwitch = new ListSwitch((shown) => alertList.showClosed(shown === "closed"));

function showPanel(state: State): void {
  const tab = tabs.tab;
  if (sidePress.held && tab !== "details") return; // the details hold still by themselves, and show another selection at once
  if (tab in panels) panels[tab as keyof typeof panels].show(state, nowMs());
}

const replayBar = new ReplayBar(replay, { select: selectAndFly });
live.subscribe((state, before) => {
  statusBar.show(state);
  announcer.hear(state, before);
  replayBar.hear(state);
});
replay.onChange((looked) => {
  const found = looked?.moment == null ? [] : differences(looked.moment);
  view?.showReplay(replayFeatures(found, looked?.followed?.path ?? null));
  const followed = looked?.followed;
  if (followed == null || looked?.playing !== true) return;
  const { tracks, forces } = store.state;
  const moving = followed.track === null ? forces.units.get(followed.selection.id) : tracks.get(followed.track);
  if (moving !== undefined) view?.centre(moving);
});
store.subscribe((state, before) => {
  if (state.tracks !== before.tracks || state.incidents !== before.incidents) learnTrackNames(state);
});
store.subscribe((state, before) => {
  if (state.forces !== before.forces) impactDialog.follow(state.forces);
  if (state.forces !== before.forces || state.incidents !== before.incidents)
    press.after(() => setText(part("units-load"), loadLine(store.state)));
});
store.subscribe((state, before) => {
  press.after(() => listSwitch.show(store.state));
  if (
    state.incidents !== before.incidents ||
    state.incidentsKnown !== before.incidentsKnown ||
    state.connection.problem !== before.connection.problem ||
    state.alerts !== before.alerts ||
    state.selection !== before.selection ||
    state.replay !== before.replay ||
    state.sector !== before.sector ||
    state === before
  )
    queue.show(state, nowMs());
});
store.subscribe((state, before) => {
  const changed =
    state.incidents !== before.incidents ||
    state.alerts !== before.alerts || state.selection !== before.selection || state.alertsKnown !== before.alertsKnown ||
    (state.replay === null) !== (before.replay === null) || state.rights !== before.rights;
  if (changed || state.connection.problem !== before.connection.problem || state === before)
    alertList.show(state, nowMs());
});
store.subscribe((state, before) => {
  if (
    state.selection !== before.selection ||
    (state.replay === null) !== (before.replay === null) ||
    state.incidents !== before.incidents ||
    state.counts !== before.counts ||
    state.sensors !== before.sensors ||
    state.forces !== before.forces ||
    state.options !== before.options ||
    state.muteNames !== before.muteNames ||
    state.goodsCodes !== before.goodsCodes ||
    state.rights !== before.rights ||
    state === before
  )
    showPanel(state);
});
store.subscribe((state, before) => {
  if (state.selection !== before.selection || state.incidents !== before.incidents || state.replay !== before.replay || state.rights !== before.rights)
    followParts(state);
});
tabs.onOpen(() => showPanel(store.state));
setInterval(() => {
  statusBar.tick(live.state);
  alertList.tick(nowMs());
}, TICK_MS);
setInterval(() => {
  showPanel(store.state);
  followParts(store.state);
  queue.show(store.state, nowMs());
  press.after(() => showWorkload(live.state, liveClock.now(performance.now())));
  announcer.tick(live.state);
}, PANEL_TICK_MS);

const open = (tab: Tab) => () => tabs.focus(tab);
listenForKeys(
  {
    "?": () => help.open(),
    l: () => {
      tabs.open("alerts");
      if (listSwitch.shown === "incidents") queue.focusFirst();
      else alertList.focusFirst();
    },
    "/": () => goToBox.focus(),
    m: () => view?.focus(),
    d: open("details"),
    t: open("tracks"),
    s: open("sensors"),
    f: open("forces"),
    y: open("layers"),
    g: () => view?.measure(),
    v: () => view?.sight(),
    r: () => { if (live.state.rights.has("history")) void replay.open(); },
    j: () => replayBar.jump(-1),
    k: () => replay.play(replay.view?.playing !== true),
    n: () => replayBar.jump(1),
    b: () => replay.close(),
    w: () => looks.press(),
    ...Object.fromEntries(SHOWN.map((_, index) => [String(index + 1), () => pictures.press(index)])),
  },
  () => {
    if (view?.escape() !== true) select(null);
  },
);

const link = parseLink(location.search);
if (link.layers !== null) showOnly(link.layers);
if (link.selection !== null) select(link.selection);
if (link.atMs !== null) void replay.open(link.atMs);
const shareDialog = new ShareDialog(() => ({
  linked: {
    camera: view?.camera() ?? null,
    atMs: replay.view?.atMs ?? null,
    layers: view === null ? null : new Set(view.layersOn()),
    selection: store.state.selection,
  },
  bounds: view?.bounds() ?? null,
  untilMs: nowMs(),
}));

void sync.run();
loadMarkings()
  .then((markings) => markings !== null && live.update(() => ({ markings })))
  .catch((error: unknown) => console.error(error));
async function askWhoIAm(): Promise<void> {
  try {
    const person = await showPerson();
    const rights = person?.rights ?? NO_RIGHTS;
    hasLogin = person?.login === true;
    live.update(() => ({ rights }));
    shareDialog.allow(rights);
  } catch (error) {
    console.error(error);
  }
}
void askWhoIAm();
live.subscribe(({ connection }, before) => { // the server ends the stream of a person whose role has changed
  if (connection.phase === "open" && before.connection.phase === "lost") void askWhoIAm();
});

async function openMap(): Promise<void> {
  const { openMapView, openLayersPanel } = await import("./map/view.ts");
  const layersPanel = openLayersPanel((id, on) => view?.switched(id, on));
  store.subscribe((state, before) => {
    if (state.layers !== before.layers || state.sector !== before.sector || state === before) layersPanel.show(state);
  });
  theme.onChange(() => {
    view?.recolour();
    layersPanel.repaint();
    sync.repaint();
  });
  view = await openMapView({ store, clock, trails, start: link.camera, select });
}

openMap().catch((error: unknown) => {
  console.error(error);
  setData(part("map"), "state", "error");
  setText(part("map-problem"), say("page-map-failed"));
});
