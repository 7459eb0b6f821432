"""The desk of cueing: asks cameras to look at incidents, and brings what becomes of it into the journal.

A look is an action on an incident. First its request is in the journal, then the camera is asked, and every further
state is an action too. So a desk that was killed finds in the store what it had begun, and continues.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec

from geo.errors import WatchlineError
from ingest.standards.sapient.outgoing import ulid
from ingest.unit_messages import Reply, StatedLook
from ops.broker.identities import UNIT
from ops.incidents.looks import AUTOMATIC, ENDED, LOOK_STATES
from ops.sector.setting_tables.cue import PRIORITIES, CueSettings
from ops.services.cue.drivers import CameraDriver, CannotLook, Direction, LookOutcome
from ops.services.cue.options import options_of, steerable
from ops.services.cue.rules import HOUR_NS, is_recent, may_turn, wants_look, wants_next
from ops.store.connections import StoreError
from ops.store.incidents import IncidentReader, IncidentRow
from ops.store.rows import time_ns
from sensors.cueing import LookOption, SteerableCamera
from sensors.cueing.ranking import SightOf
from sensors.timestamps import SECOND_NS, utc_datetime

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 0.5
AGAIN_S: Final = 5.0
"""Interval at which cameras are sought for an incident for which there was none."""
NEVER_NS: Final = 2**62
URGENCY: Final = {priority: order for order, priority in enumerate(PRIORITIES)}
MOST_INCIDENTS: Final = 300
CURRENT_S: Final = 30.0
"""Largest age of the live picture for which the rule asks: while fusion computes a journal again, its incidents are
past ones, and their looks are further on in the journal."""


class Replies(Protocol):
    """Sends actions to the journal."""

    def send_reply(self, reply: Reply) -> object:
        """Store an action and send it until the journal has it."""


class CueDesk:
    """Options for people, the rule, and the looks that are under way. Any thread may ask for options."""

    def __init__(
        self,
        settings: CueSettings,
        layout: Mapping[str, Any],
        reader: IncidentReader,
        driver: CameraDriver,
        replies: Replies,
        *,
        now_ns: Callable[[], int],
        current_s: float = CURRENT_S,
        sight: SightOf | None = None,
    ) -> None:
        self._settings, self._layout, self._reader = settings, layout, reader
        self._driver, self._replies, self._now_ns = driver, replies, now_ns
        self._current_ns = round(current_s * SECOND_NS)
        self._sight = sight
        self._seen_event, self._under_way, self._again_ns = -1, False, NEVER_NS
        self._asked: dict[tuple[str, str], tuple[str, int]] = {}
        """By incident and look the state that this desk has sent to the journal, and when; the store may not have it
        yet. ``>`` behind the failed look, or alone, stands for the look that the rule asked for."""
        self._turned: dict[str, dict[str, Any]] = {}
        """The looks of the last hour that the rule of this desk asked for."""

    def run(self, stop: threading.Event) -> None:
        """Look after looks until ``stop``."""
        while not stop.wait(LOOK_EVERY_S):
            try:
                self.look()
            except (StoreError, WatchlineError) as error:
                log.warning("Cueing: %s", error)

    def options(self, row: IncidentRow) -> list[LookOption]:
        """Return the connected cameras that can look at an incident now, the soonest first."""
        return self._options(row, self._cameras(self._newest()), self._live("tracks"))

    def _options(
        self, row: IncidentRow, cameras: Sequence[SteerableCamera], tracks: Sequence[Mapping[str, Any]]
    ) -> list[LookOption]:
        incident = msgspec.json.decode(row.body)
        found = options_of(incident, tracks, _lead_of(row), cameras, self._sight)
        return [one for one in found if self._driver.reaches(one.camera)]

    def _cameras(self, incidents: Sequence[Mapping[str, Any]]) -> list[SteerableCamera]:
        """The cameras where they stand and look now."""
        return steerable(self._layout, self._settings, _pointing(incidents), self._live("sensors"))

    def look(self) -> None:
        """Ask cameras for the looks that are requested, take their answers, and apply the rule."""
        event = self._reader.last_event()
        if event == self._seen_event and not self._under_way and self._now_ns() < self._again_ns:
            return
        self._again_ns = NEVER_NS
        incidents = self._newest()
        pending = {
            (incident["id"], look["id"]): (incident, look)
            for incident in incidents
            if not incident["merged_into"]  # its looks are continued in the other incident
            for look in incident.get("looks", ())
            if look["state"] not in ENDED
        }
        for incident, look in pending.values():
            self._follow(incident, look)
        is_current = self._is_current()
        if is_current:
            self._apply_rule(incidents)
        hour_ago_ns = self._now_ns() - HOUR_NS
        self._asked = {name: one for name, one in self._asked.items() if name in pending or one[1] > hour_ago_ns}
        self._under_way = any(self._asked.get(name, ("", 0))[0] not in ENDED for name in pending)
        self._seen_event = event if is_current or not self._settings.automatic else -1

    def _follow(self, incident: Mapping[str, Any], look: Mapping[str, Any]) -> None:
        now_ns, state = self._now_ns(), look["state"]
        is_late = now_ns - time_ns(look["at"], where="looks") > self._settings.answer_s * SECOND_NS
        if state == "requested" and not is_late:
            try:
                self._driver.start(
                    look["id"], look["camera"], Direction(look["azimuth_deg"], look.get("elevation_deg")), now_ns
                )
            except CannotLook as error:
                self._state(incident, look, LookOutcome("failed", error.code))
                return
        outcome = self._driver.outcome(look["id"])
        is_over = outcome is not None and outcome.state in ENDED
        if is_late and not is_over:
            self._driver.withdraw(look["id"])
            outcome = LookOutcome("failed", "no_answer")
        if outcome is not None and LOOK_STATES.index(outcome.state) > LOOK_STATES.index(state):
            self._state(incident, look, outcome)

    def _state(self, incident: Mapping[str, Any], look: Mapping[str, Any], outcome: LookOutcome) -> None:
        """Send the next state of a look to the journal, once."""
        if self._asked.get((incident["id"], look["id"]), ("", 0))[0] == outcome.state:
            return
        state: Any = outcome.state
        code: Any = outcome.code
        stated = StatedLook(
            look["id"], look["camera"], look["azimuth_deg"], look["slew_s"], state, code,
            look.get("elevation_deg"), outcome.still,
        )  # fmt: skip
        self._send(incident, stated, action_id=f"{stated.look}.{stated.state}.{incident['id']}")

    def _send(self, incident: Mapping[str, Any], stated: StatedLook, *, action_id: str) -> None:
        now_ns = self._now_ns()
        self._replies.send_reply(
            Reply(
                UNIT, 1, 1, utc_datetime(now_ns), "look", incident["lead"], AUTOMATIC, incident=incident["id"],
                action_id=action_id, look=stated,
            )
        )  # fmt: skip
        self._asked[incident["id"], stated.look] = stated.state, now_ns

    def _apply_rule(self, incidents: Sequence[Mapping[str, Any]]) -> None:
        now_ns = self._now_ns()
        self._turned = {name: one for name, one in self._turned.items() if now_ns - one["at_ns"] < HOUR_NS}
        known = self._turned | {
            look["id"]: {"camera": look["camera"], "by": look["by"], "at_ns": time_ns(look["at"], where="looks")}
            for incident in incidents
            for look in incident.get("looks", ())
        }
        cameras: list[SteerableCamera] | None = None
        tracks: list[dict[str, Any]] = []
        for incident in sorted(incidents, key=lambda one: URGENCY.get(one["priority"], len(URGENCY))):
            failed = wants_next(incident, self._settings, now_ns)
            first = failed is None and wants_look(incident, self._settings)
            # one id for each reason to ask: a desk that is killed here asks again, and the action is applied once
            reason = "" if failed is None else failed["id"]
            if not (first or failed) or (incident["id"], f"{reason}>") in self._asked:
                continue
            if cameras is None:  # read once for all incidents
                cameras, tracks = self._cameras(incidents), self._live("tracks")
            row = self._reader.incident(incident["id"])
            if first and not is_recent(incident, tracks, _lead_of(row), now_ns, self._settings):
                continue
            tried = {look["camera"] for look in incident.get("looks", ()) if look["state"] != "done"}
            free = [] if row is None else [
                one
                for one in self._options(row, cameras, tracks)
                if one.camera not in tried and may_turn(one.camera, known.values(), now_ns, self._settings)
            ]  # fmt: skip
            if not free:
                self._again_ns = now_ns + round(AGAIN_S * SECOND_NS)  # the target or the cameras move on
                continue
            stated = requested(free[0], now_ns)
            self._send(incident, stated, action_id=f"{incident['id']}.{AUTOMATIC}{reason and '.'}{reason}")
            self._asked[incident["id"], f"{reason}>"] = "requested", now_ns
            known[stated.look] = self._turned[stated.look] = {
                "camera": stated.camera, "by": AUTOMATIC, "at_ns": now_ns,
            }  # fmt: skip

    def _is_current(self) -> bool:
        """Whether the live picture is of now."""
        live = self._reader.live("tracks")
        return live is not None and self._now_ns() - live.stamp_ns <= self._current_ns

    def _newest(self) -> list[dict[str, Any]]:
        """The incidents that are not closed, and the latest of the others."""
        return [msgspec.json.decode(row.body) for row in self._reader.incidents(limit=MOST_INCIDENTS)[1]]

    def _live(self, part: str) -> list[dict[str, Any]]:
        live = self._reader.live(part)
        found: list[dict[str, Any]] = [] if live is None else msgspec.json.decode(live.body)
        return found


def _lead_of(row: IncidentRow | None) -> dict[str, Any] | None:
    return None if row is None or row.lead is None else msgspec.json.decode(row.lead)


def _pointing(incidents: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Where each camera was turned last."""
    looks = [look for incident in incidents for look in incident.get("looks", ())]
    in_order = sorted(looks, key=lambda one: time_ns(one["at"], where="looks"))
    done = (look for look in in_order if look["state"] not in ("refused", "failed"))
    return {look["camera"]: float(look["azimuth_deg"]) for look in done}


def requested(option: LookOption, now_ns: int) -> StatedLook:
    """The request for a look, under a new id: a ULID, as SAPIENT requires of tasks."""
    name = ulid(now_ns // 1_000_000, secrets.token_bytes(10))
    elevation = None if option.elevation_deg is None else round(option.elevation_deg, 2)
    azimuth, slew_s = round(option.azimuth_deg, 2) % 360.0, round(option.slew_s, 2)
    return StatedLook(name, option.camera, azimuth, slew_s, "requested", elevation_deg=elevation)
