"""Distress in the pipeline: calls of units, calls in messages that were refused, and active AIS distress devices."""

from __future__ import annotations

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
from ops.sector.open_sector import OpenSector
from ops.services.fusion.checkpoint import DeviceHeard, Memory
from ops.services.fusion.desks.forces import ForcesDesk
from ops.services.fusion.desks.incidents import IncidentDesk
from ops.services.fusion.desks.markings import MarkingDesk
from sensors.timestamps import HOUR_NS, MINUTE_NS, nanoseconds, utc_datetime

SILENT_NS: Final = 30 * MINUTE_NS
AGAIN_NS: Final = 6 * HOUR_NS
"""A device whose call a person has ended calls again after it was silent for ``SILENT_NS``, or this long after its
call: it sends for days, and those who found the people must be able to end its alarm."""
MOST_OPEN: Final = 100
"""Number of open calls of devices that are stated one by one: AIS is not signed, so anyone can invent devices."""
MOST_REMEMBERED: Final = 1_000
FURTHER: Final = "AIS further"
"""Name under which further devices are stated together."""
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
        return self._raise(state, self._call_of(position.unit, observed_ns, place, position.note), now_ns)

    def take_refused(self, state: AlertState, row: JournalRow, now_ns: int) -> tuple[Changed, Position | None]:
        """Raise the call in a message that was refused; without a position, at the last known one of its unit.

        Returns also the position of a unit that the message states.
        """
        refused = msgspec.json.decode(row.body, type=RefusedCall)
        said, observed_ns = refused.call, _observed_ns(refused.call, row)
        place = _place_in(said)
        if said.device:
            return self._take_device(state, said, row, now_ns), None
        call = self._call_of(row.sensor, observed_ns, place or self._forces.place_of(row.sensor), said.note)
        changed = self._raise(state, replace(call, refused=refused.code, last_known=place is None), now_ns)
        if place is None:
            self._forces.take_distress(row.sensor, observed_ns, said.note)
            return changed, None
        at = utc_datetime(observed_ns)
        return changed, Position(row.sensor, 0, 0, at, *place, distress=True, note=said.note)

    def take_scan(self, state: AlertState, row: JournalRow, now_ns: int) -> Changed:
        """Raise the call of a distress device that is the target of an AIS report."""
        said = read_call(row.body, row.kind, row.content_type, utc_datetime(row.received_ns))
        return (state, ()) if said is None else self._take_device(state, said, row, now_ns)

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
        stated, observed_ns = _place_in(said), _observed_ns(said, row)
        device = self._hear(said.caller, now_ns)
        if stated is not None:
            if observed_ns < device.placed_ns:
                return state, ()  # a delayed report must not move the call back
            device.place, device.placed_ns = stated, observed_ns
        call = self._call_of(said.caller, observed_ns, device.place, said.note)
        call = replace(call, device=said.device, last_known=stated is None and device.place is not None)
        own = _calls_of(state, said.caller)
        if not any(one.is_open for one in own) and self._open_devices(state) >= MOST_OPEN:
            call = replace(call, unit=FURTHER, device=FURTHER, note=said.caller)
            device, own = self._hear(FURTHER, now_ns), _calls_of(state, FURTHER)
        if not any(one.is_open for one in own):
            if self._is_ended(own, device, observed_ns, now_ns):
                self._counts[ENDED] = self._counts.get(ENDED, 0) + 1
                return state, ()
            device.called_ns = now_ns
        state, changed = self._state(state, call, now_ns)
        self._marking.take(changed, self._incidents.book.incidents)
        return state, changed

    def _hear(self, name: str, now_ns: int) -> DeviceHeard:
        """Return what is known of a device that is heard now; nothing if it was silent before."""
        devices = self._devices
        known = devices.pop(name, None)
        if known is None or now_ns - known.heard_ns >= SILENT_NS:
            known = DeviceHeard()
        known.heard_ns = now_ns
        while len(devices) >= MOST_REMEMBERED:
            del devices[next(iter(devices))]
        devices[name] = known
        return known

    def _is_ended(self, own: list[Alert], device: DeviceHeard, observed_ns: int, now_ns: int) -> bool:
        """Whether a person has ended the call of a device that still sends; of its ``own`` alerts none is open."""
        newest = max(own, key=lambda one: one.raised_at, default=None)
        if newest is not None and observed_ns <= nanoseconds(newest.updated_at):
            return True  # a report from before the end that was delayed
        if not device.called_ns or now_ns - device.called_ns >= AGAIN_NS:
            return False
        incident = None if newest is None else self._incidents.book.incident_of(newest.id)
        found = None if incident is None else self._incidents.book.incidents.get(incident)
        if found is None or found.state == "closed":
            return True
        reopened = [step for step in found.transitions if step.action == "reopen"]
        return all(nanoseconds(step.at) < device.called_ns for step in reopened)

    def _open_devices(self, state: AlertState) -> int:
        """Number of open calls of devices: unlike units, they have a blank in their name."""
        return sum(one.is_open for one in state.alerts.values() if one.rule == "distress" and " " in (one.unit or ""))

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
        if not isfinite(easting + northing):  # beyond the projection, such as 0, 0 of a device without a fix
            return replace(call, easting=None, northing=None)
        if self._ground.border is None:
            return call
        located = self._ground.border.locate(easting, northing)
        segment, chainage, offset = int(located[0]), float(located[1]), float(located[2])
        if segment < 0 or abs(offset) > NEAR_M:
            return call
        return replace(call, segment=segment, chainage_m=chainage, offset_m=offset)


def _calls_of(state: AlertState, name: str) -> list[Alert]:
    """The distress alerts of a unit or a device."""
    return [one for one in state.alerts.values() if (one.rule, one.unit) == ("distress", name)]


def _place_in(said: HelpCall) -> tuple[float, float] | None:
    return None if said.lon is None or said.lat is None else (said.lon, said.lat)


def _observed_ns(said: HelpCall, row: JournalRow) -> int:
    """When it called: not after the receipt."""
    return row.received_ns if said.observed_at is None else min(nanoseconds(said.observed_at), row.received_ns)
