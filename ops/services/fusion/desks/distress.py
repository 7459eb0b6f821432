"""Distress in the pipeline: calls of units, calls in messages that were refused, and active AIS distress devices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import isfinite
from typing import Final

import msgspec

from fusion.alerts import Alert, AlertSettings, AlertState, DistressCall, distress
from ingest.distress_calls import read_call
from ingest.help_call import HelpCall
from ingest.unit_messages import Position
from ops.journal.events import RefusedCall
from ops.journal.reader import JournalRow
from ops.releasability.decision import UNMARKED
from ops.sector.open_sector import OpenSector
from ops.services.fusion.checkpoint import DeviceHeard, Memory
from ops.services.fusion.desks.forces import ForcesDesk
from ops.services.fusion.desks.incidents import IncidentDesk
from ops.services.fusion.desks.markings import MarkingDesk
from sensors.timestamps import HOUR_NS, MINUTE_NS, nanoseconds, utc_datetime

SILENT_NS: Final = 30 * MINUTE_NS
AGAIN_NS: Final = 6 * HOUR_NS
"""A device whose call a person has ended calls again after it was silent for ``SILENT_NS``, or this long after its
call and the end of it: it sends for days, and those who found the people must be able to end its alarm."""
NEWER_NS: Final = 5 * MINUTE_NS
"""A report that was delayed does not move a device back while newer positions come at most this far apart."""
BELIEVED_NS: Final = 24 * HOUR_NS
"""An older time is taken for that of a wrong clock: it is shown, and the call is compared by its receipt."""
MOST_OPEN: Final = 100
"""Number of open calls of devices that are stated one by one: AIS is not signed, so anyone can invent devices."""
MOST_REMEMBERED: Final = 1_000
FURTHER: Final = "AIS 97x"
"""Name under which further devices are stated together, by the first digits of their identities."""
ENDED: Final = "distress device: ended by a person"
"""Counts calls of devices that are not raised, because a person has ended the call of this device."""
NEAR_M: Final = 20_000.0
"""Distance from the border from which a call is not said to be at one of its segments."""
Changed = tuple[AlertState, tuple[Alert, ...]]


class DistressDesk:
    """Raises the alerts of distress calls; ``memory`` has what is known of devices, and counts those not raised."""

    def __init__(
        self,
        memory: Memory,
        settings: AlertSettings,
        ground: OpenSector,
        *,
        forces: ForcesDesk,
        incidents: IncidentDesk,
        marking: MarkingDesk,
    ) -> None:
        self._devices, self._counts = memory.devices, memory.unusable
        self._settings, self._ground = settings, ground
        self._forces, self._incidents, self._marking = forces, incidents, marking

    def take_position(self, state: AlertState, position: Position, observed_ns: int, now_ns: int) -> Changed:
        """Raise the call in a unit's position message."""
        place = (position.lon, position.lat)
        call = self._call_of(position.unit, observed_ns, place, position.note)
        return self._raise(state, call, now_ns)

    def take_refused(self, state: AlertState, row: JournalRow, now_ns: int) -> tuple[Changed, Position | None]:
        """Raise the call in a message that was refused; without a position, at the last known one of its unit.

        Returns also the position of a unit that the message states.
        """
        refused = msgspec.json.decode(row.body, type=RefusedCall)
        said, observed_ns = refused.call, _observed_ns(refused.call, row)
        place = _place_in(said)
        if said.device:
            return self._take_device(state, said, row, now_ns), None
        known = None if place is not None else self._forces.last_position(row.sensor)
        last = None if known is None else (known.lon, known.lat)
        call = self._call_of(row.sensor, observed_ns, place or last, said.note)
        placed_ns = 0 if known is None else known.observed_ns
        call = replace(call, refused=refused.code, last_known=place is None, placed_ns=placed_ns)
        changed = self._raise(state, call, now_ns)
        if place is None:
            self._forces.take_distress(row.sensor, observed_ns, said.note)
            return changed, None
        at = utc_datetime(observed_ns)
        return changed, Position(row.sensor, 0, 0, at, *place, distress=True, note=said.note)

    def take_scan(self, state: AlertState, row: JournalRow, now_ns: int) -> Changed:
        """Raise the call of a distress device that is the target of an AIS report."""
        said = read_call(row.body, row.kind, row.content_type, utc_datetime(row.received_ns))
        return (state, ()) if said is None else self._take_device(state, said, row, now_ns)

    def note_ends(self, changed: Iterable[Alert]) -> None:
        """Keep when the calls of devices were ended, of which the alerts are forgotten sooner than the devices."""
        ended = {one.id: nanoseconds(one.updated_at) for one in changed if one.rule == "distress" and not one.is_open}
        for device in self._devices.values() if ended else ():
            if device.called_ns and device.alert in ended:
                device.ended_ns = ended[device.alert]

    def settle_held(self, state: AlertState, now_ns: int) -> Changed:
        """Let closings take effect of which a call that still waits to be stated was not known."""
        changed: tuple[Alert, ...] = ()
        for unit in sorted({call.unit for call in state.held_calls.values()}):
            state, settled = self._incidents.settle_distress(state, unit, now_ns)
            changed += settled
        return state, changed

    def _take_device(self, state: AlertState, said: HelpCall, row: JournalRow, now_ns: int) -> Changed:
        """Raise or revise the call of a device, unless a person has ended it; of receivers of the layout only."""
        if row.sensor not in self._ground.layout:
            return state, ()
        observed_ns = _observed_ns(said, row)
        compared_ns = observed_ns if row.received_ns - observed_ns <= BELIEVED_NS else row.received_ns
        calls = _open_calls(state)
        device = self._hear(state, said.caller, calls, now_ns)
        stated = self._fix_in(said)
        if stated is not None and not _place(device, stated, compared_ns, now_ns, last_known=said.last_known):
            return state, ()
        if said.caller not in calls and self._is_ended(state, device, compared_ns, now_ns):
            self._counts[ENDED] = self._counts.get(ENDED, 0) + 1
            return state, ()
        call = replace(
            self._call_of(said.caller, observed_ns, device.place, said.note),
            last_known=device.place is not None and (stated is None or said.last_known),
            placed_ns=device.fixed_ns,
            device=said.device,
            receiver=row.sensor if self._marking.of_sensor(row.sensor) == UNMARKED else "",
        )
        before: tuple[Alert, ...] = ()
        if said.caller not in calls and len(calls.keys() - {FURTHER}) >= MOST_OPEN:
            state, call, before = self._among_others(state, call, calls.get(FURTHER, ""), now_ns)
        state, changed = self._state(state, call, now_ns)
        self._note_call(device, call, _open_calls(state)[call.unit], changed, now_ns)
        self._marking.take(before + changed, self._incidents.book.incidents)
        return state, before + changed

    def _among_others(
        self, state: AlertState, call: DistressCall, shared: str, now_ns: int
    ) -> tuple[AlertState, DistressCall, tuple[Alert, ...]]:
        """Return the call as one of further devices, of which ``shared`` is the open alert, if there is one.

        A closing of it of which this device was not known takes effect first.
        """
        settled: tuple[Alert, ...] = ()
        if self._devices[call.unit].alert != shared:
            state, settled = self._incidents.settle_distress(state, FURTHER, now_ns)
            shared = _open_calls(state).get(FURTHER, "")
        others = [name for name, one in reversed(self._devices.items()) if shared and one.alert == shared]
        names = dict.fromkeys((call.unit, *others))
        return state, replace(call, unit=FURTHER, together=tuple(names)), settled

    def _hear(self, state: AlertState, name: str, calls: Mapping[str, str], now_ns: int) -> DeviceHeard:
        """Return what is known of a device that is heard now; of one that was silent only what it must not repeat.

        ``calls``: the alerts of open calls by name, of which the devices are not forgotten.
        """
        devices = self._devices
        known = devices.pop(name, None) or DeviceHeard()
        alert = state.alerts.get(known.alert)
        is_over = name not in calls and (alert is None or not alert.is_open)
        if is_over and now_ns - known.heard_ns >= SILENT_NS:
            known = DeviceHeard(ended_ns=known.ended_ns)
        known.heard_ns = now_ns
        while len(devices) >= MOST_REMEMBERED:
            del devices[next(one for one in devices if one not in calls)]
        devices[name] = known
        return known

    def _is_ended(self, state: AlertState, device: DeviceHeard, compared_ns: int, now_ns: int) -> bool:
        """Whether a person has ended the call of a device that still sends, or sent this report before the end."""
        alert = state.alerts.get(device.alert)
        if alert is not None and alert.is_open:
            return False
        if compared_ns <= device.ended_ns:
            return True
        if not device.called_ns or now_ns - max(device.called_ns, device.ended_ns) >= AGAIN_NS:
            return False
        device.incident = self._incidents.book.incident_of(device.alert) or device.incident  # it may have been merged
        found = self._incidents.book.incidents.get(device.incident)
        if found is None or found.state == "closed":
            return True
        reopened = [step for step in found.transitions if step.action == "reopen"]
        return all(nanoseconds(step.at) < device.ended_ns for step in reopened)

    def _note_call(
        self, device: DeviceHeard, call: DistressCall, alert: str, changed: tuple[Alert, ...], now_ns: int
    ) -> None:
        """Keep which alert is that of the device, and which devices it names from now on, if it was revised."""
        if device.alert != alert:
            device.alert, device.called_ns = alert, 0
        device.incident = self._incidents.book.incident_of(alert) or ""
        if any(one.id == alert for one in changed):
            for one in map(self._devices.__getitem__, call.together) if call.together else (device,):
                one.called_ns = one.called_ns or now_ns

    def _fix_in(self, said: HelpCall) -> tuple[float, float] | None:
        """The position that a device states; None for one beyond the projection, as the 0, 0 of one without a fix."""
        place = _place_in(said)
        if place is None:
            return None
        return place if all(map(isfinite, self._ground.layout.frame.to_local(*place))) else None

    def _raise(self, state: AlertState, call: DistressCall, now_ns: int) -> Changed:
        state, settled = self._incidents.settle_distress(state, call.unit, now_ns)
        state, changed = self._state(state, call, now_ns)
        self._marking.take(settled + changed, self._incidents.book.incidents)
        return state, settled + changed

    def _state(self, state: AlertState, call: DistressCall, now_ns: int) -> Changed:
        context = self._forces.context
        state, changed = distress(state, call, now_ns=now_ns, settings=self._settings, context=context)
        self._incidents.take_alerts(state, changed, now_ns)
        return state, changed

    def _call_of(self, unit: str, observed_ns: int, place: tuple[float, float] | None, note: str) -> DistressCall:
        """The call of a unit at a ``place`` (longitude, latitude), with its position beside the border."""
        if place is None:
            return DistressCall(unit, observed_ns, None, None, "", note)
        lon, lat = place
        easting, northing = (float(part) for part in self._ground.layout.frame.to_local(lon, lat))
        call = DistressCall(unit, observed_ns, easting, northing, f"{lat:.5f}, {lon:.5f}", note)
        if not isfinite(easting + northing):  # beyond the projection
            return replace(call, easting=None, northing=None)
        if self._ground.border is None:
            return call
        located = self._ground.border.locate(easting, northing)
        segment, chainage, offset = int(located[0]), float(located[1]), float(located[2])
        if segment < 0 or abs(offset) > NEAR_M:
            return call
        return replace(call, segment=segment, chainage_m=chainage, offset_m=offset)


def _open_calls(state: AlertState) -> dict[str, str]:
    """The alerts of open calls of devices, by name: unlike units, they have a blank in their name."""
    return {
        one.unit: one.id
        for one in state.alerts.values()
        if one.rule == "distress" and one.is_open and one.unit is not None and " " in one.unit
    }


def _place(
    device: DeviceHeard, stated: tuple[float, float], compared_ns: int, now_ns: int, *, last_known: bool
) -> bool:
    """Take the position that a device states; whether it was taken: a delayed one must not move the call back."""
    is_delayed = device.place is not None and compared_ns < device.placed_ns
    if is_delayed and now_ns - device.received_ns < NEWER_NS:
        return False
    if not last_known:
        device.fixed_ns = compared_ns
    elif stated != device.place:
        device.fixed_ns = 0
    device.place, device.placed_ns, device.received_ns = stated, compared_ns, now_ns
    return True


def _place_in(said: HelpCall) -> tuple[float, float] | None:
    return None if said.lon is None or said.lat is None else (said.lon, said.lat)


def _observed_ns(said: HelpCall, row: JournalRow) -> int:
    """When it called: not after the receipt."""
    return row.received_ns if said.observed_at is None else min(nanoseconds(said.observed_at), row.received_ns)
