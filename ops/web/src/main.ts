// The page: one state, kept equal to the server's, and the parts that show it.

import { ServerClock } from "./model/clock.ts";
import type { Alert } from "./model/records.ts";
import { INITIAL, type Selection } from "./model/state.ts";
import { Store } from "./model/store.ts";
import { Trails } from "./model/trails.ts";
import { acknowledge, reject } from "./net/actions.ts";
import { Sync } from "./net/sync.ts";
import { AlertList } from "./ui/alert_list.ts";
import { part, setData, setText } from "./ui/dom.ts";
import { RejectDialog } from "./ui/reject_dialog.ts";
import { Strip } from "./ui/strip.ts";

const TICK_MS = 250;

const store = new Store(INITIAL, (run) => setTimeout(run, 30));
const clock = new ServerClock();
const trails = new Trails();
const sync = new Sync(store, clock, trails);
const strip = new Strip(clock);
const rejectDialog = new RejectDialog((alert, reason) => reject(alert.id, reason));
const nowMs = (): number => clock.now(performance.now());

function select(selection: Selection | null): void {
  store.update(() => ({ selection }));
}

let flyTo: ((selection: Selection) => void) | null = null;

const alertList = new AlertList({
  select(alert: Alert) {
    select({ kind: "alert", id: alert.id });
    flyTo?.({ kind: "alert", id: alert.id });
  },
  acknowledge: (alert) => acknowledge(alert.id),
  reject: (alert) => rejectDialog.open(alert),
});

store.subscribe((state) => strip.show(state));
store.subscribe((state, before) => {
  const changed = state.alerts !== before.alerts || state.selection !== before.selection || state.alertsKnown !== before.alertsKnown;
  if (changed || state.connection.problem !== before.connection.problem || state === before) alertList.show(state, nowMs());
});
setInterval(() => {
  strip.tick(store.state);
  alertList.tick(nowMs());
}, TICK_MS);
void sync.run();

async function openMap(): Promise<void> {
  const { openMapView } = await import("./map/view.ts");
  const view = await openMapView(store, clock, trails, select);
  flyTo = view?.flyTo ?? null;
}
openMap().catch((error: unknown) => {
  console.error(error);
  setData(part("map"), "state", "error");
  setText(part("map-problem"), "The map could not be started. The alerts go on beside it.");
});
