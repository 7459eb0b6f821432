// The page: one state, kept equal to the server's, and the parts that show it.

import { ServerClock } from "./model/clock.ts";
import { INITIAL, type Selection, type State } from "./model/state.ts";
import { Store } from "./model/store.ts";
import { Trails } from "./model/trails.ts";
import { acknowledge, clear, reject } from "./net/actions.ts";
import { Sync } from "./net/sync.ts";
import type { MapView } from "./map/view.ts";
import { AlertList } from "./panels/alert_list.ts";
import { Announcer } from "./ui/announcer.ts";
import { DetailsPanel } from "./panels/details.ts";
import { part, setData, setText } from "./ui/dom.ts";
import { Help } from "./panels/help.ts";
import { listenForKeys } from "./ui/keys.ts";
import { RejectDialog } from "./panels/reject_dialog.ts";
import { SensorsPanel } from "./panels/sensors_panel.ts";
import { Sound } from "./ui/sound.ts";
import { StatusBar } from "./panels/status_bar.ts";
import { Tabs, type Tab } from "./panels/tabs.ts";
import { Theme } from "./ui/theme.ts";
import { TracksPanel } from "./panels/tracks_panel.ts";

const TICK_MS = 250;
const PANEL_TICK_MS = 1000;

const theme = new Theme();
const store = new Store(INITIAL, (run) => setTimeout(run, 30));
const clock = new ServerClock();
const trails = new Trails();
const sync = new Sync(store, clock, trails, () => theme.palette);
const tabs = new Tabs();
const help = new Help();
const statusBar = new StatusBar(clock);
const announcer = new Announcer(new Sound());
const rejectDialog = new RejectDialog((alert, reason) => reject(alert.id, reason));
const nowMs = (): number => clock.now(performance.now());
let view: MapView | null = null;

function select(selection: Selection | null): void {
  store.update(() => ({ selection }));
  if (selection !== null && !tabs.isNarrow) tabs.open("details");
}

function selectAndFly(selection: Selection): void {
  select(selection);
  view?.flyTo(selection);
}

const alertActions = {
  acknowledge: (alert: { readonly id: string }) => acknowledge(alert.id),
  clear: (alert: { readonly id: string }) => clear(alert.id),
  reject: rejectDialog.open.bind(rejectDialog),
};
const alertList = new AlertList({ ...alertActions, select: ({ id }) => selectAndFly({ kind: "alert", id }) });
const panels = {
  details: new DetailsPanel({ ...alertActions, select, fly: (selection) => view?.flyTo(selection) }),
  tracks: new TracksPanel((id) => selectAndFly({ kind: "track", id })),
  sensors: new SensorsPanel((id) => selectAndFly({ kind: "sensor", id })),
};

function showPanel(state: State): void {
  const tab = tabs.tab;
  if (tab in panels) panels[tab as keyof typeof panels].show(state, nowMs());
}

store.subscribe((state, before) => {
  statusBar.show(state);
  announcer.hear(state, before);
});
store.subscribe((state, before) => {
  const changed =
    state.alerts !== before.alerts || state.selection !== before.selection || state.alertsKnown !== before.alertsKnown;
  if (changed || state.connection.problem !== before.connection.problem || state === before)
    alertList.show(state, nowMs());
});
store.subscribe((state, before) => {
  if (
    state.selection !== before.selection ||
    state.counts !== before.counts ||
    state.sensors !== before.sensors ||
    state === before
  )
    showPanel(state);
});
tabs.onOpen(() => showPanel(store.state));
setInterval(() => {
  statusBar.tick(store.state);
  alertList.tick(nowMs());
}, TICK_MS);
setInterval(() => showPanel(store.state), PANEL_TICK_MS);

const open = (tab: Tab) => () => tabs.focus(tab);
listenForKeys(
  {
    "?": () => help.open(),
    l: () => {
      tabs.open("alerts");
      alertList.focusFirst();
    },
    m: () => view?.focus(),
    d: open("details"),
    t: open("tracks"),
    s: open("sensors"),
    y: open("layers"),
    g: () => view?.measure(),
    v: () => view?.sight(),
  },
  () => {
    if (view?.escape() !== true) select(null);
  },
);

void sync.run();

async function openMap(): Promise<void> {
  const { openMapView, openLayersPanel } = await import("./map/view.ts");
  const layersPanel = openLayersPanel((id, on) => view?.switched(id, on));
  store.subscribe((state, before) => {
    if (state.layers !== before.layers || state === before) layersPanel.show(state);
  });
  theme.onChange(() => {
    view?.recolour();
    layersPanel.repaint();
    sync.repaint();
  });
  view = await openMapView({ store, clock, trails, select });
}

openMap().catch((error: unknown) => {
  console.error(error);
  setData(part("map"), "state", "error");
  setText(part("map-problem"), "The map could not be started. Alerts, tracks and sensors are listed all the same.");
});
