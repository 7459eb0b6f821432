"""Distress in the pipeline: calls of units, calls in messages that were refused, and active AIS distress devices."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import Final

import msgspec

from fusion.alerts import Alert, AlertSettings, AlertState, DistressCall, distress
from geo.errors import BadInput
from ingest.distress_calls import read_call
from ingest.help_call import HelpCall
from ingest.unit_messages import Position
from ops.journal.events import RefusedCall
from ops.journal.reader import JournalRow
from ops.sector.open_sector import OpenSector
from ops.services.fusion.desks.forces import ForcesDesk
from ops.services.fusion.desks.incidents import IncidentDesk
from ops.services.fusion.desks.markings import MarkingDesk
from sensors.timestamps import MINUTE_NS, nanoseconds, utc_datetime

DEVICE_SILENT_NS: Final = 30 * MINUTE_NS
"""A device whose call a person has ended calls again only after it was silent for this time: it sends for days."""
MOST_DEVICES: Final = 100
"""Number of devices heard within that time whose calls are raised: AIS is not signed, so anyone can invent devices."""
Changed = tuple[AlertState, tuple[Alert, ...]]


class DistressDesk:
    """Raises the alerts of distress calls. ``heard_ns``: when each AIS distress device was last heard."""

    def __init__(
        self,
        heard_ns: dict[str, int],
        settings: AlertSettings,
        ground: OpenSector,
        *,
        forces: ForcesDesk,
        incidents: IncidentDesk,
        marking: MarkingDesk,
    ) -> None:
        self._heard_ns, self._settings, self._ground = heard_ns, settings, ground
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
        name, heard_ns = said.caller, self._heard_ns
        for other in [one for one, at_ns in heard_ns.items() if now_ns - at_ns >= DEVICE_SILENT_NS]:
            del heard_ns[other]
        known = name in heard_ns
        if not known and len(heard_ns) >= MOST_DEVICES:
            expected = f"at most {MOST_DEVICES} distress devices at a time"
            raise BadInput("one distress device too many", where=name, expected=expected)
        heard_ns[name] = now_ns
        is_open = any((one.rule, one.unit) == ("distress", name) and one.is_open for one in state.alerts.values())
        if known and not is_open:
            return state, ()
        call = replace(self._call_of(name, _observed_ns(said, row), _place_in(said), said.note), device=said.device)
        return self._state(state, call, now_ns)

    def _raise(self, state: AlertState, call: DistressCall, now_ns: int) -> Changed:
        state, settled = self._incidents.settle_distress(state, call.unit, now_ns)
        state, changed = self._state(state, call, now_ns)
        self._marking.take(settled, self._incidents.book.incidents)
        return state, settled + changed

    def _state(self, state: AlertState, call: DistressCall, now_ns: int) -> Changed:
        context = self._forces.context
        state, changed = distress(state, call, now_ns=now_ns, settings=self._settings, context=context)
        self._incidents.take_alerts(state, changed, now_ns)
        self._marking.take(changed, self._incidents.book.incidents)
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
        if segment < 0:
            return call
        return replace(call, segment=segment, chainage_m=chainage, offset_m=offset)


def _place_in(said: HelpCall) -> tuple[float, float] | None:
    return None if said.lon is None or said.lat is None else (said.lon, said.lat)


def _observed_ns(said: HelpCall, row: JournalRow) -> int:
    """When it called: not after the receipt."""
    return row.received_ns if said.observed_at is None else min(nanoseconds(said.observed_at), row.received_ns)
